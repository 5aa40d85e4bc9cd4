package queue_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/queue"
)

// world is what functions did: effects happen together with a response that
// reports them, or not at all.
type world struct {
	t    *testing.T
	fifo bool

	mu      sync.Mutex
	effects map[string]int
	last    map[string]int // of each group, the number of its last effect
	active  map[string]bool
}

// enter and leave check that a group is in one invocation at a time, and that a
// batch has its messages in order.
func (w *world) enter(list []record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.fifo {
		return
	}
	in := map[string]int{}
	for _, r := range list {
		group, n := parse(r.Body)
		if before, ok := in[group]; ok && n <= before {
			w.t.Errorf("batch has %s-%d after %d", group, n, before)
		} else if !ok && w.active[group] {
			w.t.Errorf("group %s is in two invocations", group)
		}
		in[group] = n
		w.active[group] = true
	}
}

func (w *world) leave(list []record, done func(record) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range list {
		group, n := parse(r.Body)
		delete(w.active, group)
		if !done(r) {
			continue
		}
		w.effects[r.Body]++
		if last, ok := w.last[group]; w.fifo && ok && n <= last {
			w.t.Errorf("%s after %d", r.Body, last)
		}
		w.last[group] = n
	}
}

func parse(body string) (group string, n int) {
	fmt.Sscanf(body, "%1s-%d", &group, &n)
	return group, n
}

// TestExactlyOnce runs functions that fail in all ways, at random, and looks
// for messages that were lost, that took effect twice, or took effect and are
// in the dead-letter queue. QUEUE_RUNS makes it longer.
func TestExactlyOnce(t *testing.T) {
	t.Parallel()
	runs := 40
	if n, err := strconv.Atoi(os.Getenv("QUEUE_RUNS")); err == nil {
		runs = n
	}
	for seed := range runs {
		for _, fifo := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) { exactlyOnce(t, uint64(seed), fifo) })
			if t.Failed() {
				t.Fatalf("seed %d, FIFO %v", seed, fifo)
			}
		}
	}
}

func exactlyOnce(t *testing.T, seed uint64, fifo bool) {
	rng := rand.New(rand.NewPCG(seed, 7))
	var mu sync.Mutex
	chance := func(p float64) bool {
		mu.Lock()
		defer mu.Unlock()
		return rng.Float64() < p
	}
	n := 20 + rng.IntN(180)
	maxReceive := 1 + rng.IntN(4)
	q, dead := withDeadLetters(t, queue.Config{FIFO: fifo, VisibilityTimeout: time.Duration(6+rng.IntN(20)) * time.Second}, maxReceive)
	w := &world{t: t, fifo: fifo, effects: map[string]int{}, last: map[string]int{}, active: map[string]bool{}}
	poison := map[string]bool{}
	var list []queue.Message
	groups := 1 + rng.IntN(8)
	for i := range n {
		m := queue.Message{Body: fmt.Sprintf("%c-%d", 'a'+rng.IntN(groups), i)}
		if fifo {
			m.GroupID, m.DeduplicationID = m.Body[:1], strconv.Itoa(i)
		}
		poison[m.Body] = rng.IntN(10) == 0
		list = append(list, m)
	}
	config := queue.MappingConfig{BatchSize: 1 + rng.IntN(10), ReportBatchItemFailures: rng.IntN(2) == 0}
	if !fifo && rng.IntN(2) == 0 {
		config.BatchingWindow = time.Duration(1+rng.IntN(3)) * time.Second
		config.BatchSize = 1 + rng.IntN(50)
	}
	if rng.IntN(2) == 0 {
		config.MaximumConcurrency = 2 + rng.IntN(10)
	}
	rate := rng.Float64() * 0.3
	sick := true
	f := &function{concurrency: 1 + rng.IntN(5)}
	f.handle = func(list []record) (response string, failed bool) {
		w.enter(list)
		nobody := func(record) bool { return false }
		switch took := time.Duration(1+len(list)) * 10 * time.Millisecond; {
		case sick && chance(rate): // it fails, or panics
			time.Sleep(took)
			w.leave(list, nobody)
			return `{"errorType":"errorString"}`, true
		case sick && chance(rate/2): // timeout
			time.Sleep(3 * time.Second)
			w.leave(list, nobody)
			return `{"errorType":"Sandbox.Timedout"}`, true
		case sick && config.ReportBatchItemFailures && chance(rate/2): // an answer that fails the batch
			time.Sleep(took)
			w.leave(list, nobody)
			return failures(list[0].MessageID, ""), false
		default:
			time.Sleep(took)
		}
		var ids []string
		bad := map[string]bool{}
		stuck := map[string]bool{}
		for _, r := range list {
			group, _ := parse(r.Body)
			if sick && (poison[r.Body] || chance(rate/4)) || fifo && stuck[group] {
				bad[r.MessageID], stuck[group] = true, true
				ids = append(ids, r.MessageID)
			}
		}
		if !config.ReportBatchItemFailures && len(ids) > 0 {
			w.leave(list, nobody)
			return "", true
		}
		w.leave(list, func(r record) bool { return !bad[r.MessageID] })
		return failures(ids...), false
	}
	m := newMapping(t, q, f, config)
	go func() { // bursts, also while the mapping runs
		for i, msg := range list {
			send(t, q, msg)
			if i%17 == 0 && seed%2 == 0 {
				time.Sleep(50 * time.Millisecond)
			}
		}
	}()
	synctest.Wait()
	time.Sleep(time.Second)
	check := func(phase string) {
		drain(t, m)
		in := map[string]int{}
		for _, r := range dead.Messages() {
			in[r.Body]++
		}
		for _, msg := range list {
			if w.effects[msg.Body]+in[msg.Body] != 1 {
				t.Errorf("%s: %s: %d effects, %d times in the dead-letter queue", phase, msg.Body, w.effects[msg.Body], in[msg.Body])
			}
			if poison[msg.Body] && sick && in[msg.Body] != 1 {
				t.Errorf("%s: poison %s is not in the dead-letter queue", phase, msg.Body)
			}
		}
		if c := q.Counts(); c != (queue.Counts{}) || len(w.effects)+len(in) != n {
			t.Errorf("%s: %+v left, %d and %d of %d", phase, c, len(w.effects), len(in), n)
		}
		if f.peak > f.concurrency {
			t.Errorf("%s: %d invocations at a time, %d are reserved", phase, f.peak, f.concurrency)
		}
	}
	check("sick")
	// While it is sick, what is redriven ends the same way.
	failed := len(dead.Messages())
	for sick {
		clear(w.last) // redriven messages are new ones: they come after the others
		moved, err := dead.Redrive(nil)
		if err != nil || moved != failed || dead.Counts() != (queue.Counts{}) {
			t.Fatalf("%d of %d moved: %v", moved, failed, err)
		}
		if chance(0.5) {
			check("redriven")
			failed = len(dead.Messages())
			continue
		}
		sick = false
		check("healthy")
	}
	if c := dead.Counts(); c != (queue.Counts{}) {
		t.Errorf("%+v in the dead-letter queue of a healthy function", c)
	}
}
