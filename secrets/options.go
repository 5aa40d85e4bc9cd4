package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Options configures a [Secret]. The zero value, and a nil pointer, are ready
// to use.
type Options struct {
	// MaxAge is how old a value may get before Get fetches it again, by the
	// wall clock. Zero means 1 hour, which is what AWS's own caches use; the
	// allowed range is 1 s to 30 days. A shorter age is not needed for databases:
	// recovery fetches when a login fails. At 600 environments an age of 1 hour
	// makes 0.17 calls per second, one of 5 minutes 2 calls per second.
	MaxAge time.Duration

	// Jitter is the share of MaxAge by which the age is randomly shortened at
	// each fetch, so that environments that started together don't fetch
	// together. Zero means 0.2; negative means none; at most 0.9.
	Jitter float64

	// Timeout bounds one fetch, the SDK's retries and back-off included, when
	// there is no value to serve. Zero means 5 s; the allowed range is 10 ms to
	// 1 minute. Where an old value can be served instead, a fifth of it applies.
	Timeout time.Duration

	// Budget is how long recovery goes on with jittered back-off after the
	// first rejection before it lets every caller fail fast. Zero means 5 s;
	// negative means a single round; at most 5 minutes.
	Budget time.Duration

	// Stages is the order in which recovery tries the version stages. Nil means
	// AWSCURRENT, AWSPENDING, AWSPREVIOUS. Get itself always uses AWSCURRENT.
	Stages []Stage

	// Decode replaces the decoding of the value into v, a *T. The default is
	// described at New. The text of its errors, as that of a T's UnmarshalJSON, is
	// withheld, unless they have a method SecretSafe().
	Decode func(data []byte, v any) error

	// Observe is called after each fetch and each round of recovery, before
	// anybody is told of its outcome. The context is that of the caller who
	// caused it, without its deadline for a fetch; it carries the caller's metrics
	// recorder, say. Nil means none. It must be quick and safe for concurrent use.
	Observe func(context.Context, Event)

	// Now is the wall clock. Nil means time.Now.
	Now func() time.Time
}

// Event is one fetch or one round of recovery, for metrics and logs. It never contains
// the value.
type Event struct {
	// ID is the secret's name or ARN.
	ID string
	// Op is "fetch" or "recover".
	Op string
	// Stage is the stage that was fetched, or the one that recovery found
	// accepted. Empty after a recovery that failed.
	Stage Stage
	// Version is what was fetched or accepted. Empty after an error.
	Version Version
	// Duration is what the fetch or the round of recovery took.
	Duration time.Duration
	// Rejected counts the versions that the recovery saw rejected.
	Rejected int
	// Stale is true if the fetch failed and an older value is served instead.
	Stale bool
	// Err is nil after a success.
	Err error
}

// The gate after the budget: drawn evenly from this range for each probe. A
// probe costs up to three fetches and three logins, so that the lower end is
// 0.1 of each per second.
const (
	gateMin = 30 * time.Second
	gateMax = 60 * time.Second
)

// The pause after a failed round, doubled for each, and drawn from its upper
// half.
const (
	backoffMin = 50 * time.Millisecond
	backoffMax = 2 * time.Second
)

// The pause between refreshes of an expired value while the source fails.
const (
	retryMin = time.Second
	retryMax = time.Minute
)

// maxData is Secrets Manager's limit on a value,
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html.
const maxData = 65536

func (o Options) resolve() (Options, error) {
	if err := inRange("MaxAge", &o.MaxAge, time.Hour, time.Second, 30*24*time.Hour); err != nil {
		return o, err
	}
	if err := inRange("Timeout", &o.Timeout, 5*time.Second, 10*time.Millisecond, time.Minute); err != nil {
		return o, err
	}
	switch {
	case o.Jitter == 0:
		o.Jitter = 0.2
	case o.Jitter < 0:
		o.Jitter = 0
	case !(o.Jitter <= 0.9):
		return o, fmt.Errorf("option Jitter is %v, want at most 0.9", o.Jitter)
	}
	switch {
	case o.Budget == 0:
		o.Budget = 5 * time.Second
	case o.Budget < 0:
		o.Budget = 0
	case o.Budget > 5*time.Minute:
		return o, fmt.Errorf("option Budget is %v, want at most 5m", o.Budget)
	}
	if o.Stages == nil {
		o.Stages = []Stage{StageCurrent, StagePending, StagePrevious}
	}
	o.Stages = slices.Clone(o.Stages)
	for i, s := range o.Stages {
		if s == "" || slices.Contains(o.Stages[:i], s) {
			return o, fmt.Errorf("option Stages[%d] is %q, want distinct, non-empty stages", i, s)
		}
	}
	if len(o.Stages) == 0 {
		return o, errors.New("option Stages is empty, want at least one stage, or nil")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o, nil
}

func inRange(name string, d *time.Duration, zero, least, most time.Duration) error {
	if *d == 0 {
		*d = zero
	}
	if *d < least || *d > most {
		return fmt.Errorf("option %s is %v, want %v to %v", name, *d, least, most)
	}
	return nil
}
