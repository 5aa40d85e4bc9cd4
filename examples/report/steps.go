package main

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lambdatune/lambdatune/examples/report/report"
	"github.com/lambdatune/lambdatune/filter/s3select"
)

// steps is the report over more logs than one function should read, as the three
// functions that statemachine.asl.json invokes.
type steps struct {
	client *s3.Client
	query  s3select.Query
	work   string // the bucket of plans and results
	size   int64  // of a part, 0 for the package's
}

// A period is the logs to report on.
type period struct {
	Bucket    string `json:"bucket"`
	Prefix    string `json:"prefix"`
	Execution string `json:"execution"` // names the plan
}

type planned struct {
	Plan  s3select.Object `json:"plan"` // where the items are
	Items int             `json:"items"`
}

// plan writes the items of a period into an object for the map's ItemReader.
func (s *steps) plan(ctx context.Context, p period) (planned, error) {
	var lines bytes.Buffer
	out := planned{Plan: s3select.Object{Bucket: s.work, Key: "plans/" + p.Execution + ".jsonl"}}
	for item, err := range s.query.Plan(ctx, s.client, s3select.Object{Bucket: p.Bucket, Key: p.Prefix}, s.size) {
		if err != nil {
			return planned{}, err
		}
		if err := json.NewEncoder(&lines).Encode(item); err != nil {
			return planned{}, err
		}
		out.Items++
	}
	put, err := s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &out.Plan.Bucket, Key: &out.Plan.Key, Body: bytes.NewReader(lines.Bytes())})
	if err != nil {
		return planned{}, err
	}
	out.Plan.ETag, out.Plan.Size = aws.ToString(put.ETag), int64(lines.Len())
	return out, nil
}

// part is invoked with one item.
func (s *steps) part(ctx context.Context, item s3select.Object) (s3select.Partial[report.Summary], error) {
	return s3select.Part(ctx, s.client, item, s.query, report.Add)
}

// A mapped is what the map state says about its run.
type mapped struct {
	Plan    s3select.Object     `json:"plan"`
	Results resultWriterDetails `json:"results"`
}

// resultWriterDetails is where a ResultWriter wrote its manifest
// (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html).
type resultWriterDetails struct{ Bucket, Key string }

type merged struct {
	Report string         `json:"report"`
	Parts  int            `json:"parts"`
	Stats  s3select.Stats `json:"stats"`
}

// merge is the report of all parts.
func (s *steps) merge(ctx context.Context, m mapped) (merged, error) {
	var out merged
	plan := func(yield func(s3select.Object, error) bool) {
		for item, err := range s3select.Rows[s3select.Object](ctx, s.client, m.Plan, everyLine) {
			out.Parts++
			if !yield(item, err) {
				return
			}
		}
	}
	summary, err := s3select.Merge(plan, s.results(ctx, m.Results), report.Merge, s3select.WithStats(&out.Stats))
	if err != nil {
		return merged{}, err
	}
	out.Report = summary.String()
	return out, nil
}

var (
	everyLine  = s3select.Query{SQL: "SELECT * FROM S3Object s", Input: s3select.Input{JSON: s3select.JSONInput{Type: "LINES"}}}
	resultFile = s3select.Query{SQL: `SELECT f."Key" FROM S3Object[*].ResultFiles.SUCCEEDED[*] f`, Input: s3select.Input{JSON: s3select.JSONInput{Type: "DOCUMENT"}}}
)

// results reads what the parts returned. An iteration that failed is in a file of
// its own: Merge misses it.
func (s *steps) results(ctx context.Context, manifest resultWriterDetails) iter.Seq2[s3select.Partial[report.Summary], error] {
	return func(yield func(s3select.Partial[report.Summary], error) bool) {
		of := func(key string) s3select.Object { return s3select.Object{Bucket: manifest.Bucket, Key: key} }
		for file, err := range s3select.Rows[struct{ Key string }](ctx, s.client, of(manifest.Key), resultFile) {
			if err != nil {
				yield(s3select.Partial[report.Summary]{}, err)
				return
			}
			for part, err := range s3select.Rows[s3select.Partial[report.Summary]](ctx, s.client, of(file.Key), everyLine) {
				if !yield(part, err) || err != nil {
					return
				}
			}
		}
	}
}
