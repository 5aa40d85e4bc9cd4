package metrics

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/lambdatune/lambdatune/metrics/internal/limits"
)

// Option changes what [New] builds. Bad values are reported by New.
type Option func(*config)

type config struct {
	dims         []string // alternating names and values
	sets         [][]string
	haveSets     bool
	out          io.Writer
	maxLine      int
	margin       time.Duration
	onError      func(error)
	noColdStart  bool
	noMetadata   bool
	duration     bool
	errors       bool
	remaining    bool
	raiseOnEmpty bool
	errs         []error
}

func (c *config) reject(option, reason string) {
	c.errs = append(c.errs, &RejectedError{Kind: "option", Name: option, Count: 1, Reason: reason})
}

// WithDimensions adds default dimensions, given as alternating names and
// values, to every document. At most 30 may end up in one dimension set. A
// dimension "service" replaces the one from POWERTOOLS_SERVICE_NAME.
func WithDimensions(pairs ...string) Option {
	return func(c *config) {
		if len(pairs)%2 != 0 {
			c.reject("WithDimensions", fmt.Sprintf("%d strings given, names and values must alternate", len(pairs)))
			return
		}
		c.dims = append(c.dims, pairs...)
	}
}

// WithDimensionSets chooses the dimension sets under which every metric is
// published, each a list of names of default dimensions. An empty list is the
// set without dimensions. Without this option there is one set with all default
// dimensions. Every set makes, and bills, a CloudWatch metric of its own.
func WithDimensionSets(sets ...[]string) Option {
	return func(c *config) {
		if len(sets) == 0 {
			c.reject("WithDimensionSets", "no set given, at least one is needed; [] is the set without dimensions")
			return
		}
		for _, set := range sets {
			c.sets = append(c.sets, slices.Clone(set))
		}
		c.haveSets = true
	}
}

// WithWriter sends the documents to w rather than to os.Stdout, each line in
// one Write. Unless w is an [*os.File], [io.Discard] or came from
// [LockedWriter], which take care of it themselves, the Writes of one [Metrics]
// are serialized.
func WithWriter(w io.Writer) Option {
	return func(c *config) {
		if w == nil {
			c.reject("WithWriter", "the writer is nil")
			return
		}
		c.out = w
	}
}

// WithMaxLine bounds a line, its newline included, to n bytes: 4,096 to
// 1,048,550, which is CloudWatch's 1 MiB less the 26 bytes that it counts per
// event. The default is 65,535, below the 64 KiB at which common log pipes stop
// reading. Lines of 4,096 bytes are kept whole by the kernel even where another
// writer uses the same pipe.
func WithMaxLine(n int) Option {
	return func(c *config) {
		if n < limits.LineMin || n > limits.LineMax {
			c.reject("WithMaxLine", fmt.Sprintf("%d bytes, allowed are %d to %d", n, limits.LineMin, limits.LineMax))
			return
		}
		c.maxLine = n
	}
}

// WithFlushMargin sets how long before the platform's deadline the middleware
// writes what was recorded so far. The default is 50 ms; zero or less is an
// error. A margin of the whole timeout writes every metric through at once.
func WithFlushMargin(d time.Duration) Option {
	return func(c *config) {
		if d <= 0 {
			c.reject("WithFlushMargin", fmt.Sprintf("%v, must be more than 0", d))
			return
		}
		c.margin = d
	}
}

// WithErrorHandler has f told of the errors that no caller gets: those of the
// middleware's flushes, of [Metric.Add] without a recorder and of recorders
// used after their end. The default prints one line with the log package. f
// may be called by several goroutines at once.
func WithErrorHandler(f func(error)) Option {
	return func(c *config) {
		if f == nil {
			c.reject("WithErrorHandler", "the function is nil")
			return
		}
		c.onError = f
	}
}

// WithoutColdStart keeps the middleware from recording ColdStart, Count 1, for
// the first invocation of an execution environment.
func WithoutColdStart() Option { return func(c *config) { c.noColdStart = true } }

// WithoutMetadata leaves out the properties requestId and traceId, which every
// document of an invocation carries otherwise (about 60 and 110 bytes).
func WithoutMetadata() Option { return func(c *config) { c.noMetadata = true } }

// WithDuration has the middleware record InvocationDuration in milliseconds.
func WithDuration() Option { return func(c *config) { c.duration = true } }

// WithErrorCount has the middleware record InvocationErrors: Count 1 where the
// handler returned an error or panicked, else 0, so that its average is the
// error rate.
func WithErrorCount() Option { return func(c *config) { c.errors = true } }

// WithRemainingTime has the middleware record RemainingTime: the milliseconds
// that were left until the platform's deadline when the handler returned,
// negative past it.
func WithRemainingTime() Option { return func(c *config) { c.remaining = true } }

// WithRaiseOnEmpty makes flushing a recorder into which no value was recorded
// an error, [ErrEmpty], which the middleware returns as the invocation's.
func WithRaiseOnEmpty() Option { return func(c *config) { c.raiseOnEmpty = true } }

func (c *config) err() error { return errors.Join(c.errs...) }
