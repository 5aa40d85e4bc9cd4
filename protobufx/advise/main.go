// Command advise tells which encoding is smallest for given messages, on the way
// to clients and on the way through Lambda:
//
//	protoc --include_imports --descriptor_set_out=set.pb person.proto
//	go run github.com/lambdatune/lambdatune/protobufx/advise -descriptors set.pb -message person.Person sample.json other.pb
//
// A sample is one message, in JSON where its name ends in .json and in protobuf
// elsewhere. It exits with 1 where a sample cannot be read.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/lambdatune/lambdatune/protobufx"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "advise:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("advise", flag.ContinueOnError)
	descriptors := flags.String("descriptors", "", "`file` that protoc --include_imports --descriptor_set_out wrote")
	message := flags.String("message", "", "full `name` of the samples' message, as person.Person")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *descriptors == "" || *message == "" || flags.NArg() == 0 {
		flags.Usage()
		return errors.New("-descriptors, -message and at least one sample are needed")
	}
	md, err := find(*descriptors, *message)
	if err != nil {
		return err
	}
	for _, file := range flags.Args() {
		m := dynamicpb.NewMessage(md)
		if err := read(file, m); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		a, err := protobufx.Advise(m, protobufx.JSON(pbjson.Format{}))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		fmt.Fprintf(out, "%s: %v\n", file, a)
	}
	return nil
}

// find returns the message type of that name.
func find(file, name string) (protoreflect.MessageDescriptor, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(b, &set); err != nil {
		return nil, fmt.Errorf("%s is no descriptor set: %w", file, err)
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	d, err := files.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil, fmt.Errorf("%s has no message %s", file, name)
	}
	md, ok := d.(protoreflect.MessageDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s is not a message", name)
	}
	return md, nil
}

func read(file string, m proto.Message) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if strings.HasSuffix(file, ".json") {
		return pbjson.Format{}.Unmarshal(b, m, false)
	}
	return proto.Unmarshal(b, m)
}
