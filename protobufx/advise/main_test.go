package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
)

func write(t *testing.T, dir, name string, b []byte) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(structpb.File_google_protobuf_struct_proto),
		protodesc.ToFileDescriptorProto(testpb.File_test_proto),
	}})
	if err != nil {
		t.Fatal(err)
	}
	descriptors := write(t, dir, "set.pb", set)
	pb, err := proto.Marshal(&testpb.Person{Id: 9971, Name: "Joseph", Email: "joseph@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	inPB := write(t, dir, "sample.pb", pb)
	inJSON := write(t, dir, "sample.json", []byte(`{"id": 9971, "name": "Joseph", "email": "joseph@example.com"}`))
	const person = "lambdatune.protobufx.test.Person"
	var out bytes.Buffer
	if err := run([]string{"-descriptors", descriptors, "-message", person, inPB, inJSON}, &out); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); strings.Count(s, "protobuf                31*          44*") != 2 || strings.Count(s, "json                    56           66") != 2 {
		t.Errorf("%s", s)
	}
	bad := write(t, dir, "bad.json", []byte(`{"nome": 1}`))
	for _, args := range [][]string{
		{},
		{"-descriptors", descriptors, "-message", "no.Such", inPB},
		{"-descriptors", inPB, "-message", person, inPB},
		{"-descriptors", descriptors, "-message", person, filepath.Join(dir, "none.pb")},
		{"-descriptors", descriptors, "-message", person, bad},
	} {
		if err := run(args, &out); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
