package s3select_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// Visits are counted by three functions: a planner, a worker that a Distributed Map
// invokes with each item of the plan, and one that merges what the workers return.
func ExampleMerge() {
	ctx := context.Background()
	bucket := shelve(map[string][]byte{
		"visits/monday.jsonl":  []byte("{\"from\":\"Oslo\"}\n{\"from\":\"Bergen\"}\n{\"from\":\"Oslo\"}\n"),
		"visits/tuesday.jsonl": []byte("{\"from\":\"Bergen\"}\n{\"from\":\"Oslo\"}\n"),
	})
	client := bucket.client() // s3.NewFromConfig(cfg)

	type Visit struct{ From string }
	type Counts map[string]int
	lines := s3select.Input{JSON: s3select.JSONInput{Type: "LINES"}}
	query := s3select.Query{SQL: `SELECT s."from" FROM S3Object s`, Input: lines}

	// The planner writes the items into an object, for the map's ItemReader.
	var plan bytes.Buffer
	for item, err := range query.Plan(ctx, client, s3select.Object{Bucket: "b", Key: "visits/"}, 30) {
		if err != nil {
			fmt.Println(err)
			return
		}
		json.NewEncoder(&plan).Encode(item)
	}
	bucket.put("work/plan.jsonl", plan.Bytes())

	// The worker is handler.JSON(work).
	work := func(ctx context.Context, item s3select.Object) (s3select.Partial[Counts], error) {
		return s3select.Part(ctx, client, item, query, func(c Counts, v Visit) (Counts, error) {
			if c == nil {
				c = Counts{}
			}
			c[v.From]++
			return c, nil
		})
	}

	// Here is what Step Functions does: invoke the worker with every item, and write
	// the results, with the Transformation COMPACT and the OutputType JSONL.
	var results bytes.Buffer
	for line := range bytes.Lines(plan.Bytes()) {
		var item s3select.Object
		json.Unmarshal(line, &item)
		part, err := work(ctx, item)
		if err != nil {
			fmt.Println(err)
			return
		}
		json.NewEncoder(&results).Encode(part)
	}
	bucket.put("work/results/SUCCEEDED_0.jsonl", results.Bytes())
	bucket.put("work/results/manifest.json", []byte(`{"DestinationBucket":"b","MapRunArn":"arn:…","ResultFiles":{"FAILED":[],"PENDING":[],"SUCCEEDED":[{"Key":"work/results/SUCCEEDED_0.jsonl","Size":1}]}}`))

	// The merger gets the manifest's key from the map's ResultWriterDetails.
	everything := s3select.Query{SQL: "SELECT * FROM S3Object s", Input: lines}
	files := s3select.Query{
		SQL:   `SELECT f."Key" FROM S3Object[*].ResultFiles.SUCCEEDED[*] f`,
		Input: s3select.Input{JSON: s3select.JSONInput{Type: "DOCUMENT"}},
	}
	parts := func(yield func(s3select.Partial[Counts], error) bool) {
		for file, err := range s3select.Rows[struct{ Key string }](ctx, client, s3select.Object{Bucket: "b", Key: "work/results/manifest.json"}, files) {
			if err != nil {
				yield(s3select.Partial[Counts]{}, err)
				return
			}
			for part, err := range s3select.Rows[s3select.Partial[Counts]](ctx, client, s3select.Object{Bucket: "b", Key: file.Key}, everything) {
				if !yield(part, err) {
					return
				}
			}
		}
	}
	planned := s3select.Rows[s3select.Object](ctx, client, s3select.Object{Bucket: "b", Key: "work/plan.jsonl"}, everything)
	var stats s3select.Stats
	counts, err := s3select.Merge(planned, parts, func(a, b Counts) (Counts, error) {
		if a == nil { // a part without a row
			return b, nil
		}
		for from, n := range b {
			a[from] += n
		}
		return a, nil
	}, s3select.WithStats(&stats))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bytes.Count(plan.Bytes(), []byte("\n")), "items,", stats.Records, "records,", counts)
	// Output: 4 items, 5 records, map[Bergen:2 Oslo:3]
}
