package idempotent

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"time"
)

// DefaultExpiry is how long a completed record counts without Options, as in
// Powertools.
const DefaultExpiry = time.Hour

// Options configures [Wrap] and [Each]. A nil *Options is the zero value, which
// is ready to use.
type Options[In any] struct {
	// Name sets the keys of one function apart from those of others in the same
	// store. Empty means the Lambda function's name and that of the Go function,
	// as in "orders.example.com/shop/orders.Place". Give one where a store
	// outlives a deployment and f is a function literal, whose name the compiler
	// numbers, and where several literals of one place share a store. At most
	// 512 bytes.
	Name string
	// Expiry is for how long after its completion a call is not run again. Zero
	// means [DefaultExpiry]. Negative is an error. Choose more than the source
	// takes to deliver again: for SQS, the visibility timeout times
	// maxReceiveCount.
	Expiry time.Duration
	// Payload returns what must be the same in all calls with one key; it is
	// compared in JSON, by its SHA-256. Nil means that the key alone decides.
	Payload func(In) any
	// Now is the wall clock. Nil means time.Now.
	Now func() time.Time
}

const maxName = 512

func (o *Options[In]) complete(f any) (Options[In], error) {
	var out Options[In]
	if o != nil {
		out = *o
	}
	var errs []error
	if len(out.Name) > maxName {
		errs = append(errs, fmt.Errorf("idempotent: Name has %d bytes, at most %d are allowed", len(out.Name), maxName))
	}
	if out.Expiry < 0 {
		errs = append(errs, fmt.Errorf("idempotent: Expiry %v is out of range: it must be zero or more", out.Expiry))
	}
	if out.Expiry == 0 {
		out.Expiry = DefaultExpiry
	}
	if out.Now == nil {
		out.Now = time.Now
	}
	if v := reflect.ValueOf(f); v.IsNil() {
		errs = append(errs, errors.New("idempotent: a function is needed, not nil"))
	} else if out.Name == "" {
		name := runtime.FuncForPC(v.Pointer()).Name()
		out.Name = os.Getenv("AWS_LAMBDA_FUNCTION_NAME") + "." + name
		out.Name = out.Name[max(0, len(out.Name)-maxName):]
	}
	return out, errors.Join(errs...)
}
