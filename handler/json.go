package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/internal/deadline"
)

// JSON returns an Invoker for direct invocation and Step Functions: the event
// is In in JSON and the response Out in JSON. Its options are
// [DisallowUnknownFields] and [DeadlineReserve].
//
// The event is decoded as encoding/json does, and refused with a [*DecodeError]
// where encoding/json would accept too much: null for an In that cannot hold
// it (a pointer, map, slice, interface or a type with UnmarshalJSON can), and
// anything after the JSON value, which aws-lambda-go ignores. f is not called
// then. The response is encoded without HTML escaping. Where Out is an
// io.Reader that does not encode to JSON of its own, the response is what it
// reads, and it is closed if it is an io.Closer, as aws-lambda-go has it; the
// response is buffered, not streamed.
//
// An error of f is returned as it is. Its type in the Runtime API is what its
// ErrorType() string method says, or that of an error that it wraps, else the
// name of its Go type; [Start] sees to that. A panic is logged with its stack
// and returned as a [*PanicError].
func JSON[In, Out any](f Func[In, Out], opts ...Option) Invoker {
	o, err := newOptions(onJSON, opts)
	if f == nil {
		err = errors.Join(err, errors.New("handler: JSON needs a function, not nil"))
	}
	out := reflect.TypeFor[Out]()
	return &jsonInvoker[In, Out]{
		f: f, decoder: decoderFor[In](&o), reserve: o.reserve, err: err,
		mayRead: out.Kind() == reflect.Interface || out.Implements(reflect.TypeFor[io.Reader]()),
	}
}

type jsonInvoker[In, Out any] struct {
	f       Func[In, Out]
	decoder decoder
	reserve time.Duration
	mayRead bool // an Out can be an io.Reader
	err     error
}

func (j *jsonInvoker[In, Out]) configError() error { return j.err }

func (j *jsonInvoker[In, Out]) Invoke(ctx context.Context, payload []byte) (response []byte, err error) {
	if j.err != nil {
		return nil, j.err
	}
	defer contain(ctx, &err)
	call := new(struct { // one allocation
		in       In
		deadline deadline.Context
	})
	if err := j.decoder.decode(payload, &call.in); err != nil {
		return nil, err
	}
	defer call.deadline.Finish()
	out, err := j.f(call.deadline.Start(ctx, j.reserve, 0), call.in)
	if err != nil {
		return nil, err
	}
	if j.mayRead {
		if r, ok := any(out).(io.Reader); ok {
			return read(r)
		}
	}
	return encode(out)
}

// read is the response of an Out that is an io.Reader: JSON takes precedence
// if there is any, as in aws-lambda-go.
func read(r io.Reader) (response []byte, err error) {
	if c, ok := r.(io.Closer); ok {
		defer func() { err = errors.Join(err, c.Close()) }()
	}
	if b, err := encode(r); err == nil && !bytes.HasPrefix(b, []byte("{}")) {
		return b, nil
	}
	return io.ReadAll(r)
}

// An encoder encodes to JSON without HTML escaping.
type encoder struct {
	buf bytes.Buffer
	enc *json.Encoder
}

// maxPooled is the largest buffer that is kept for the next response.
const maxPooled = 64 << 10

var encoders = sync.Pool{New: func() any {
	e := new(encoder)
	e.enc = json.NewEncoder(&e.buf)
	e.enc.SetEscapeHTML(false)
	return e
}}

// encode returns v in JSON, in bytes of its own, without HTML escaping.
func encode(v any) ([]byte, error) {
	e := encoders.Get().(*encoder)
	if err := e.enc.Encode(v); err != nil {
		e.buf.Reset()
		encoders.Put(e)
		return nil, err
	}
	b := e.buf.Bytes()
	b = b[:len(b)-1] // Encode ends with a newline
	if cap(b) > maxPooled {
		return b, nil // with its buffer: nothing to copy, nothing to keep
	}
	b = bytes.Clone(b)
	e.buf.Reset()
	encoders.Put(e)
	return b, nil
}
