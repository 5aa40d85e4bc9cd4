package secrets

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// recovery is what a Secret knows about versions that are being rejected. It is
// guarded by Secret.mu. There is no goroutine behind it: whoever needs the
// secret leads a round or waits for one, and what a round costs is limited by
// next, whoever leads it.
type recovery struct {
	leading *round    // nil unless a round runs
	rounds  int       // failed rounds in a row
	aborts  int       // rounds in a row whose leader's context ended
	began   time.Time // when the first of them ended
	next    time.Time // no round begins before
	gated   bool      // the budget is spent: fail fast until next
	tried   []Version // rejected in the last round, or by whoever leads
	err     error     // why the last round failed

	// What has been fetched in this round. It outlives a leader whose context
	// ends, so that callers with short deadlines get there together.
	fetched map[Stage]any // *candidate[T]

	// A version that is rejected, replaced, and accepted again points to
	// several servers behind one name that disagree. A rotation does it once.
	rejected []Version // the last few versions that were rejected
	returns  int       // accepted versions out of these, in a row
}

// round is one run through the stages.
type round struct {
	done chan struct{}
	err  error // an error of try that says nothing about the secret
}

// refuses reports whether v is known to be rejected.
func (r *recovery) refuses(v Version) bool {
	return (r.leading != nil || r.rounds > 0 || r.aborts > 0) && slices.Contains(r.tried, v)
}

// candidate is a version that is being fetched or was.
type candidate[T any] struct {
	begun  time.Time
	done   chan struct{}
	e      *entry[T]
	stages []Stage
	err    error
}

// Recover finds a version of the secret that is accepted by the service that it
// is for, typically a database, and makes it the value that Get returns.
//
// rejected is the version that has just been rejected. It may be empty if none
// has: Recover then begins with the value that is held, unless that is already
// known to be rejected; a connector that always goes through Recover this way
// makes no login in vain.
//
// try logs in with a value: it returns nil if the service accepted it, an error
// marked by [Rejected] if it rejected the credentials, and any other error for
// everything else, which ends the recovery with that error. try is called on
// the caller's goroutine with the caller's context, never after Recover
// has returned, and possibly several times.
//
// Of all concurrent callers one leads. It fetches and tries, once each, the
// versions of the stages AWSCURRENT, AWSPENDING and AWSPREVIOUS that have not
// been rejected in this round, until one is accepted; the others wait and
// then try that one themselves. A stage that is absent or may not be read is
// passed over. If every version is rejected, further rounds follow after a
// jittered back-off, and when [Options.Budget] is spent, one round every 30 to
// 60 s: until then all callers fail at once, without a fetch and without a
// login. A caller whose deadline is before the next round does not wait for it.
//
// The error is a [*RecoverError], or what try or [Secret.Get] returned.
func (s *Secret[T]) Recover(ctx context.Context, rejected Version, try func(context.Context, Value[T]) error) error {
	return s.recover(ctx, rejected, try, false)
}

// Do calls f with the value of s, and calls it once more if f returned an error
// marked by [Rejected] and another version of the secret can be fetched: an API
// key that an HTTP 401 has rejected. f is called on the caller's goroutine. If
// the second call is rejected, too, or there is no other version, Do returns
// the error of the last call. The fetches, not the calls of f, are limited as
// described at [Secret.Recover].
func Do[T any](ctx context.Context, s *Secret[T], f func(context.Context, T) error) error {
	v, err := s.Value(ctx)
	if err != nil {
		return err
	}
	last := f(ctx, v.Data())
	if !isRejected(last) {
		return last
	}
	err = s.recover(ctx, v.Version(), func(ctx context.Context, v Value[T]) error {
		last = f(ctx, v.Data())
		return last
	}, true)
	if err == nil {
		return nil
	}
	return last
}

func (s *Secret[T]) recover(ctx context.Context, rejected Version, try func(context.Context, Value[T]) error, once bool) error {
	begun := s.now()
	if rejected == "" { // its age counts here as it does for Get
		if _, _, err := s.load(ctx); err != nil {
			return err
		}
	}
	var last error       // the caller's own last rejection
	var waited time.Time // the next that this caller has waited for
	for {
		if s.held.Load() == nil {
			if _, err := s.Value(ctx); err != nil {
				return err
			}
		}
		s.mu.Lock()
		r := &s.rec
		e := s.held.Load()

		// A value that nobody has rejected yet: use it.
		if e.version != rejected && !r.refuses(e.version) {
			s.mu.Unlock()
			err := try(ctx, newValue(e, false))
			if err == nil {
				return nil
			}
			if !isRejected(err) {
				return err
			}
			last, rejected = err, e.version
			if once || ctx.Err() != nil || s.now().Sub(begun) > s.opts.Budget+s.opts.Timeout {
				return s.recoverError(context.Cause(ctx), last)
			}
			continue
		}
		rejected = e.version

		// Somebody leads: wait for the outcome.
		if lead := r.leading; lead != nil {
			s.mu.Unlock()
			select {
			case <-lead.done:
				if lead.err != nil {
					return lead.err
				}
			case <-ctx.Done():
				return s.recoverError(context.Cause(ctx), last)
			}
			continue
		}

		// The last round failed, but with other versions than this one.
		now := s.now()
		if r.rounds+r.aborts > 0 && !slices.Contains(r.tried, rejected) {
			*r = recovery{rejected: r.rejected, returns: r.returns}
		}
		if now.Before(r.next) && !waited.Equal(r.next) {
			next, gated, changed := r.next, r.gated, s.changed
			s.mu.Unlock()
			deadline, ok := ctx.Deadline()
			pause := next.Sub(now)
			if once || gated || ok && time.Until(deadline) <= pause || next.Sub(begun) > s.opts.Budget {
				return s.recoverError(nil, last)
			}
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
				waited = next
			case <-changed:
			case <-ctx.Done():
			}
			timer.Stop()
			if ctx.Err() != nil {
				return s.recoverError(context.Cause(ctx), last)
			}
			continue
		}

		lead := &round{done: make(chan struct{})}
		r.leading = lead
		if r.rounds == 0 {
			r.tried = []Version{rejected}
		}
		s.mu.Unlock()
		done, err := s.lead(ctx, lead, rejected, last, try, once)
		if done {
			return err
		}
		if once {
			return s.recoverError(nil, last)
		}
	}
}

// recoverError reports a failed recovery: the caller's context ended (ctxErr)
// or not (nil), and last is the caller's own last rejection, if it saw one.
func (s *Secret[T]) recoverError(ctxErr, last error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.rec
	err := &RecoverError{ID: s.id, Rounds: r.rounds, Stages: slices.Clone(s.opts.Stages)}
	if s.now().Before(r.next) {
		err.RetryAt = r.next
	}
	if r.err != nil {
		last = r.err
	}
	if last == nil && ctxErr == nil {
		last = errors.New("the value was rejected, and there is no other version")
	}
	if err.Err = last; ctxErr != nil {
		err.Err = ctxErr
		if last != nil {
			err.Err = fmt.Errorf("%w, after: %w", ctxErr, last)
		}
	}
	return err
}

// outcome is what one round brought.
type outcome[T any] struct {
	accepted *entry[T]
	tried    []Version
	logins   int   // calls of try
	rejected int   // and how many of them were rejected
	last     error // the last rejection, or why no version could be fetched
	abort    error // an error of try that says nothing about the secret
}

// lead runs one round and records its outcome. done is false if the versions
// were all rejected.
func (s *Secret[T]) lead(ctx context.Context, lead *round, rejected Version, last error, try func(context.Context, Value[T]) error, once bool) (done bool, err error) {
	begun := s.opts.Now()
	var out outcome[T]
	finished := false
	defer func() {
		if !finished { // try panicked or ended the goroutine
			out.abort = &RecoverError{ID: s.id, Stages: slices.Clone(s.opts.Stages), Err: errors.New("try did not return")}
		}
		switch {
		case out.last == nil:
			out.last = last
		case last != nil && !isRejected(out.last):
			out.last = fmt.Errorf("%w, after: %w", out.last, last)
		}
		s.conclude(ctx, lead, rejected, out)
		if s.opts.Observe != nil {
			ev := Event{ID: s.id, Op: "recover", Duration: s.opts.Now().Sub(begun), Rejected: out.rejected}
			if e := out.accepted; e != nil {
				ev.Stage, ev.Version = e.stage, e.version
			} else if ev.Err = out.abort; ev.Err == nil {
				ev.Err = s.recoverError(nil, nil)
			}
			s.opts.Observe(ctx, ev)
		}
	}()
	s.mu.Lock()
	first := s.rec.rounds == 0
	s.mu.Unlock()
	out = s.round(ctx, rejected, first, try, once)
	finished = true
	switch {
	case out.accepted != nil:
		return true, nil
	case out.abort != nil:
		return true, out.abort
	}
	return false, nil
}

// round tries each stage once. In the first round the rejected version counts
// as tried; later ones try it again, because the service may have changed.
func (s *Secret[T]) round(ctx context.Context, rejected Version, first bool, try func(context.Context, Value[T]) error, once bool) (out outcome[T]) {
	if first {
		out.tried = append(out.tried, rejected)
	}
	var known []Stage // stages of versions that have been fetched
	for _, stage := range s.opts.Stages {
		if slices.Contains(known, stage) {
			continue
		}
		e, stages, err := s.candidate(ctx, stage)
		if err != nil {
			if ctx.Err() != nil {
				out.abort = &RecoverError{ID: s.id, Stages: slices.Clone(s.opts.Stages), Err: err}
				return out
			}
			if stage == s.opts.Stages[0] || !passable(err) {
				out.last = err
			}
			if !passable(err) {
				return out // the source is down or throttles: spare it
			}
			continue
		}
		known = append(known, stages...)
		if slices.Contains(out.tried, e.version) {
			continue
		}
		out.tried = append(out.tried, e.version)
		out.logins++
		switch err := try(ctx, newValue(e, false)); {
		case err == nil:
			out.accepted = e
			return out
		case !isRejected(err):
			out.abort = err
			return out
		default:
			out.rejected++
			out.last = err
		}
		if once {
			return out
		}
	}
	return out
}

// candidate fetches a stage for the round. The fetch has a context of its own
// and is kept for the next leader if ctx ends before it does.
func (s *Secret[T]) candidate(ctx context.Context, stage Stage) (*entry[T], []Stage, error) {
	now := s.now()
	s.mu.Lock()
	c, _ := s.rec.fetched[stage].(*candidate[T])
	if c == nil || now.Sub(c.begun) > s.opts.Timeout || now.Before(c.begun) {
		c = &candidate[T]{begun: now, done: make(chan struct{})}
		if s.rec.fetched == nil {
			s.rec.fetched = make(map[Stage]any)
		}
		s.rec.fetched[stage] = c
		go func() {
			fctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.opts.Timeout)
			defer cancel()
			defer close(c.done)
			c.err = &Error{"fetch", s.id, stage, context.Canceled} // if the source ends the goroutine
			c.e, c.stages, c.err = s.fetch(fctx, stage, true, true)
		}()
	}
	s.mu.Unlock()
	timer := time.NewTimer(s.opts.Timeout + s.opts.Timeout/10) // for a source that ignores its context
	defer timer.Stop()
	select {
	case <-c.done:
		return c.e, c.stages, c.err
	case <-timer.C:
		return nil, nil, &Error{"fetch", s.id, stage, context.DeadlineExceeded}
	case <-ctx.Done():
		return nil, nil, &Error{"fetch", s.id, stage, context.Cause(ctx)}
	}
}

// passable reports whether a stage that failed to be fetched is passed over:
// it is not there, may not be read, or holds something else.
func passable(err error) bool {
	for _, target := range []error{ErrNotFound, ErrDenied, ErrDecode, ErrTooLarge} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// conclude records the outcome of a round and wakes whoever waits for it.
func (s *Secret[T]) conclude(ctx context.Context, lead *round, rejected Version, out outcome[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.rec
	defer close(lead.done)
	r.leading = nil
	now := s.now()

	if e := out.accepted; e != nil {
		returned := slices.Contains(r.rejected, e.version)
		seen := append(slices.DeleteFunc(r.rejected, func(v Version) bool { return v == e.version || slices.Contains(out.tried, v) }), out.tried...)
		seen = slices.DeleteFunc(seen, func(v Version) bool { return v == e.version })
		if !slices.Contains(seen, rejected) && rejected != e.version {
			seen = append(seen, rejected)
		}
		next := recovery{rejected: seen[max(0, len(seen)-8):]}
		if returned {
			if next.returns = r.returns + 1; next.returns > 2 {
				next.next = now.Add(backoff(next.returns, backoffMin, backoffMax))
			}
		}
		*r = next
		s.storeLocked(e)
		return
	}
	if out.abort != nil && ctx.Err() != nil {
		// Only the leader's own context has ended: the next one continues with
		// what was fetched, after a pause if there was a login.
		r.aborts++
		r.next = now
		if out.logins > 0 {
			r.next = now.Add(backoff(r.aborts, backoffMin, backoffMax))
		}
		if r.gated {
			r.next = now.Add(gateMin + rand.N(gateMax-gateMin))
		}
		return
	}
	r.fetched, r.aborts = nil, 0
	if out.abort != nil {
		// The service is down or broken: whoever waits gets to know.
		lead.err = out.abort
		r.next = now.Add(backoff(r.rounds+1, backoffMin, backoffMax))
		if r.gated {
			r.next = now.Add(gateMin + rand.N(gateMax-gateMin))
		}
		return
	}
	if r.rounds++; r.rounds == 1 {
		r.began = now
	}
	if !slices.Contains(out.tried, rejected) {
		out.tried = append(out.tried, rejected)
	}
	r.tried = out.tried
	if out.last != nil {
		r.err = out.last
	}
	pause := backoff(r.rounds, backoffMin, backoffMax)
	if r.gated || now.Add(pause).Sub(r.began) > s.opts.Budget {
		r.gated = true
		pause = gateMin + rand.N(gateMax-gateMin)
	}
	r.next = now.Add(pause)
}
