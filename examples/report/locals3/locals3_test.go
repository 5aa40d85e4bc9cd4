package locals3_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/lambdatune/lambdatune/examples/report/locals3"
)

func clientOf(b *locals3.Bucket) *s3.Client {
	return s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: &b.URL, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")})
}

func TestGetObject(t *testing.T) {
	b := locals3.Empty("logs", 0)
	defer b.Close()
	etag := b.Put("day.jsonl", []byte("0123456789"))
	b.Put("empty", nil)
	client := clientOf(b)
	for _, tt := range []struct{ name, key, byteRange, match, want, code string }{
		{name: "whole", key: "day.jsonl", want: "0123456789"},
		{name: "range", key: "day.jsonl", byteRange: "bytes=2-4", match: etag, want: "234"},
		{name: "replaced", key: "day.jsonl", match: `"2"`, code: "PreconditionFailed"},
		{name: "range of nothing", key: "empty", byteRange: "bytes=0-4", code: "InvalidRange"},
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
	if n := b.Gets(); n != 4 || b.Gets() != 0 {
		t.Errorf("%d requests for the object, want 4, once", n)
	}
}

// What is put is listed, over pages, and is there with the ETag that putting it gave.
func TestPutAndList(t *testing.T) {
	b := locals3.Empty("logs", 0)
	defer b.Close()
	client := clientOf(b)
	for i := range 2100 {
		b.Put(fmt.Sprintf("days/%04d &ü", i), nil)
	}
	put, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("logs"), Key: aws.String("days/9"), Body: strings.NewReader("nine")})
	if err != nil {
		t.Fatal(err)
	}
	b.Put("other", nil)
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: aws.String("logs"), Prefix: aws.String("days/")})
	n, keys := 0, map[string]bool{}
	for ; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			keys[*o.Key] = true
			if *o.Key == "days/9" && (*o.Size != 4 || *o.ETag != *put.ETag) {
				t.Errorf("%d bytes, ETag %s, want 4, %s", *o.Size, *o.ETag, *put.ETag)
			}
		}
	}
	if n != 3 || len(keys) != 2101 || !keys["days/2099 &ü"] {
		t.Errorf("%d keys in %d pages", len(keys), n)
	}
	if _, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("logs"), Key: aws.String("days/9"), IfMatch: put.ETag}); err != nil {
		t.Error(err)
	}
}
