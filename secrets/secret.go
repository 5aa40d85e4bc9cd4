package secrets

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// Secret is a cached secret of type T. It is created by [New] and safe for
// concurrent use. Values of reference types (slices, maps) are shared by all
// callers and must not be changed.
type Secret[T any] struct {
	// fresh is what Get returns without looking further: the value that was
	// judged at the start of an invocation that is still running. Nil outside
	// of invocations that Middleware wraps, and once the value has expired.
	// It points to slot, an *entry[T]: an atomic.Pointer would make Get too large
	// to be inlined.
	fresh *unsafe.Pointer
	slot  unsafe.Pointer
	judge func(context.Context) *entry[T] // s.get
	// held is the last good value. Nil until the first fetch.
	held atomic.Pointer[entry[T]]

	source   Source
	id       string
	opts     Options
	injected bool // opts.Now was given: it is asked instead of the invocation

	mu       sync.Mutex // guards the following and stores to fresh and held
	flight   *flight[T]
	running  int           // invocations in progress under Middleware
	retryAt  int64         // no refresh of a held value before; Unix ns, 0 for none
	failures int           // failed refreshes in a row
	changed  chan struct{} // closed and replaced when held changes
	rec      recovery
}

// entry is one fetched value. It is immutable.
type entry[T any] struct {
	data    T
	version Version
	stage   Stage
	fetched int64 // Unix ns, before the fetch
	expires int64 // Unix ns
	self    *entry[T]
	err     error // why there is no value; only in what get returns
}

// expired reports whether the entry is too old at now. An entry that is
// further in the future than it could have been put there is so because the
// clock was set back, and is expired too.
func (e *entry[T]) expired(now int64) bool {
	return now >= e.expires || now < e.fetched-int64(time.Minute)
}

// New returns the secret with the given ID, a name or ARN, of source. It does
// not fetch: see [Prefetch]. It fails on a nil source, an ID that is empty or
// longer than 2,048 bytes, and options out of range.
//
// The value is decoded by T: string and [Redacted] take a text as it is, []byte
// takes a text or a binary value as it is, and any other type is decoded as
// JSON.
func New[T any](source Source, id string, opts *Options) (*Secret[T], error) {
	if opts == nil {
		opts = &Options{}
	}
	o, err := opts.resolve()
	switch {
	case err != nil:
	case source == nil:
		err = errors.New("the source is nil")
	case id == "" || len(id) > 2048:
		err = fmt.Errorf("the ID has %d bytes, want 1 to 2048", len(id))
	case reflect.TypeFor[T]().Kind() == reflect.Interface && o.Decode == nil && reflect.TypeFor[T]().NumMethod() > 0:
		err = fmt.Errorf("%s is an interface: nothing decodes into it", reflect.TypeFor[T]())
	}
	if err != nil {
		return nil, fmt.Errorf("secrets: new %q: %w", id[:min(len(id), 2048)], err)
	}
	s := &Secret[T]{source: source, id: id, opts: o, injected: opts.Now != nil, changed: make(chan struct{})}
	s.fresh, s.judge = &s.slot, s.get
	return s, nil
}

// Get returns the secret's value. Within an invocation that [Middleware] wraps
// it costs an atomic load; otherwise it reads the clock, too. It fetches if
// there is no value or if it has expired, and waits for that until ctx is done.
//
// A value that has expired is still returned if it cannot be fetched again:
// [Options.Observe] learns about it, and [Value.Stale] tells. An error is always
// an [*Error], or the error of ctx together with one.
func (s *Secret[T]) Get(ctx context.Context) (T, error) {
	// As small as the compiler inlines (cost 80 of 80): 1.5 ns and one copy of
	// T, against 2.7 ns with a call. See BenchmarkGet before changing it.
	e := (*entry[T])(atomic.LoadPointer(s.fresh))
	if e == nil {
		e = s.judge(ctx)
	}
	return e.data, e.err
}

// get is Get outside of an invocation. Its entry has an error instead of a
// value if there is none.
func (s *Secret[T]) get(ctx context.Context) *entry[T] {
	e, _, err := s.load(ctx)
	if err != nil {
		return &entry[T]{err: err}
	}
	return e
}

// setFresh sets what Get returns without looking further; nil for nothing.
func (s *Secret[T]) setFresh(e *entry[T]) { atomic.StorePointer(s.fresh, unsafe.Pointer(e)) }

// Value is Get with what is known about the value: its version, for
// [Secret.Recover], and its age.
func (s *Secret[T]) Value(ctx context.Context) (Value[T], error) {
	e, stale, err := s.load(ctx)
	if err != nil {
		return Value[T]{}, err
	}
	return newValue(e, stale), nil
}

// Prefetch fetches the secret unless it is held and has not expired. It fits
// handler.Task.Run. See the function [Prefetch] for several secrets.
func (s *Secret[T]) Prefetch(ctx context.Context) error {
	_, _, err := s.load(ctx)
	return err
}

// ID returns the name or ARN that the secret was created with.
func (s *Secret[T]) ID() string { return s.id }

// now is the wall clock.
func (s *Secret[T]) now() time.Time { return s.opts.Now().Round(0) }

// load returns the value to serve now, and whether it is past its age.
func (s *Secret[T]) load(ctx context.Context) (e *entry[T], stale bool, err error) {
	if e := (*entry[T])(atomic.LoadPointer(s.fresh)); e != nil {
		// Judged at the start of the invocation. It may have expired since, but
		// it is stale only if the source has failed.
		s.mu.Lock()
		stale = s.failures > 0
		s.mu.Unlock()
		return e, stale, nil
	}
	now := s.opts.Now().UnixNano()
	e = s.held.Load()
	if e != nil && !e.expired(now) {
		s.publish(e)
		return e, false, nil
	}
	e, err = s.refresh(ctx, e, now)
	if err != nil {
		return nil, false, err
	}
	s.publish(e)
	return e, e.expired(now), nil
}

// publish makes e what Get returns for the rest of the running invocations.
func (s *Secret[T]) publish(e *entry[T]) {
	s.mu.Lock()
	if s.running > 0 && s.held.Load() == e {
		s.setFresh(e)
	}
	s.mu.Unlock()
}

// storeLocked makes e the value that is held.
func (s *Secret[T]) storeLocked(e *entry[T]) {
	s.held.Store(e)
	if s.running > 0 {
		s.setFresh(e)
	}
	s.retryAt, s.failures = 0, 0
	close(s.changed)
	s.changed = make(chan struct{})
}

// begin judges the value at the start of an invocation.
func (s *Secret[T]) begin(now time.Time) {
	at := now.UnixNano()
	if s.injected {
		at = s.opts.Now().UnixNano()
	}
	s.mu.Lock()
	s.running++
	e := s.held.Load()
	if e != nil && e.expired(at) && at >= s.retryAt {
		e = nil
	}
	s.setFresh(e)
	s.mu.Unlock()
}

// end follows begin. After the last one Get reads the clock again.
func (s *Secret[T]) end() {
	s.mu.Lock()
	if s.running--; s.running == 0 {
		s.setFresh(nil)
	}
	s.mu.Unlock()
}

// fetch fetches and decodes one stage and tells the observer. held says whether
// an older value is served if it fails.
func (s *Secret[T]) fetch(ctx context.Context, stage Stage, fresh, held bool) (*entry[T], []Stage, error) {
	begun := s.opts.Now()
	e, stages, err := s.fetchQuietly(ctx, stage, fresh, begun.UnixNano())
	if s.opts.Observe != nil {
		ev := Event{ID: s.id, Op: "fetch", Stage: stage, Duration: s.opts.Now().Sub(begun), Stale: held && err != nil, Err: err}
		if e != nil {
			ev.Version = e.version
		}
		s.opts.Observe(ctx, ev)
	}
	return e, stages, err
}

func (s *Secret[T]) fetchQuietly(ctx context.Context, stage Stage, fresh bool, begun int64) (e *entry[T], stages []Stage, err error) {
	defer func() {
		if p := recover(); p != nil {
			e, err = nil, &Error{"fetch", s.id, stage, fmt.Errorf("the source panicked (%T)", p)}
		}
	}()
	raw, err := s.source.Fetch(ctx, Request{ID: s.id, Stage: stage, Fresh: fresh})
	if err != nil {
		return nil, nil, &Error{"fetch", s.id, stage, err}
	}
	if raw.Version == "" {
		return nil, nil, &Error{"fetch", s.id, stage, errors.New("the source returned no version")}
	}
	data, err := decode[T](raw, s.opts.Decode)
	if err != nil {
		return nil, nil, &Error{"decode", s.id, stage, err}
	}
	age := float64(s.opts.MaxAge) * (1 - s.opts.Jitter*rand.Float64())
	e = &entry[T]{
		data:    data,
		version: raw.Version,
		stage:   stage,
		fetched: begun,
		expires: begun + int64(age),
	}
	e.self = e
	return e, raw.Stages, nil
}
