package handler

import "context"

// Each is core logic for one record of a batch: an SQS message, a record of a
// stream, a notification. A nil error means that the record is done for good;
// any other that it is to come again. Records of one batch may run at the same
// time, see [Concurrency], and so may several invocations.
//
// Every source delivers at least once: logic has to bear a record a second time.
type Each[In any] func(context.Context, In) error

// Discard makes an [Each] of a [Func] by ignoring its output, so that
//
//	handler.Start(handler.SQS(handler.Discard(orders.Place)))
//
// puts the logic of an API behind a queue.
func Discard[In, Out any](f Func[In, Out]) Each[In] {
	if f == nil {
		return nil
	}
	return func(ctx context.Context, in In) error {
		_, err := f(ctx, in)
		return err
	}
}
