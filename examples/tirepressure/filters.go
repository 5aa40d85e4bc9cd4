package main

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"github.com/lambdatune/lambdatune/examples/tirepressure/tires"
	"github.com/lambdatune/lambdatune/filter"
)

// filters are those of the event source mapping: in template.yaml, and here for a
// second look.
var filters = must(filter.Kinesis.Criteria(
	filter.Kinesis.Data("tire_pressure").LessThan(tires.Low),
))

func must(c *filter.Criteria, err error) *filter.Criteria {
	if err != nil {
		panic(err) // a mistake in the lines above, which every test finds
	}
	return c
}

// decode decodes a record of the stream.
func decode(record []byte) (tires.Reading, error) {
	var r events.KinesisEventRecord
	if err := json.Unmarshal(record, &r); err != nil {
		return tires.Reading{}, fmt.Errorf("decode record: %w", err)
	}
	var reading tires.Reading
	if err := json.Unmarshal(r.Kinesis.Data, &reading); err != nil {
		return tires.Reading{}, fmt.Errorf("decode reading %s: %w", r.Kinesis.SequenceNumber, err)
	}
	return reading, nil
}
