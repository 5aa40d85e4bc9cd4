package idempotent_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/handler/idempotent"
	"github.com/lambdatune/lambdatune/internal/invocation"
)

type order struct {
	ID     string
	Amount int
	Trace  string
}

type receipt struct {
	Number int
	Order  string
}

// shop counts what it did.
type shop struct {
	placed int
	place  func(context.Context, order) error
}

func (s *shop) Place(ctx context.Context, o order) (receipt, error) {
	if s.place != nil {
		if err := s.place(ctx, o); err != nil {
			return receipt{}, err
		}
	}
	s.placed++
	return receipt{s.placed, o.ID}, nil
}

func byID(o order) string { return o.ID }

func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(shop)
		place := idempotent.Wrap(idempotent.NewMemory(0), byID, s.Place, nil)
		ctx := t.Context()
		for i := range 3 {
			r, err := place(ctx, order{ID: "a", Amount: i})
			if want := (receipt{1, "a"}); err != nil || r != want {
				t.Errorf("call %d = %v, %v, want %v", i, r, err, want)
			}
		}
		if r, err := place(ctx, order{ID: "b"}); err != nil || r.Number != 2 {
			t.Errorf("another key = %v, %v", r, err)
		}
		time.Sleep(idempotent.DefaultExpiry - 1)
		if r, _ := place(ctx, order{ID: "a"}); r.Number != 1 {
			t.Errorf("just before the expiry: %v", r)
		}
		time.Sleep(time.Nanosecond)
		if r, _ := place(ctx, order{ID: "a"}); r.Number != 3 {
			t.Errorf("at the expiry: %v, want it placed again", r)
		}
	})
}

func TestErrorRunsAgain(t *testing.T) {
	fault := errors.New("no stock")
	s := &shop{place: func(context.Context, order) error { return fault }}
	store := idempotent.NewMemory(0)
	place := idempotent.Wrap(store, byID, s.Place, nil)
	if _, err := place(t.Context(), order{ID: "a"}); err != fault {
		t.Errorf("error = %v, want logic's own", err)
	}
	if n := store.Len(); n != 0 {
		t.Errorf("%d records after an error", n)
	}
	s.place = nil
	if r, err := place(t.Context(), order{ID: "a"}); err != nil || r.Number != 1 {
		t.Errorf("retry = %v, %v", r, err)
	}
}

func TestPanicRunsAgain(t *testing.T) {
	s := &shop{place: func(context.Context, order) error { panic("boom") }}
	store := idempotent.NewMemory(0)
	place := idempotent.Wrap(store, byID, s.Place, nil)
	func() {
		defer func() {
			if v := recover(); v != "boom" {
				t.Errorf("recovered %v, want logic's panic", v)
			}
		}()
		place(t.Context(), order{ID: "a"}) //nolint:errcheck // it panics
	}()
	if n := store.Len(); n != 0 {
		t.Errorf("%d records after a panic", n)
	}
}

func TestInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{place: func(context.Context, order) error { time.Sleep(time.Second); return nil }}
		store := idempotent.NewMemory(0)
		place := idempotent.Wrap(store, byID, s.Place, nil)
		deadline := time.Now().Add(3 * time.Second)
		ctx := invocation.NewContext(t.Context(), invocation.Value{Deadline: deadline})
		first := make(chan error)
		go func() {
			_, err := place(ctx, order{ID: "a"})
			first <- err
		}()
		synctest.Wait()
		_, err := place(ctx, order{ID: "a"})
		busy, ok := errors.AsType[*idempotent.InProgressError](err)
		if !ok || !busy.Until.Equal(deadline) || busy.HTTPStatus() != 409 {
			t.Errorf("a duplicate in progress: %v", err)
		}
		if err := <-first; err != nil {
			t.Error(err)
		}
		if r, err := place(ctx, order{ID: "a"}); err != nil || r.Number != 1 {
			t.Errorf("a duplicate after it: %v, %v", r, err)
		}
	})
}

// A call that its platform killed leaves its record; the next one may run from
// the deadline on.
func TestTimedOutInvocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		s := &shop{place: func(context.Context, order) error { <-hang; return nil }}
		place := idempotent.Wrap(idempotent.NewMemory(0), byID, s.Place, &idempotent.Options[order]{Expiry: time.Second})
		invoke := func() error {
			ctx := invocation.NewContext(t.Context(), invocation.Value{Deadline: time.Now().Add(5 * time.Second)})
			_, err := place(ctx, order{ID: "a"})
			return err
		}
		killed := make(chan error)
		go func() { killed <- invoke() }()
		synctest.Wait()
		time.Sleep(5*time.Second - 1) // far past the Expiry, which must not count yet
		if _, ok := errors.AsType[*idempotent.InProgressError](invoke()); !ok {
			t.Error("a duplicate ran before the deadline")
		}
		time.Sleep(time.Nanosecond)
		second := make(chan error)
		go func() { second <- invoke() }()
		synctest.Wait()
		// Had the first one not been killed after all, and succeeded:
		hang <- struct{}{}
		if err := <-killed; !errors.Is(err, idempotent.ErrTakenOver) {
			t.Errorf("the call that outlived its deadline: %v, want ErrTakenOver", err)
		}
		hang <- struct{}{}
		if err := <-second; err != nil {
			t.Errorf("the call that took over: %v", err)
		}
	})
}

// A failure that comes too late must not delete the record of the call that took
// over.
func TestLateFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		results := make(chan error)
		s := &shop{place: func(context.Context, order) error { return <-results }}
		place := idempotent.Wrap(idempotent.NewMemory(0), byID, s.Place, nil)
		invoke := func(done chan<- error) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := place(ctx, order{ID: "a"})
			done <- err
		}
		first, second, third := make(chan error, 1), make(chan error, 1), make(chan error, 1)
		go invoke(first)
		time.Sleep(time.Second)
		go invoke(second)
		synctest.Wait()
		results <- errors.New("late") // received by the one that waited first
		<-first
		invoke(third)
		if _, ok := errors.AsType[*idempotent.InProgressError](<-third); !ok {
			t.Error("the record of the call that took over is gone")
		}
		results <- nil
		if err := <-second; err != nil {
			t.Error(err)
		}
	})
}

func TestPayload(t *testing.T) {
	s := new(shop)
	place := idempotent.Wrap(idempotent.NewMemory(0), byID, s.Place, &idempotent.Options[order]{Payload: func(o order) any { return o.Amount }})
	if _, err := place(t.Context(), order{ID: "a", Amount: 5, Trace: "x"}); err != nil {
		t.Fatal(err)
	}
	if r, err := place(t.Context(), order{ID: "a", Amount: 5, Trace: "y"}); err != nil || r.Number != 1 {
		t.Errorf("the same payload: %v, %v", r, err)
	}
	_, err := place(t.Context(), order{ID: "a", Amount: 6})
	if e, ok := errors.AsType[*idempotent.PayloadMismatchError](err); !ok || e.Status != idempotent.Completed || e.HTTPStatus() != 422 {
		t.Errorf("another payload: %v", err)
	}
	if s.placed != 1 {
		t.Errorf("placed %d times", s.placed)
	}
}

func TestNoKey(t *testing.T) {
	s := new(shop)
	place := idempotent.Wrap(idempotent.NewMemory(0), byID, s.Place, nil)
	if _, err := place(t.Context(), order{}); err != idempotent.ErrNoKey || s.placed != 0 {
		t.Errorf("error = %v, placed %d", err, s.placed)
	}
}

// Functions share a store without sharing keys.
func TestNames(t *testing.T) {
	store := idempotent.NewMemory(0)
	ran := ""
	key := func(s string) string { return s }
	a := idempotent.Each(store, key, func(context.Context, string) error { ran += "a"; return nil }, nil)
	b := idempotent.Each(store, key, func(context.Context, string) error { ran += "b"; return nil }, nil)
	same := idempotent.Each(store, key, func(context.Context, string) error { ran += "c"; return nil }, &idempotent.Options[string]{Name: "n"})
	too := idempotent.Each(store, key, func(context.Context, string) error { ran += "d"; return nil }, &idempotent.Options[string]{Name: "n"})
	for range 2 {
		for _, f := range []func(context.Context, string) error{a, b, same, too} {
			if err := f(t.Context(), "k"); err != nil {
				t.Error(err)
			}
		}
	}
	if ran != "abc" {
		t.Errorf("ran %q, want %q", ran, "abc")
	}
}

func TestMistakes(t *testing.T) {
	s := new(shop)
	for _, c := range []struct {
		name string
		call func(context.Context, order) (receipt, error)
		want string
	}{
		{"store", idempotent.Wrap(nil, byID, s.Place, nil), "Store is needed"},
		{"key", idempotent.Wrap(idempotent.NewMemory(0), nil, s.Place, nil), "key is needed"},
		{"f", idempotent.Wrap[order, receipt](idempotent.NewMemory(0), byID, nil, nil), "function is needed"},
		{"expiry", idempotent.Wrap(idempotent.NewMemory(0), byID, s.Place, &idempotent.Options[order]{Expiry: -1}), "-1ns is out of range"},
		{"name", idempotent.Wrap(idempotent.NewMemory(0), byID, s.Place, &idempotent.Options[order]{Name: strings.Repeat("n", 513)}), "513 bytes"},
	} {
		if _, err := c.call(t.Context(), order{ID: "a"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if s.placed != 0 {
		t.Error("logic ran")
	}
}

// broken fails where it is told to.
type broken struct {
	*idempotent.Memory
	begin, complete, release error
	sawOver                  bool
}

func (b *broken) Begin(ctx context.Context, r idempotent.Record, now time.Time) (*idempotent.Record, error) {
	if b.begin != nil {
		return nil, b.begin
	}
	return b.Memory.Begin(ctx, r, now)
}

func (b *broken) Complete(ctx context.Context, r idempotent.Record) error {
	b.sawOver = b.sawOver || ctx.Err() != nil
	if b.complete != nil {
		return b.complete
	}
	return b.Memory.Complete(ctx, r)
}

func (b *broken) Release(ctx context.Context, key, owner string) error {
	b.sawOver = b.sawOver || ctx.Err() != nil
	if b.release != nil {
		return b.release
	}
	return b.Memory.Release(ctx, key, owner)
}

func TestStoreFailures(t *testing.T) {
	fault, own := errors.New("throttled"), errors.New("own")
	for _, c := range []struct {
		name  string
		store broken
		logic error
		op    string
	}{
		{"begin", broken{begin: fault}, nil, "begin"},
		{"complete", broken{complete: fault}, nil, "complete"},
		{"release", broken{release: fault}, own, "release"},
	} {
		c.store.Memory = idempotent.NewMemory(0)
		s := &shop{place: func(context.Context, order) error { return c.logic }}
		_, err := idempotent.Wrap(&c.store, byID, s.Place, nil)(t.Context(), order{ID: "secret-key"})
		e, ok := errors.AsType[*idempotent.StoreError](err)
		if !ok || e.Op != c.op || !errors.Is(err, fault) {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.logic != nil && !errors.Is(err, c.logic) {
			t.Errorf("%s: logic's error is lost in %v", c.name, err)
		}
		if strings.Contains(err.Error(), "secret-key") {
			t.Errorf("%s: the key is in %v", c.name, err)
		}
		if ran := s.placed == 1; ran != (c.op == "complete") {
			t.Errorf("%s: ran = %v", c.name, ran)
		}
	}
}

// The store learns of the outcome though the context of logic is over.
func TestSettleAfterCancel(t *testing.T) {
	for _, fails := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		store := &broken{Memory: idempotent.NewMemory(0)}
		s := &shop{place: func(context.Context, order) error {
			cancel()
			if fails {
				return errors.New("canceled")
			}
			return nil
		}}
		_, err := idempotent.Wrap(store, byID, s.Place, nil)(ctx, order{ID: "a"})
		if (err != nil) != fails || store.sawOver || (store.Len() == 0) != fails {
			t.Errorf("fails %v: %v, over %v, %d records", fails, err, store.sawOver, store.Len())
		}
	}
}

func TestContextOver(t *testing.T) {
	s := new(shop)
	place := idempotent.Wrap(idempotent.NewMemory(0), byID, s.Place, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := place(ctx, order{ID: "a"}); err != context.Canceled {
		t.Errorf("canceled: %v", err)
	}
	past := invocation.NewContext(t.Context(), invocation.Value{Deadline: time.Now().Add(-time.Second)})
	if _, err := place(past, order{ID: "a"}); err != context.DeadlineExceeded {
		t.Errorf("past its deadline: %v", err)
	}
	if s.placed != 0 {
		t.Error("logic ran")
	}
}

func TestUnencodableResult(t *testing.T) {
	store := idempotent.NewMemory(0)
	f := idempotent.Wrap(store, byID, func(context.Context, order) (func(), error) { return func() {}, nil }, nil)
	_, err := f(t.Context(), order{ID: "a"})
	if e, ok := errors.AsType[*idempotent.StoreError](err); !ok || e.Op != "encode" || store.Len() != 0 {
		t.Errorf("%v, %d records", err, store.Len())
	}
}
