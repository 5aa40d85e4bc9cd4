// Command tirepressure is a Lambda function that warns of tires losing pressure.
// It reads a Kinesis stream of readings, nearly all of which are fine: the event
// source mapping's filter keeps those from invoking it at all (see template.yaml,
// which the tests render), and a second look at the batch keeps a mapping without
// the filter from costing more than that.
//
// Run it on a laptop from the module's root:
//
//	go run ./handler/local -event ./examples/tirepressure/events/kinesis.json ./examples/tirepressure
//
// and see what the filter saves over the recorded readings:
//
//	go run ./filter/replay -source kinesis -template examples/tirepressure/template.yaml examples/tirepressure/events/readings.jsonl
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/lambdatune/lambdatune/examples/tirepressure/tires"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	lambda.Start(function{warn: func(w tires.Warning) {
		log.Warn("low tire pressure", "car", w.Car, "wheel", w.Wheel, "psi", w.PSI)
	}})
}

// function is a lambda.Handler: it gets the event as it came, undecoded.
type function struct {
	warn func(tires.Warning)
}

// Invoke warns of each low reading. An error makes Lambda send the batch again.
func (f function) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	for record, err := range filters.Split(payload) {
		if err != nil {
			return nil, err
		}
		reading, err := decode(record)
		if err != nil {
			return nil, err
		}
		if w, low := tires.Check(reading); low {
			f.warn(w)
		}
	}
	return []byte("null"), nil
}
