package main

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/examples/person/personpb"
)

func TestEvents(t *testing.T) {
	inv := newInvoker()
	want := &personpb.Person{Id: 9971, Name: "Joseph", Email: "joseph@example.com"}
	for file, binary := range map[string]bool{
		"rest-protobuf": true, "rest-json": false, "http-protobuf": true, "http-json": false,
	} {
		event, err := os.ReadFile("events/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		out, err := inv.Invoke(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			StatusCode      int
			Body            string
			IsBase64Encoded bool
		}
		if err := json.Unmarshal(out, &answer); err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != 200 || answer.IsBase64Encoded != binary {
			t.Errorf("%s: %s", file, out)
		}
		if !binary {
			if answer.Body != `{"id":9971,"name":"Joseph","email":"joseph@example.com"}` {
				t.Errorf("%s: %s", file, answer.Body)
			}
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		var got personpb.Person
		if err := proto.Unmarshal(raw, &got); err != nil || !proto.Equal(&got, want) {
			t.Errorf("%s: %v, %v", file, &got, err)
		}
	}
}

func TestEnrolNeedsName(t *testing.T) {
	if _, err := enrol(t.Context(), &personpb.Person{Id: 1}); err == nil {
		t.Error("a person without a name was enrolled")
	}
}
