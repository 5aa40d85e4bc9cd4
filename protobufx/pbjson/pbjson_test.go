package pbjson

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

func TestRoundTrip(t *testing.T) {
	m, err := structpb.NewStruct(map[string]any{"a b": "x : , \" y", "list": []any{1.0, true, nil}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Format{}.AppendMarshal([]byte(" "), m)
	if err != nil || string(b) != ` {"a b":"x : , \" y","list":[1,true,null]}` {
		t.Errorf("%s, %v", b, err)
	}
	var back structpb.Struct
	if err := (Format{}).Unmarshal(b, &back, false); err != nil || !proto.Equal(&back, m) {
		t.Errorf("%v, %v", &back, err)
	}
}

func TestErrorsSayWhere(t *testing.T) {
	var m structpb.ListValue
	err := Format{}.Unmarshal([]byte("\n{\"s3cret\": 1}"), &m, false)
	if err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "line 2:") {
		t.Errorf("%v", err)
	}
}
