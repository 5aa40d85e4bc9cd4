package handler

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Many more by hand: go test -run BatchModel -batches 100000
var batches = flag.Int("batches", 3000, "how many random batches TestBatchModel runs")

// behavior is what logic does with a record.
type behavior int

const (
	succeed behavior = iota
	fail
	panics
	poison // it does not decode
	waits  // until its context is over
	deaf   // does not return for as long as the batch lasts
	behaviors
)

// modelRecord is a record of a random batch, and what was seen of it.
type modelRecord struct {
	key   int
	does  behavior
	takes time.Duration

	started, ended time.Time // of logic
	ok             bool      // logic has returned nil
	runs           int
	dropped        bool // by OnPoison
}

// modelBatch is a random batch.
type modelBatch struct {
	kind     int // 0 standard queue, 1 FIFO, 2 stream, 3 stream by key, 4 DynamoDB stream
	workers  int
	reserve  time.Duration
	limit    time.Duration // the platform's deadline; 0 for none
	allIDs   bool
	dropping bool // OnPoison drops
	records  []modelRecord
}

const ms = time.Millisecond

func randomBatch(r *rand.Rand) *modelBatch {
	b := &modelBatch{kind: r.IntN(5), workers: 1, reserve: time.Duration(1+r.IntN(20)) * 10 * ms, allIDs: r.IntN(3) == 0, dropping: r.IntN(3) == 0}
	if r.IntN(3) > 0 {
		b.workers = 1 + r.IntN(6)
	}
	if r.IntN(4) > 0 {
		b.limit = 2*b.reserve + time.Duration(r.IntN(1000))*ms
	}
	keys := 1 + r.IntN(6)
	trouble := r.IntN(4) // none in a quarter of the batches
	for range 1 + r.IntN(24) {
		rec := modelRecord{key: r.IntN(keys)}
		if r.IntN(3) == 0 {
			rec.takes = time.Duration(r.IntN(200))*ms + time.Microsecond // never at the moment of a deadline
		}
		if r.IntN(12) < trouble {
			if rec.does = behavior(r.IntN(int(behaviors))); b.limit == 0 && rec.does >= waits {
				rec.does = fail
			}
		}
		b.records = append(b.records, rec)
	}
	return b
}

func (b *modelBatch) event() []byte {
	var recs []string
	for i, r := range b.records {
		body := fmt.Sprintf(`{"NewImage":%d}`, i)
		if r.does == poison {
			body = `{"NewImage":"x"}`
		}
		id, key := fmt.Sprint("id-", i), fmt.Sprint("k-", r.key)
		switch b.kind {
		case 0:
			recs = append(recs, sqsRecord(id, body))
		case 1:
			recs = append(recs, fifoRecord(id, key, body))
		case 2, 3:
			recs = append(recs, kinesisRecord(id, key, body))
		case 4:
			image := fmt.Sprintf(`{"N":"%d"}`, i)
			if r.does == poison {
				image = `{"S":"x"}`
			}
			recs = append(recs, streamRecord(id, "INSERT", `{"pk":{"S":"`+key+`"}}`, `"NewImage":{"n":`+image+`},`))
		}
	}
	return records(recs...)
}

type (
	modelInput struct {
		NewImage int // its index
	}
	modelChange struct {
		NewImage struct {
			N int `json:"n"`
		}
	}
)

// run runs the batch and checks all that must hold.
func (b *modelBatch) run(t *testing.T) error {
	var mu sync.Mutex
	running, most := 0, 0
	release := make(chan struct{})
	logic := func(ctx context.Context, i int) error {
		mu.Lock()
		r := &b.records[i]
		r.runs++
		r.started = time.Now()
		running++
		most = max(most, running)
		mu.Unlock()
		time.Sleep(r.takes)
		switch r.does {
		case waits:
			<-ctx.Done()
		case deaf:
			<-release
		}
		mu.Lock()
		defer mu.Unlock()
		running--
		r.ended = time.Now()
		switch r.does {
		case fail:
			return errors.New("refused")
		case panics:
			panic("boom")
		case waits:
			return ctx.Err()
		}
		r.ok = r.does == succeed
		return nil
	}
	opts := []Option{Concurrency(b.workers), DeadlineReserve(b.reserve), OnFailure(FailureRules{ReturnAllIDs: b.allIDs, ContinueOtherKeys: b.kind == 3})}
	if b.dropping {
		opts = append(opts, OnPoison(func(ctx context.Context, _ []byte, _ error) error {
			var i int
			if rec, ok := RecordFrom(ctx); !ok {
				return errors.New("no record")
			} else if _, err := fmt.Sscanf(rec.ID, "id-%d", &i); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			b.records[i].dropped = true
			return nil
		}))
	}
	each := func(ctx context.Context, in modelInput) error { return logic(ctx, in.NewImage) }
	var inv Invoker
	switch b.kind {
	case 0, 1:
		inv = SQS(each, opts...)
	case 2, 3:
		inv = Kinesis(each, opts...)
	case 4:
		inv = DynamoDB(func(ctx context.Context, c modelChange) error { return logic(ctx, c.NewImage.N) }, opts...)
	}
	ctx, start := t.Context(), time.Now()
	var end, limit time.Time
	if b.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, start.Add(b.limit))
		defer cancel()
		end, limit = start.Add(b.limit-b.reserve), start.Add(b.limit-b.reserve/2)
	}
	payload := b.event()
	response, err := inv.Invoke(ctx, payload)
	clear(payload)
	mu.Lock()
	answered := time.Now()
	seen := make([]modelRecord, len(b.records))
	copy(seen, b.records)
	mu.Unlock()
	close(release)
	time.Sleep(time.Second) // whatever is left behind ends
	synctest.Wait()
	mu.Lock()
	defer mu.Unlock()
	for i, r := range b.records {
		if r.runs != seen[i].runs {
			return fmt.Errorf("record %d began after the answer", i)
		}
	}
	if err := b.checkRuns(seen, most, end, limit, answered); err != nil {
		return err
	}
	return b.checkResponse(seen, string(response), err)
}

// checkRuns is about which records logic was called for, and when.
func (b *modelBatch) checkRuns(seen []modelRecord, most int, end, limit, answered time.Time) error {
	if most > b.workers {
		return fmt.Errorf("%d records at a time, not %d", most, b.workers)
	}
	if !limit.IsZero() && answered.After(limit) {
		return fmt.Errorf("answered %v after its time", answered.Sub(limit))
	}
	late := !end.IsZero() && !answered.Before(end)
	for i, r := range seen {
		switch {
		case r.runs > 1:
			return fmt.Errorf("record %d ran %d times", i, r.runs)
		case r.runs == 1 && r.does == poison:
			return fmt.Errorf("poison record %d reached logic", i)
		case r.runs == 1 && !end.IsZero() && !r.started.Before(end):
			return fmt.Errorf("record %d began %v into the reserve", i, r.started.Sub(end))
		}
		excused := late || r.does == poison && !b.dropping
		for j, o := range seen[:i] {
			failed := o.runs == 1 && !o.ended.IsZero() && !o.ok || o.does == poison && !b.dropping
			sameKey := b.kind != 0 && o.key == r.key
			if reached := r.runs == 1 || r.dropped; reached && sameKey && o.does == poison && !o.dropped {
				return fmt.Errorf("record %d ran although %d of its key did not decode", i, j)
			} else if r.runs == 1 && sameKey && o.does != poison {
				if o.runs == 0 || o.ended.IsZero() || o.ended.After(r.started) || !o.ok {
					return fmt.Errorf("record %d ran although %d of its key was not done", i, j)
				}
			}
			if stream := b.kind == 2 || b.kind == 4; stream && failed && r.runs == 1 && o.runs == 1 && o.ended.Before(r.started) {
				return fmt.Errorf("record %d ran although %d before it had failed", i, j)
			} else if stream && failed {
				excused = true
			}
			excused = excused || sameKey && failed
		}
		if r.runs == 0 && !r.dropped && !excused {
			return fmt.Errorf("record %d did not run, and nothing excuses it", i)
		}
	}
	return nil
}

// checkResponse compares the response with what the runs add up to.
func (b *modelBatch) checkResponse(seen []modelRecord, response string, err error) error {
	var open []string
	done := 0
	for i, r := range seen {
		if r.ok || r.dropped {
			done++
			continue
		}
		open = append(open, fmt.Sprint("id-", i))
	}
	if b.kind >= 2 && len(open) > 1 {
		open = open[:1]
	}
	if done == 0 && !b.allIDs {
		if err == nil || response != "" {
			return fmt.Errorf("nothing is done, and no error: %s", response)
		}
		return nil
	}
	if want := failures(open...); err != nil || response != want {
		return fmt.Errorf("%s, %v, want %s", response, err, want)
	}
	return nil
}

func TestBatchModel(t *testing.T) {
	log.SetOutput(io.Discard)
	defer log.SetOutput(os.Stderr)
	for first := 0; first < *batches; first += 100 {
		synctest.Test(t, func(t *testing.T) {
			for n := first; n < min(first+100, *batches); n++ {
				b := randomBatch(rand.New(rand.NewPCG(17, uint64(n))))
				if err := b.run(t); err != nil {
					t.Fatalf("batch %d: %v\n%s", n, err, strings.ReplaceAll(fmt.Sprintf("%+v", b), "{key", "\n{key"))
				}
			}
		})
	}
}
