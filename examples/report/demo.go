package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lambdatune/lambdatune/examples/report/locals3"
	"github.com/lambdatune/lambdatune/examples/report/report"
	"github.com/lambdatune/lambdatune/filter/s3select"
)

// demo runs the report on a generated log, and beside it what one would write
// without the package.
func demo(ctx context.Context, w io.Writer, query s3select.Query, megabytes int) error {
	data := generate(megabytes << 20)
	client, stop, err := endpoint(ctx, map[string][]byte{key: data})
	if err != nil {
		return err
	}
	defer stop()
	obj := s3select.Object{Bucket: bucket, Key: key, Size: int64(len(data))}

	start := time.Now()
	summary, stats, err := summarise(ctx, client, obj, query)
	if err != nil {
		return err
	}
	took := time.Since(start)
	fmt.Fprint(w, summary)

	start = time.Now()
	plain, err := getAndDecode(ctx, client)
	if err != nil {
		return err
	}
	plainTook := time.Since(start)
	if plain.String() != summary.String() {
		return fmt.Errorf("GetObject and decoding says\n%s", plain)
	}
	line := func(name string, d time.Duration, returned int64, usd float64) {
		fmt.Fprintf(w, "%-20s %10.0f rows/s %8.1f MB scanned %8.2f MB decoded  %.7f USD of S3\n",
			name, float64(stats.Records)/d.Seconds(), float64(len(data))/1e6, float64(returned)/1e6, usd)
	}
	line("s3select.Reduce", took, stats.BytesReturned, stats.Cost())
	line("GetObject + decode", plainTook, int64(len(data)), s3select.Stats{Requests: 1}.Cost())
	server := s3select.Stats{Backend: s3select.Server, Requests: 1, BytesScanned: stats.BytesScanned, BytesReturned: stats.BytesReturned}
	fmt.Fprintf(w, "S3 Select would charge %.7f USD\n", server.Cost())
	return nil
}

// getAndDecode is the same report without the package.
func getAndDecode(ctx context.Context, client *s3.Client) (report.Summary, error) {
	var sum report.Summary
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		return sum, err
	}
	defer out.Body.Close()
	d := json.NewDecoder(out.Body)
	for {
		var r report.Request
		if err := d.Decode(&r); err == io.EOF {
			return sum, nil
		} else if err != nil {
			return sum, err
		}
		if r.Status >= 500 {
			if sum, err = report.Add(sum, r); err != nil {
				return sum, err
			}
		}
	}
}

// generate makes a log in which one request in a hundred failed.
func generate(size int) []byte {
	rnd := rand.New(rand.NewPCG(1, 1))
	b := make([]byte, 0, size+1024)
	for i := 0; len(b) < size; i++ {
		status := 200
		if rnd.IntN(100) == 0 {
			status = 500 + rnd.IntN(4)
		}
		b = fmt.Appendf(b, `{"time":"2026-05-01T%02d:%02d:%02dZ","client":"10.0.%d.%d","method":"GET","path":"/api/items/%d","status":%d,"latency":%.1f,"bytes":%d,"agent":"Mozilla/5.0 (X11; Linux x86_64)","referer":"https://example.com/search?q=%d"}`+"\n",
			i/3600%24, i/60%60, i%60, rnd.IntN(256), rnd.IntN(256), rnd.IntN(40), status, rnd.ExpFloat64()*40, rnd.IntN(1e5), i)
	}
	return b
}

const bucket, key = "logs", "2026-05-01.jsonl"

// endpoint is a client of a bucket with the objects: of MinIO, if MINIO_ENDPOINT says where one runs (with
// MINIO_ROOT_USER and MINIO_ROOT_PASSWORD), and of a small stub otherwise.
func endpoint(ctx context.Context, objects map[string][]byte) (*s3.Client, func(), error) {
	options := s3.Options{Region: "us-east-1", UsePathStyle: true}
	if at := os.Getenv("MINIO_ENDPOINT"); at != "" {
		options.BaseEndpoint = &at
		options.Credentials = credentials.NewStaticCredentialsProvider(os.Getenv("MINIO_ROOT_USER"), os.Getenv("MINIO_ROOT_PASSWORD"), "")
		client := s3.New(options)
		if _, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(bucket)}); err != nil {
			if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
				return nil, nil, err
			}
		}
		for key, data := range objects {
			if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: bytes.NewReader(data)}); err != nil {
				return nil, nil, err
			}
		}
		return client, func() {}, nil
	}
	local := locals3.Empty(bucket, 0)
	for key, data := range objects {
		local.Put(key, data)
	}
	options.BaseEndpoint = &local.URL
	options.Credentials = credentials.NewStaticCredentialsProvider("local", "local", "")
	return s3.New(options), local.Close, nil
}
