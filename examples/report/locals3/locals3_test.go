package locals3_test

import (
	"errors"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/lambdatune/lambdatune/examples/report/locals3"
)

func TestGetObject(t *testing.T) {
	b := locals3.Start("logs", "day.jsonl", []byte("0123456789"), 0)
	defer b.Close()
	client := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: &b.URL, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")})
	for _, tt := range []struct{ name, key, byteRange, match, want, code string }{
		{name: "whole", key: "day.jsonl", want: "0123456789"},
		{name: "range", key: "day.jsonl", byteRange: "bytes=2-4", match: locals3.ETag, want: "234"},
		{name: "replaced", key: "day.jsonl", match: `"2"`, code: "PreconditionFailed"},
		{name: "missing", key: "other", code: "NoSuchKey"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := &s3.GetObjectInput{Bucket: aws.String("logs"), Key: &tt.key}
			if tt.byteRange != "" {
				in.Range = &tt.byteRange
			}
			if tt.match != "" {
				in.IfMatch = &tt.match
			}
			out, err := client.GetObject(t.Context(), in)
			if tt.code != "" {
				var api smithy.APIError
				if !errors.As(err, &api) || api.ErrorCode() != tt.code {
					t.Errorf("GetObject = %v, want %s", err, tt.code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer out.Body.Close()
			if got, err := io.ReadAll(out.Body); err != nil || string(got) != tt.want {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
	if n := b.Gets(); n != 3 || b.Gets() != 0 {
		t.Errorf("%d requests for the object, want 3, once", n)
	}
}
