package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// skusAre is logic for whole batches: it fails orders of the SKU bad.
func skusAre(seen *[]string) func(context.Context, []batchOrder) []error {
	return func(_ context.Context, orders []batchOrder) []error {
		var errs []error
		for i, o := range orders {
			*seen = append(*seen, o.SKU)
			switch o.SKU {
			case "panic":
				panic("boom")
			case "short":
				return make([]error, len(orders)+1)
			case "bad":
				errs = slices.Grow(errs, len(orders))[:len(orders)]
				errs[i] = errors.New("refused")
			}
		}
		return errs
	}
}

func TestWholeResponses(t *testing.T) {
	drop := OnPoison(func(context.Context, []byte, error) error { return nil })
	keep := Keep(func(record []byte) (bool, error) { return !strings.Contains(string(record), "skip"), nil })
	k, s, fifo := kinesisRecord, sqsRecord, fifoRecord
	for _, c := range []struct {
		name    string
		event   []byte
		opts    []Option
		want    string
		wantErr string
		seen    string
	}{
		{"nothing", records(), nil, failures(), "", ""},
		{"all done", records(s("1", sku("a")), s("2", sku("b"))), nil, failures(), "", "a b"},
		{"one fails", records(s("1", sku("a")), s("2", sku("bad")), s("3", sku("c"))), nil, failures("2"), "", "a bad c"},
		{"one is poison", records(s("1", `{`), s("2", sku("b")), s("3", sku("bad"))), nil, failures("1", "3"), "", "b bad"},
		{"all are poison", records(s("1", `{`), s("2", `{`)), nil, "", "2 of 2 records are not done", ""},
		{"poison dropped", records(s("1", `{`), s("2", sku("b"))), []Option{drop}, failures(), "", "b"},
		{"one not kept", records(s("1", sku("skip")), s("2", sku("bad")), s("3", sku("c"))), []Option{keep}, failures("2"), "", "bad c"},
		{"none kept", records(s("1", sku("skip"))), []Option{keep}, failures(), "", ""},
		{"panic", records(s("1", sku("a")), s("2", sku("panic")), s("3", `{`)), nil, "", "boom", "a panic"},
		{"panic, one dropped", records(s("1", `{`), s("2", sku("panic")), s("3", sku("c"))), []Option{drop}, failures("2", "3"), "", "panic"},
		{"wrong length", records(s("1", sku("short")), s("2", sku("b"))), nil, "", "logic has returned 3 errors for 2 records", "short"},
		{"all fail", records(s("1", sku("bad")), s("2", sku("bad"))), []Option{OnFailure(FailureRules{ReturnAllIDs: true})}, failures("1", "2"), "", "bad bad"},
		{"FIFO", records(fifo("1", "g", sku("a")), fifo("2", "g", sku("bad")), fifo("3", "h", sku("c")), fifo("4", "g", sku("d"))), nil, failures("2", "4"), "", "a bad c d"},
		{"FIFO poison", records(fifo("1", "g", `{`), fifo("2", "g", sku("b")), fifo("3", "h", sku("c"))), nil, failures("1", "2"), "", "c"},
		{"stream", records(k("1", "k", sku("a")), k("2", "l", sku("bad")), k("3", "k", sku("bad"))), nil, failures("2"), "", "a bad bad"},
		{"stream poison", records(k("1", "k", sku("a")), k("2", "l", `{`), k("3", "k", sku("c"))), nil, failures("2"), "", "a"},
		{"stream, first fails", records(k("1", "k", sku("bad")), k("2", "l", sku("b"))), nil, "", "record 1: refused", "bad b"},
		{"stream by key", records(k("1", "k", sku("a")), k("2", "l", `{`), k("3", "l", sku("c")), k("4", "k", sku("d"))), []Option{OnFailure(FailureRules{ContinueOtherKeys: true})}, failures("2"), "", "a d"},
		{"Kafka", kafkaEvent("aws:kafka", []string{kafkaRecord(0, 1, sku("a")), kafkaRecord(0, 2, "")}), nil, "null", "", "a "},
		{"Kafka fails", kafkaEvent("aws:kafka", []string{kafkaRecord(0, 1, sku("a")), kafkaRecord(0, 2, sku("bad"))}), nil, "", "record orders-0:2: refused", "a bad"},
		{"another source", snsEvent(sku("a")), nil, "", "an event of aws:sns, which Batch does not take", ""},
		{"Concurrency", records(), []Option{Concurrency(2)}, "", "Concurrency is not for Batch", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			quiet(t)
			var seen []string
			inv := Batch(skusAre(&seen), c.opts...)
			for range 2 { // the state is used again
				seen = nil
				out, err := inv.Invoke(t.Context(), c.event)
				if string(out) != c.want || (err == nil) != (c.wantErr == "") || err != nil && !strings.Contains(err.Error(), c.wantErr) {
					t.Errorf("%s, %v, want %s, %s", out, err, c.want, c.wantErr)
				}
				if got := strings.Join(seen, " "); got != c.seen {
					t.Errorf("logic saw %q, want %q", got, c.seen)
				}
			}
		})
	}
	if _, err := Batch[int](nil).Invoke(t.Context(), records()); err == nil || !strings.Contains(err.Error(), "the logic is nil") {
		t.Errorf("nil logic: %v", err)
	}
}

func TestWholeDynamoDB(t *testing.T) {
	quiet(t)
	var got []string
	out, err := Batch(func(_ context.Context, changes []streamChange) []error {
		for _, c := range changes {
			got = append(got, c.Keys.ID)
		}
		return []error{nil, errors.New("refused")}
	}).Invoke(t.Context(), records(streamRecord("1", "INSERT", `{"pk":{"S":"a"}}`, ``), streamRecord("2", "INSERT", `{"pk":{"S":"b"}}`, ``)))
	if string(out) != failures("2") || err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%s, %v, %q", out, err, got)
	}
}

// Logic that has not returned in time has done nothing, nor has logic that was
// not called.
func TestWholeDeadline(t *testing.T) {
	quiet(t)
	for name, slow := range map[string]time.Duration{"in logic": 0, "while decoding": 8500 * ms, "while decoding, and still": 9500 * ms} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				var calls atomic.Int32
				inv := Batch(func(context.Context, []batchOrder) []error {
					calls.Add(1)
					time.Sleep(time.Minute)
					return nil
				}, DeadlineReserve(2*time.Second), OnPoison(func(context.Context, []byte, error) error {
					time.Sleep(slow)
					return nil
				}))
				start := time.Now()
				out, err := inv.Invoke(ctx, records(sqsRecord("1", sku("a")), sqsRecord("2", `{`), sqsRecord("3", sku("c"))))
				want, wantCalls := failures("1", "3"), int32(1)
				if slow > 0 {
					wantCalls = 0
				}
				if slow > 9*time.Second { // not one record is done
					want = ""
				}
				if string(out) != want || (err == nil) != (want != "") || calls.Load() != wantCalls || time.Since(start) > 9*time.Second {
					t.Errorf("%s, %v after %v, %d calls", out, err, time.Since(start), calls.Load())
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

// Inputs stay what they are when later records have been decoded.
func TestWholeKeepsInputs(t *testing.T) {
	type input struct {
		Raw   json.RawMessage
		Text  string
		Bytes []byte
		List  []string
	}
	var recs []string
	for i := range 9 {
		recs = append(recs, kinesisRecord(fmt.Sprint(i), "k", fmt.Sprintf(`{"raw":[%d],"text":"t\u0041%d","bytes":"MDAw","list":["l%d"]}`, i, i, i)))
	}
	var got []input
	payload := records(recs...)
	out, err := Batch(func(_ context.Context, ins []input) []error {
		got = ins
		return nil
	}).Invoke(t.Context(), payload)
	clear(payload)
	if string(out) != failures() || err != nil || len(got) != 9 {
		t.Fatalf("%s, %v, %v", out, err, got)
	}
	for i, in := range got {
		if string(in.Raw) != fmt.Sprintf("[%d]", i) || in.Text != fmt.Sprintf("tA%d", i) || string(in.Bytes) != "000" || in.List[0] != fmt.Sprint("l", i) {
			t.Errorf("record %d: %+v", i, in)
		}
	}
}

// Random batches against what the source demands, computed from the records alone.
func TestWholeModel(t *testing.T) {
	quiet(t)
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		kind, n := r.IntN(3), 1+r.IntN(12) // standard queue, FIFO, stream
		does, keys := make([]int, n), make([]int, n)
		var recs []string
		for i := range n {
			does[i], keys[i] = max(0, r.IntN(8)-5), r.IntN(3) // 0 done, 1 fails, 2 poison
			body := fmt.Sprint(i)
			if does[i] == 2 {
				body = `"x"`
			}
			id, key := fmt.Sprint("id", i), fmt.Sprint(keys[i])
			recs = append(recs, []string{sqsRecord(id, body), fifoRecord(id, key, body), kinesisRecord(id, key, body)}[kind])
		}
		var wantSeen []int
		var wantIDs []string
		poisoned, failed := map[int]bool{}, map[int]bool{} // keys
		for i := range n {
			lane := []int{i, keys[i], 0}[kind]
			if !poisoned[lane] && does[i] != 2 {
				wantSeen = append(wantSeen, i)
			}
			poisoned[lane] = poisoned[lane] || does[i] == 2
			if failed[lane] = failed[lane] || does[i] != 0; failed[lane] && (kind < 2 || len(wantIDs) == 0) {
				wantIDs = append(wantIDs, fmt.Sprint("id", i))
			}
		}
		var seen []int
		out, err := Batch(func(_ context.Context, ins []int) []error {
			seen = slices.Clone(ins)
			errs := make([]error, len(ins))
			for at, i := range ins {
				if does[i] == 1 {
					errs[at] = errors.New("refused")
				}
			}
			return errs
		}, OnFailure(FailureRules{ReturnAllIDs: true})).Invoke(t.Context(), records(recs...))
		if string(out) != failures(wantIDs...) || err != nil || !slices.Equal(seen, wantSeen) {
			t.Fatalf("kind %d, %v, keys %v: %s, %v, saw %v, want %v, %v", kind, does, keys, out, err, seen, wantIDs, wantSeen)
		}
	}
}
