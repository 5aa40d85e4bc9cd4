package idempotent

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

// Wrap returns f run once per key, as the package's documentation has it. It is
// safe for concurrent use if store, key and f are.
//
// key takes the key from an input, as an order's ID or the client's
// Idempotency-Key header; stores see its SHA-256 only. The call that runs f
// returns what f returns. The others get the result from JSON, that is without
// what encoding/json leaves out. A result that does not encode counts as an
// error of f.
//
// The record in progress expires with the deadline of the invocation, else that
// of ctx, and with neither, after opts.Expiry. The store is told of the outcome
// even if ctx is over by then.
//
// A mistake in the arguments is returned by every call.
func Wrap[In, Out any](store Store, key func(In) string, f func(context.Context, In) (Out, error), opts *Options[In]) func(context.Context, In) (Out, error) {
	return wrap(store, key, f, opts, f)
}

// Each is [Wrap] for logic without a result. Duplicates return nil.
func Each[In any](store Store, key func(In) string, f func(context.Context, In) error, opts *Options[In]) func(context.Context, In) error {
	wrapped := wrap(store, key, func(ctx context.Context, in In) (struct{}, error) { return struct{}{}, f(ctx, in) }, opts, f)
	return func(ctx context.Context, in In) error {
		_, err := wrapped(ctx, in)
		return err
	}
}

// wrap names the records after named.
func wrap[In, Out any](store Store, key func(In) string, f func(context.Context, In) (Out, error), opts *Options[In], named any) func(context.Context, In) (Out, error) {
	o, err := opts.complete(named)
	if store == nil {
		err = errors.Join(err, errors.New("idempotent: a Store is needed, not nil"))
	}
	if key == nil {
		err = errors.Join(err, errors.New("idempotent: a function for the key is needed, not nil"))
	}
	w := &wrapper[In, Out]{store: store, key: key, f: f, Options: o}
	return func(ctx context.Context, in In) (Out, error) {
		if err != nil {
			var zero Out
			return zero, err
		}
		return w.call(ctx, in)
	}
}

type wrapper[In, Out any] struct {
	Options[In]
	store Store
	key   func(In) string
	f     func(context.Context, In) (Out, error)
}

func (w *wrapper[In, Out]) call(ctx context.Context, in In) (zero Out, err error) {
	if err := ctx.Err(); err != nil {
		return zero, err
	}
	key := w.key(in)
	if key == "" {
		return zero, ErrNoKey
	}
	now := w.now()
	rec := Record{Key: w.Name + "#" + hash([]byte(key)), Status: InProgress, Owner: rand.Text(), Expiry: now.Add(w.Expiry)}
	if w.Payload != nil {
		payload, err := json.Marshal(w.Payload(in))
		if err != nil {
			return zero, &StoreError{"begin", err}
		}
		rec.PayloadHash = hash(payload)
	}
	if d, ok := invocation.Deadline(ctx); ok {
		if rec.InProgressExpiry = d.Round(0); !now.Before(rec.InProgressExpiry) {
			return zero, context.DeadlineExceeded
		}
		if rec.Expiry.Before(rec.InProgressExpiry) {
			rec.Expiry = rec.InProgressExpiry
		}
	}
	existing, err := w.store.Begin(ctx, rec, now)
	switch {
	case err != nil:
		return zero, &StoreError{"begin", err}
	case existing != nil:
		return w.replay(existing, rec.PayloadHash)
	}
	return w.run(ctx, in, rec)
}

// replay answers a call that another one has come before.
func (w *wrapper[In, Out]) replay(r *Record, payloadHash string) (out Out, err error) {
	switch {
	case r.PayloadHash != payloadHash:
		return out, &PayloadMismatchError{r.Status}
	case r.Status == InProgress:
		return out, &InProgressError{r.InProgressExpiry}
	}
	if err := json.Unmarshal(r.Result, &out); err != nil {
		var zero Out
		return zero, &StoreError{"replay", err}
	}
	return out, nil
}

// run runs the logic of the call that rec belongs to.
func (w *wrapper[In, Out]) run(ctx context.Context, in In, rec Record) (out Out, err error) {
	returned := false
	defer func() {
		if !returned { // f panics, and goes on to do so
			w.settle(ctx, "release", func(ctx context.Context) error { return w.store.Release(ctx, rec.Key, rec.Owner) })
		}
	}()
	out, err = w.f(ctx, in)
	returned = true
	if err == nil {
		if rec.Result, err = json.Marshal(out); err != nil {
			err = &StoreError{"encode", err}
		}
	}
	if err != nil {
		released := w.settle(ctx, "release", func(ctx context.Context) error { return w.store.Release(ctx, rec.Key, rec.Owner) })
		if released != nil {
			err = errors.Join(err, released)
		}
		return out, err
	}
	rec.Status, rec.Expiry = Completed, w.now().Add(w.Expiry)
	return out, w.settle(ctx, "complete", func(ctx context.Context) error { return w.store.Complete(ctx, rec) })
}

// settleTime is what the store has to learn of an outcome where neither the
// invocation nor the context says how long there is, and when ctx's own deadline
// is over.
const settleTime = 2 * time.Second

// settle tells the store of an outcome. That must not fail because the context
// of logic ended, which it does before the invocation.
func (w *wrapper[In, Out]) settle(ctx context.Context, op string, tell func(context.Context) error) error {
	until := time.Now().Add(settleTime)
	if v := invocation.From(ctx); v != nil && !v.Deadline.IsZero() {
		until = v.Deadline
	} else if d, ok := ctx.Deadline(); ok && d.After(until) {
		until = d
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	defer cancel()
	err := tell(ctx)
	if err == nil || errors.Is(err, ErrTakenOver) {
		return err
	}
	return &StoreError{op, err}
}

// now strips the monotonic reading: that clock may stand still in a freeze.
func (w *wrapper[In, Out]) now() time.Time { return w.Now().Round(0) }

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
