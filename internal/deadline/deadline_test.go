package deadline

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

func TestReserveOf(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct{ remaining, fixed, want time.Duration }{
		{3 * time.Second, DefaultReserve, 200 * ms},
		{10 * time.Second, DefaultReserve, 500 * ms},
		{40 * time.Second, DefaultReserve, 2 * time.Second},
		{15 * time.Minute, DefaultReserve, 2 * time.Second},
		{800 * ms, DefaultReserve, 200 * ms},
		{400 * ms, DefaultReserve, 100 * ms},
		{0, DefaultReserve, 0},
		{-time.Second, DefaultReserve, 0},
		{3 * time.Second, 0, 0},
		{3 * time.Second, time.Second, time.Second},
		{3 * time.Second, time.Minute, 1500 * ms},
		{-time.Second, time.Second, 0},
	} {
		if got := reserveOf(c.remaining, c.fixed); got != c.want {
			t.Errorf("reserveOf(%v, %v) = %v, want %v", c.remaining, c.fixed, got, c.want)
		}
	}
}

func TestWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		platform := func(d time.Duration) context.Context {
			ctx, cancel := context.WithDeadline(t.Context(), now.Add(d))
			t.Cleanup(cancel)
			return ctx
		}
		invoked := func(ctx context.Context, since, deadline time.Duration) context.Context {
			return invocation.NewContext(ctx, invocation.Value{Start: now.Add(-since), Deadline: now.Add(deadline)})
		}
		for _, c := range []struct {
			name             string
			ctx              context.Context
			reserve, timeout time.Duration
			want             time.Duration // from now; 0 for none
			same             bool          // ctx itself
		}{
			{"platform", platform(10 * time.Second), DefaultReserve, 0, 9500 * time.Millisecond, false},
			{"platform of an invocation", invoked(platform(10*time.Second), time.Second, 10*time.Second), DefaultReserve, 0, 9500 * time.Millisecond, false},
			{"gateway first", platform(time.Minute), DefaultReserve, 29 * time.Second, 27550 * time.Millisecond, false},
			{"gateway first, since the start", invoked(platform(time.Minute), 9*time.Second, time.Minute), DefaultReserve, 29 * time.Second, 19 * time.Second, false},
			{"platform first", platform(10 * time.Second), DefaultReserve, 29 * time.Second, 9500 * time.Millisecond, false},
			{"gateway alone", t.Context(), DefaultReserve, 20 * time.Second, 19 * time.Second, false},
			{"none", t.Context(), DefaultReserve, 0, 0, true},
			{"no reserve", platform(10 * time.Second), 0, 0, 10 * time.Second, true},
			{"middleware's is earlier", invoked(platform(5*time.Second), 0, 10*time.Second), DefaultReserve, 0, 5 * time.Second, true},
			{"middleware's is within the reserve", invoked(platform(9900*time.Millisecond), 0, 10*time.Second), DefaultReserve, 0, 9500 * time.Millisecond, false},
			{"past", platform(-time.Second), DefaultReserve, 0, -time.Second, true},
		} {
			ctx, d := With(c.ctx, c.reserve, c.timeout)
			if (ctx == c.ctx) != c.same || (d == nil) != c.same {
				t.Errorf("%s: same context = %v, want %v", c.name, ctx == c.ctx, c.same)
			}
			got, ok := ctx.Deadline()
			if ok != (c.want != 0) || ok && !got.Equal(now.Add(c.want)) {
				t.Errorf("%s: deadline %v, %v, want %v", c.name, got.Sub(now), ok, c.want)
			}
			d.Finish()
		}
	})
}

// own returns a Context that ends after d, and its parent's cancel.
func own(t *testing.T, d time.Duration) (*Context, context.CancelFunc) {
	parent, cancel := context.WithTimeout(t.Context(), 2*d)
	t.Cleanup(cancel)
	_, c := With(parent, d, 0)
	if c == nil {
		t.Fatal("With made no context")
	}
	return c, cancel
}

func TestDeadlineExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unarmed, _ := own(t, time.Second)
		armed, _ := own(t, time.Second)
		done := armed.Done()
		for _, c := range []*Context{unarmed, armed} {
			if err := c.Err(); err != nil {
				t.Errorf("Err before the deadline = %v", err)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for _, c := range []*Context{unarmed, armed} {
			if err := c.Err(); err != context.DeadlineExceeded {
				t.Errorf("Err = %v, want DeadlineExceeded", err)
			}
			if err := context.Cause(c); err != context.DeadlineExceeded {
				t.Errorf("Cause = %v, want DeadlineExceeded", err)
			}
			select {
			case <-c.Done():
			default:
				t.Error("Done is open after Err was not nil")
			}
			c.Finish()
			if err := c.Err(); err != context.DeadlineExceeded {
				t.Errorf("Err after Finish = %v, want it unchanged", err)
			}
		}
		<-done
	})
}

// Contexts that end while nobody has called Done end like the others.
func TestDeadlineEndsUnarmed(t *testing.T) {
	cause := errors.New("reason")
	for _, c := range []struct {
		name  string
		end   func(*Context, context.CancelCauseFunc)
		cause error
	}{
		{"Finish", func(d *Context, _ context.CancelCauseFunc) { d.Finish() }, context.Canceled},
		{"parent", func(_ *Context, cancel context.CancelCauseFunc) { cancel(cause) }, cause},
	} {
		for _, armed := range []bool{false, true} {
			parent, cancel := context.WithCancelCause(t.Context())
			_, d := With(parent, 0, time.Hour)
			if armed {
				d.Done()
			}
			c.end(d, cancel)
			if err := d.Err(); err != context.Canceled {
				t.Errorf("%s, armed %v: Err = %v", c.name, armed, err)
			}
			if err := context.Cause(d); err != c.cause {
				t.Errorf("%s, armed %v: Cause = %v, want %v", c.name, armed, err, c.cause)
			}
			select {
			case <-d.Done():
			default:
				t.Errorf("%s, armed %v: Done is open", c.name, armed)
			}
			child, stop := context.WithCancel(d)
			if child.Err() != context.Canceled {
				t.Errorf("%s, armed %v: a child's Err = %v", c.name, armed, child.Err())
			}
			stop()
			cancel(nil)
		}
	}
}

func TestDeadlineChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type (
			key  struct{}
			key2 struct{}
		)
		parent, stop := context.WithTimeout(context.WithValue(t.Context(), key{}, "kept"), time.Hour)
		defer stop()
		_, c := With(parent, 0, time.Second)
		before := runtime.NumGoroutine()
		child, cancel := context.WithCancel(context.WithValue(c, key2{}, 1))
		defer cancel()
		later, cancelLater := context.WithTimeout(c, time.Minute)
		defer cancelLater()
		ran := make(chan error, 1)
		context.AfterFunc(c, func() { ran <- c.Err() })
		if n := runtime.NumGoroutine(); n != before {
			t.Errorf("children started %d goroutines", n-before)
		}
		if v := child.Value(key{}); v != "kept" {
			t.Errorf("Value = %v, want kept", v)
		}
		if d, _ := later.Deadline(); !d.Equal(c.deadline) {
			t.Errorf("a later child's deadline = %v, want %v", d, c.deadline)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for _, ctx := range []context.Context{child, later} {
			if ctx.Err() != context.DeadlineExceeded || context.Cause(ctx) != context.DeadlineExceeded {
				t.Errorf("a child's Err = %v, Cause = %v", ctx.Err(), context.Cause(ctx))
			}
		}
		if err := <-ran; err != context.DeadlineExceeded {
			t.Errorf("AfterFunc saw %v", err)
		}
		c.Finish()
	})
}

// Finish must leave nothing running: synctest fails on a goroutine or timer
// that is waited for, and the AfterFunc must have run.
func TestDeadlineFinishFreesChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := own(t, time.Hour)
		child, cancel := context.WithCancel(c)
		defer cancel()
		c.Finish()
		if child.Err() != context.Canceled {
			t.Errorf("child's Err right after Finish = %v", child.Err())
		}
	})
}

func TestDeadlineAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under -race")
	}
	parent, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if n := testing.AllocsPerRun(100, func() {
		ctx, d := With(parent, DefaultReserve, 0)
		if ctx.Err() != nil {
			t.Error("over")
		}
		d.Finish()
	}); n > 1 {
		t.Errorf("%v allocations per context that nobody waits for, want 1", n)
	}
}

func TestDeadlineConcurrentUse(t *testing.T) {
	for range 100 {
		parent, cancel := context.WithCancel(t.Context())
		_, c := With(parent, 0, time.Hour)
		done := make(chan struct{})
		for range 4 {
			go func() {
				<-c.Done()
				if c.Err() == nil {
					t.Error("done, but no error")
				}
				done <- struct{}{}
			}()
		}
		go cancel()
		c.Finish()
		for range 4 {
			<-done
		}
	}
}
