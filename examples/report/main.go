// Command report is a Lambda function that S3 calls for each day of access logs:
// it fetches only the requests that failed, and prints what they have in common.
// With REPORT_STEP it is one of the three functions that do so for all logs below
// a prefix, see statemachine.asl.json.
//
// Outside of Lambda it runs on generated data, and compares itself with fetching
// and decoding everything; with -distributed it runs the three functions.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/url"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lambdatune/lambdatune/examples/report/report"
	"github.com/lambdatune/lambdatune/filter/s3select"
	"github.com/lambdatune/lambdatune/handler"
)

const expression = "SELECT s.path, s.status, s.latency FROM S3Object s WHERE s.status >= ?"

func main() {
	statement, err := s3select.Compile(expression)
	if err != nil {
		log.Fatal(err)
	}
	query := s3select.Query{Statement: statement, Params: []any{500}, Input: s3select.Input{JSON: s3select.JSONInput{Type: "LINES"}}}

	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		megabytes := flag.Int("mb", 64, "size of the generated log, MB")
		distributed := flag.Bool("distributed", false, "run the state machine's functions")
		workers := flag.Int("workers", 8, "functions at a time, with -distributed")
		flag.Parse()
		var err error
		if *distributed {
			err = distribution(context.Background(), os.Stdout, query, max(*megabytes, 1), max(*workers, 1))
		} else {
			err = demo(context.Background(), os.Stdout, query, *megabytes)
		}
		if err != nil {
			log.Fatal(err)
		}
		return
	}
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	client := s3.NewFromConfig(cfg)
	s := &steps{client: client, query: query, work: os.Getenv("WORK_BUCKET")}
	switch step := os.Getenv("REPORT_STEP"); step {
	case "":
	case "plan":
		handler.Start(handler.JSON(s.plan))
	case "part":
		handler.Start(handler.JSON(s.part))
	case "merge":
		handler.Start(handler.JSON(s.merge))
	default:
		log.Fatalf("REPORT_STEP is %q, it may be plan, part or merge", step)
	}
	lambda.Start(func(ctx context.Context, e events.S3Event) error {
		return handle(ctx, client, query, e)
	})
}

// handle reports on every object of the event.
func handle(ctx context.Context, client s3select.Client, query s3select.Query, e events.S3Event) error {
	var failed []error
	for _, r := range e.Records {
		key, err := url.QueryUnescape(r.S3.Object.Key) // an event has keys as in a URL
		if err != nil {
			failed = append(failed, err)
			continue
		}
		obj := s3select.Object{Bucket: r.S3.Bucket.Name, Key: key, Size: r.S3.Object.Size}
		if tag := r.S3.Object.ETag; tag != "" {
			obj.ETag = `"` + tag + `"`
		}
		summary, stats, err := summarise(ctx, client, obj, query)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		log.Printf("s3://%s/%s, %d MB: %s", obj.Bucket, obj.Key, stats.BytesScanned/1e6, summary)
	}
	return errors.Join(failed...)
}

func summarise(ctx context.Context, client s3select.Client, obj s3select.Object, query s3select.Query) (report.Summary, s3select.Stats, error) {
	var stats s3select.Stats
	summary, err := s3select.Reduce(ctx, client, obj, query, report.Add, report.Merge, s3select.WithStats(&stats))
	return summary, stats, err
}
