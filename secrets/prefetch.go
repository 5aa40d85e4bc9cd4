package secrets

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

// A Prefetcher is a [*Secret] of any type.
type Prefetcher interface {
	Prefetch(ctx context.Context) error
	begin(now time.Time)
	end()
}

// initCap ends a Prefetch whose context has no deadline before Lambda ends INIT
// after 10 s.
const initCap = 8 * time.Second

// Prefetch returns a function that fetches secrets in parallel and fits
// handler.Task.Run. It uses the deadline of its context, or else 8 s, because
// INIT may take 10 s and an SDK's back-off knows nothing of that. It
// waits for all secrets and joins their errors. The calls are single ones:
// the quota of BatchGetSecretValue is 100 per second and account, that of
// GetSecretValue 10,000
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html).
func Prefetch(secrets ...Prefetcher) func(context.Context) error {
	return func(ctx context.Context) error {
		if _, ok := ctx.Deadline(); !ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, initCap)
			defer cancel()
		}
		errs := make([]error, len(secrets))
		var wg sync.WaitGroup
		for i, s := range secrets {
			wg.Go(func() { errs[i] = s.Prefetch(ctx) })
		}
		wg.Wait()
		return errors.Join(errs...)
	}
}

// Middleware returns a middleware that judges the age of the secrets at the
// start of each invocation, by its start time, so that Get need not read the
// clock until the invocation ends. It fetches nothing: an expired value is
// fetched by the first Get. Several invocations at once are fine; a value may
// then outlive its age by the duration of an invocation.
func Middleware(secrets ...Prefetcher) func(next func(context.Context, []byte) ([]byte, error)) func(context.Context, []byte) ([]byte, error) {
	return func(next func(context.Context, []byte) ([]byte, error)) func(context.Context, []byte) ([]byte, error) {
		return func(ctx context.Context, payload []byte) ([]byte, error) {
			now := invocation.Start(ctx)
			for _, s := range secrets {
				s.begin(now)
			}
			defer func() {
				for _, s := range secrets {
					s.end()
				}
			}()
			return next(ctx, payload)
		}
	}
}
