package handler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lambdatune/lambdatune/internal/deadline"
)

// An Option tunes an adapter or [Start]. Each one says what it is for. An
// option given to something else, or with a value outside its range, is a
// configuration error: Start reports it at INIT and does not begin to serve,
// and an adapter that is called without Start returns it from every Invoke.
// The zero Option does nothing.
type Option struct {
	name string
	on   scope
	set  func(*options) error
}

// scope is a set of what an option can be given to.
type scope uint8

const (
	onJSON scope = 1 << iota
	onHTTP
	onHTTPHandler
	onEndpoint
	onStart
	onBatch // SQS, Kinesis and the like

	onAdapters = onJSON | onHTTP | onHTTPHandler | onBatch
)

func (s scope) String() string {
	switch s {
	case onJSON:
		return "JSON"
	case onHTTP:
		return "HTTP"
	case onHTTPHandler:
		return "HTTPHandler"
	case onEndpoint:
		return "Endpoint"
	case onBatch:
		return "a batch adapter"
	}
	return "Start"
}

// options is what all the options of one adapter, or of Start, say together.
type options struct {
	disallowUnknownFields bool
	reserve               time.Duration // deadline.DefaultReserve or a fixed one
	gatewayTimeout        time.Duration // of REST and HTTP API fronts
	exitOnPanic           bool
	onShutdown            []func(context.Context)
	http                  httpOptions
	batch                 batchOptions
}

// newOptions applies opts for the one thing in s. The options are usable even
// where there is an error, which joins all that is wrong.
func newOptions(s scope, opts []Option) (options, error) {
	o := options{reserve: deadline.DefaultReserve, gatewayTimeout: defaultGatewayTimeout}
	var errs []error
	for _, opt := range opts {
		switch {
		case opt.set == nil:
		case opt.on&s == 0:
			errs = append(errs, fmt.Errorf("handler: %s is not an option of %s", opt.name, s))
		default:
			if err := opt.set(&o); err != nil {
				errs = append(errs, fmt.Errorf("handler: option %s of %s: %w", opt.name, s, err))
			}
		}
	}
	return o, errors.Join(errs...)
}

// configured is implemented by the Invokers of this package: Start asks them
// before it serves.
type configured interface {
	// configError is what is wrong with how the Invoker was built, or nil.
	configError() error
}

// exportedConfigured is what Start asks Invokers of other packages, such as
// handler/websocket's Router.
type exportedConfigured interface{ ConfigError() error }

func configErrorOf(inv Invoker) error {
	if inv == nil {
		return errors.New("handler: an Invoker is nil")
	}
	switch c := inv.(type) {
	case configured:
		return c.configError()
	case exportedConfigured:
		return c.ConfigError()
	}
	return nil
}
