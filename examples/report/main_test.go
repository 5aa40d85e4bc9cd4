package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

var query = s3select.Query{SQL: expression, Params: []any{500}, Input: s3select.Input{JSON: s3select.JSONInput{Type: "LINES"}}}

// The demo fails if the two ways do not agree.
func TestDemo(t *testing.T) {
	var out strings.Builder
	if err := demo(t.Context(), &out, query, 10); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"failed requests", "s3select.Reduce", "GetObject + decode", "USD"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
}

func TestHandle(t *testing.T) {
	data := generate(1 << 20)
	client, stop, err := endpoint(t.Context(), map[string][]byte{key: data})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		t.Fatal(err)
	}
	right := strings.Trim(*head.ETag, `"`)
	const event = `{"Records":[{"s3":{"bucket":{"name":"logs"},"object":{"key":"2026-05-01.jsonl","size":1048576,"eTag":"%s"}}}]}`
	for _, etag := range []string{right, "2"} {
		var e events.S3Event
		if err := json.Unmarshal([]byte(strings.Replace(event, "%s", etag, 1)), &e); err != nil {
			t.Fatal(err)
		}
		if err := handle(t.Context(), client, query, e); (err == nil) != (etag == right) {
			t.Errorf("ETag %s: %v", etag, err)
		}
	}
}
