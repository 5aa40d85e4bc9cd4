package handler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
)

// batchOptions are the options of the batch adapters alone.
type batchOptions struct {
	keep        func([]byte) (bool, error)
	onPoison    func(context.Context, []byte, error) error
	concurrency int // 0 is the default
	failure     FailureRules
}

// Keep, an option of the batch adapters, has f look at each record before it is
// decoded. false means that the record is done without logic. An error makes it
// a poison record, see [OnPoison]. f gets the record as the event has it, an
// element of Records (the whole event for EventBridge itself), and must not keep
// or change it. It is for filtering that an event source mapping cannot do; what
// the mapping can do costs nothing there.
func Keep(f func(record []byte) (bool, error)) Option {
	return Option{"Keep", onBatch, func(o *options) error {
		if f == nil {
			return errors.New("a function is needed, not nil")
		}
		o.batch.keep = f
		return nil
	}}
}

// OnPoison, an option of the batch adapters, is asked about each record that
// does not decode, or that the function of [Keep] has an error for: it will not
// decode the next time either. The error that f returns is the record's, which
// fails by it, as without the option: it comes again until the queue's
// maxReceiveCount or the stream's limits send it to a dead-letter queue or
// destination. nil drops it: it counts as done, and f has seen to it that it is
// not lost silently. f gets a copy of the record as the event has it; its
// context is that of logic, with [Record]. A panic of f fails the record.
func OnPoison(f func(ctx context.Context, record []byte, err error) error) Option {
	return Option{"OnPoison", onBatch, func(o *options) error {
		if f == nil {
			return errors.New("a function is needed, not nil")
		}
		o.batch.onPoison = f
		return nil
	}}
}

const maxConcurrency = 10000 // Lambda's largest batch

// Concurrency, an option of the batch adapters, sets how many records of a batch
// run at the same time: 1 to 10,000. Where order counts, only records of
// different message groups, partition keys or items do.
//
// Without the option it is 1 for standard queues and for what comes without a
// queue or stream. For FIFO queues and streams it is the number of CPUs that the
// function's memory buys, which is 1 below 1,770 MB and then one more for each
// further 1,769 MB. Logic that waits for others gains from more, at the price of
// memory; logic that computes does not.
func Concurrency(n int) Option {
	return Option{"Concurrency", onBatch, func(o *options) error {
		if n < 1 || n > maxConcurrency {
			return fmt.Errorf("%d is out of range: it must be 1 to %d", n, maxConcurrency)
		}
		o.batch.concurrency = n
		return nil
	}}
}

// cpus is how many CPUs the function's memory buys: "at 1,769 MB, a function has
// the equivalent of one vCPU".
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
func cpus() int {
	mb, err := strconv.Atoi(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))
	if err != nil || mb <= 0 {
		return 1
	}
	return min((mb-1)/1769+1, 6)
}

// FailureRules are for [OnFailure]. The zero value is the default.
type FailureRules struct {
	// ReturnAllIDs has a batch of which nothing is done answered with a list of
	// all its IDs (for a stream, its first sequence number) instead of an error.
	// Lambda does not count that as an error of the function, and does not slow
	// the polling of a queue down for it.
	ReturnAllIDs bool
	// ContinueOtherKeys, for streams, lets a failed record end its own partition
	// key, item or, for Kafka, partition alone: the others go on to the end of the batch. All that they
	// do behind the failed record comes again with the next attempt, since Lambda
	// repeats the stream from there. Without it nothing behind a failure begins.
	ContinueOtherKeys bool
}

// OnFailure, an option of the batch adapters, sets what follows when records
// fail.
func OnFailure(rules FailureRules) Option {
	return Option{"OnFailure", onBatch, func(o *options) error {
		o.batch.failure = rules
		return nil
	}}
}
