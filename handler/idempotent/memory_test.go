package idempotent_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler/idempotent"
)

func TestMemoryBounds(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	ctx := t.Context()
	m := idempotent.NewMemory(3)
	begin := func(key string, at time.Time) (*idempotent.Record, error) {
		return m.Begin(ctx, idempotent.Record{Key: key, Status: idempotent.InProgress, Owner: "o" + key,
			InProgressExpiry: at.Add(time.Minute), Expiry: at.Add(time.Hour)}, at)
	}
	complete := func(key string) {
		t.Helper()
		if err := m.Complete(ctx, idempotent.Record{Key: key, Status: idempotent.Completed, Owner: "o" + key, Expiry: now.Add(time.Hour), Result: []byte(`"` + key + `"`)}); err != nil {
			t.Fatal(key, err)
		}
	}
	for _, key := range []string{"a", "b", "c"} {
		if r, err := begin(key, now); r != nil || err != nil {
			t.Fatal(key, r, err)
		}
	}
	if _, err := begin("d", now); err != idempotent.ErrFull {
		t.Fatalf("a fourth in progress: %v, want ErrFull", err)
	}
	complete("b")
	complete("c")
	if r, err := begin("b", now); err != nil || string(r.Result) != `"b"` { // now c is the least recently used
		t.Fatal(r, err)
	}
	if r, err := begin("d", now); r != nil || err != nil {
		t.Fatal(r, err)
	}
	if r, err := begin("a", now); err != nil || r == nil || r.Status != idempotent.InProgress {
		t.Errorf("a record in progress was dropped: %v, %v", r, err)
	}
	if r, _ := begin("b", now); r == nil {
		t.Error("the record that was used last is gone")
	}
	if m.Len() != 3 {
		t.Errorf("%d records, want 3", m.Len())
	}
	// A minute later those in progress are dead, and may be dropped or taken.
	if r, err := begin("a", now.Add(time.Minute)); r != nil || err != nil {
		t.Errorf("a dead record stands in the way: %v, %v", r, err)
	}
	if r, err := begin("e", now.Add(time.Minute)); r != nil || err != nil || m.Len() != 3 {
		t.Errorf("no room beside a dead record: %v, %v, %d", r, err, m.Len())
	}
}

// A caller cannot change what the store holds.
func TestMemoryCopies(t *testing.T) {
	m, now := idempotent.NewMemory(0), time.Now()
	rec := idempotent.Record{Key: "k", Status: idempotent.InProgress, Owner: "o", Expiry: now.Add(time.Hour)}
	if _, err := m.Begin(t.Context(), rec, now); err != nil {
		t.Fatal(err)
	}
	rec.Status, rec.Result = idempotent.Completed, []byte("1")
	if err := m.Complete(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	rec.Result[0] = 'x'
	r, _ := m.Begin(t.Context(), rec, now)
	r.Result[0] = 'y'
	if r, _ = m.Begin(t.Context(), rec, now); string(r.Result) != "1" {
		t.Errorf("result = %q", r.Result)
	}
}

func BenchmarkReplay(b *testing.B) {
	s := new(shop)
	place := idempotent.Wrap(idempotent.NewMemory(0), byID, s.Place, nil)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if r, err := place(ctx, order{ID: "a"}); err != nil || r.Number != 1 {
			b.Fatal(r, err)
		}
	}
}

func BenchmarkFirst(b *testing.B) {
	s := new(shop)
	place := idempotent.Wrap(idempotent.NewMemory(0), byID, s.Place, nil)
	ctx := b.Context()
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		if _, err := place(ctx, order{ID: fmt.Sprint(n)}); err != nil {
			b.Fatal(err)
		}
	}
}
