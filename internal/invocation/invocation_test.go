package invocation_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

func TestFrom(t *testing.T) {
	type other struct{}
	ctx := context.WithValue(t.Context(), other{}, "kept")
	if v := invocation.From(ctx); v != nil {
		t.Fatalf("From a bare context = %+v, want nil", v)
	}
	want := invocation.Value{RequestID: "r-1", FunctionARN: "arn", TraceID: "t", TenantID: "blue", ColdStart: true}
	ctx = invocation.NewContext(ctx, want)
	if got := invocation.From(ctx); got == nil || *got != want {
		t.Fatalf("From = %+v, want %+v", got, want)
	}
	if got := ctx.Value(other{}); got != "kept" {
		t.Errorf("a parent's value = %v, want kept", got)
	}
	child, cancel := context.WithCancel(ctx)
	defer cancel()
	if got := invocation.From(child); got == nil || got.RequestID != "r-1" {
		t.Errorf("From a child context = %+v", got)
	}
	inner := invocation.NewContext(ctx, invocation.Value{RequestID: "r-2"})
	if got := invocation.From(inner).RequestID; got != "r-2" {
		t.Errorf("the inner invocation's request ID = %q, want r-2", got)
	}
}

func TestDeadlineAndStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		if _, ok := invocation.Deadline(context.Background()); ok {
			t.Error("Deadline of a context without one is ok")
		}
		bare, cancel := context.WithDeadline(context.Background(), now.Add(3*time.Second))
		defer cancel()
		if d, ok := invocation.Deadline(bare); !ok || !d.Equal(now.Add(3*time.Second)) {
			t.Errorf("Deadline of a bare context = %v, %v", d, ok)
		}
		if s := invocation.Start(bare); !s.Equal(now) {
			t.Errorf("Start of a bare context = %v, want the clock's %v", s, now)
		}
		// Logic gets an earlier deadline; the platform's is still the invocation's.
		ctx := invocation.NewContext(bare, invocation.Value{Deadline: now.Add(5 * time.Second), Start: now.Add(-time.Second)})
		if d, ok := invocation.Deadline(ctx); !ok || !d.Equal(now.Add(5*time.Second)) {
			t.Errorf("Deadline = %v, %v, want the platform's", d, ok)
		}
		if s := invocation.Start(ctx); !s.Equal(now.Add(-time.Second)) {
			t.Errorf("Start = %v", s)
		}
	})
}

func TestPlatform(t *testing.T) {
	if p := invocation.Platform(t.Context()); p != nil {
		t.Errorf("without an invocation: %v", p)
	}
	platform, cancel := context.WithCancel(t.Context())
	ctx, stop := context.WithCancel(invocation.NewContext(platform, invocation.Value{}))
	stop()
	if p := invocation.Platform(ctx); p != platform || p.Err() != nil {
		t.Errorf("Platform = %v", p)
	}
	cancel()
	if invocation.Platform(ctx).Err() != context.Canceled {
		t.Error("the platform's context is not canceled")
	}
}
