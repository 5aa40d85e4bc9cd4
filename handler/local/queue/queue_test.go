package queue_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/queue"
)

func TestVisibility(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, queue.Config{})
		begun := time.Now()
		send(t, q, queue.Message{Body: "a"})
		time.Sleep(time.Second)
		first := q.Receive(10)
		if len(first) != 1 || first[0].ReceiveCount != 1 || !first[0].Sent.Equal(begun) || !first[0].FirstReceived.Equal(begun.Add(time.Second)) ||
			!first[0].VisibleAt.Equal(begun.Add(31*time.Second)) {
			t.Fatalf("%+v", first)
		}
		if c := q.Counts(); c != (queue.Counts{InFlight: 1}) {
			t.Error(c)
		}
		time.Sleep(30*time.Second - time.Nanosecond)
		if again := q.Receive(10); len(again) != 0 {
			t.Errorf("received in flight: %+v", again)
		}
		time.Sleep(time.Nanosecond)
		if c := q.Counts(); c != (queue.Counts{Visible: 1}) {
			t.Error(c)
		}
		again := q.Receive(10)
		if len(again) != 1 || again[0].ReceiveCount != 2 || again[0].ID != first[0].ID || again[0].ReceiptHandle == first[0].ReceiptHandle ||
			!again[0].FirstReceived.Equal(first[0].FirstReceived) {
			t.Fatalf("%+v after %+v", again, first)
		}
		// An old handle succeeds and deletes nothing.
		if err := q.Delete(first[0].ReceiptHandle); err != nil || q.Counts().InFlight != 1 {
			t.Error(err, q.Counts())
		}
		// The latest one deletes, also after the timeout.
		time.Sleep(time.Minute)
		if err := q.Delete(again[0].ReceiptHandle); err != nil || q.Counts() != (queue.Counts{}) {
			t.Error(err, q.Counts())
		}
		if err := q.Delete("nonsense"); !errors.Is(err, queue.ErrReceiptHandle) {
			t.Error(err)
		}
	})
}

func TestDeadLetters(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			q, dead := withDeadLetters(t, queue.Config{FIFO: fifo}, 2)
			m := queue.Message{Body: "a", TraceHeader: "Root=1", Attributes: map[string]queue.Attribute{"n": {DataType: "Number", StringValue: "1"}}}
			if fifo {
				m.GroupID, m.DeduplicationID = "g", "d"
			}
			sent := send(t, q, m)
			for range 2 {
				if got := q.Receive(1); len(got) != 1 {
					t.Fatal(got)
				}
				if c := dead.Counts(); c.Visible != 0 {
					t.Error(c)
				}
				time.Sleep(30 * time.Second)
			}
			if got := q.Receive(1); len(got) != 0 || q.Counts() != (queue.Counts{}) {
				t.Errorf("received more often than maxReceiveCount: %+v", got)
			}
			moved := dead.Messages()
			if len(moved) != 1 || moved[0].ID != sent.ID || moved[0].DeadLetterSource != q.ARN() || moved[0].Attributes["n"].StringValue != "1" {
				t.Fatalf("%+v", moved)
			}
			if fifo != moved[0].Sent.After(sent.Sent) || fifo && moved[0].DeduplicationID != sent.ID {
				t.Errorf("%+v of %+v", moved[0], sent)
			}
			time.Sleep(time.Second)
			if n, err := dead.Redrive(nil); n != 1 || err != nil {
				t.Fatal(n, err)
			}
			back := q.Receive(1)
			if len(back) != 1 || back[0].ID == sent.ID || back[0].ReceiveCount != 1 || !back[0].Sent.Equal(time.Now()) || back[0].DeadLetterSource != "" ||
				back[0].GroupID != m.GroupID || back[0].TraceHeader != "Root=1" || dead.Counts() != (queue.Counts{}) {
				t.Errorf("%+v", back)
			}
		})
	}
}

func TestRedrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, dead := withDeadLetters(t, queue.Config{}, 1)
		other := newQueue(t, queue.Config{Name: "other"})
		for _, body := range []string{"a", "b", "c"} {
			send(t, q, queue.Message{Body: body})
			time.Sleep(time.Second)
		}
		q.Receive(10)
		time.Sleep(time.Minute)
		q.Receive(10)
		send(t, dead, queue.Message{Body: "d"}) // has no source
		if in := dead.Receive(1); bodies(in) != "a" {
			t.Fatal(in)
		}
		if n, err := dead.Redrive(nil); n != 2 || err != nil || bodies(q.Messages()) != "bc" || bodies(dead.Messages()) != "ad" {
			t.Error(n, err, q.Messages(), dead.Messages())
		}
		time.Sleep(time.Minute)
		if n, err := dead.Redrive(other); n != 2 || err != nil || bodies(other.Messages()) != "ad" {
			t.Error(n, err, other.Messages())
		}
		for name, err := range map[string]error{
			"no source":    second(other.Redrive(nil)),
			"to itself":    second(dead.Redrive(dead)),
			"another type": second(dead.Redrive(newQueue(t, queue.Config{FIFO: true}))),
		} {
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
}

// In a FIFO queue what waits behind a message in flight stays with it.
func TestRedriveFIFO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, dead := withDeadLetters(t, queue.Config{FIFO: true, ContentBasedDeduplication: true}, 1)
		for _, m := range []string{"a1", "b1", "a2", "a3", "b2"} {
			send(t, q, queue.Message{Body: m, GroupID: m[:1]})
		}
		q.Receive(10)
		time.Sleep(time.Minute)
		q.Receive(10)
		if in := dead.Receive(1); bodies(in) != "a1" {
			t.Fatal(in)
		}
		if n, err := dead.Redrive(nil); n != 2 || err != nil || bodies(q.Messages()) != "b1b2" {
			t.Error(n, err, q.Messages())
		}
		time.Sleep(time.Minute)
		if n, err := dead.Redrive(nil); n != 3 || err != nil || bodies(q.Messages()) != "b1b2a1a2a3" || dead.Counts() != (queue.Counts{}) {
			t.Error(n, err, q.Messages())
		}
	})
}

func second(_ int, err error) error { return err }

func TestFIFO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, queue.Config{FIFO: true, ContentBasedDeduplication: true})
		for _, m := range []string{"a1", "a2", "b1", "a3"} {
			send(t, q, queue.Message{Body: m, GroupID: m[:1]})
		}
		// As many of a group as there are, then others.
		first := q.Receive(2)
		if bodies(first) != "a1a2" {
			t.Fatal(first)
		}
		next := q.Receive(10) // a is blocked
		if bodies(next) != "b1" {
			t.Fatal(next)
		}
		if err := q.Delete(first[0].ReceiptHandle); err != nil {
			t.Error(err)
		}
		if got := q.Receive(10); len(got) != 0 {
			t.Errorf("%s while a2 is in flight", bodies(got))
		}
		time.Sleep(30 * time.Second)
		if err := q.Delete(first[1].ReceiptHandle); !errors.Is(err, queue.ErrReceiptHandle) {
			t.Errorf("deleted after the visibility timeout: %v", err)
		}
		if got := q.Receive(10); bodies(got) != "b1a2a3" && bodies(got) != "a2a3b1" {
			t.Errorf("%s after the timeout", bodies(got))
		}
		all := q.Messages()
		for i := range all[1:] {
			if len(all[i].SequenceNumber) != 20 || all[i].SequenceNumber >= all[i+1].SequenceNumber {
				t.Errorf("sequence numbers %s, %s", all[i].SequenceNumber, all[i+1].SequenceNumber)
			}
		}
	})
}

func TestDeduplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, queue.Config{FIFO: true, ContentBasedDeduplication: true})
		first := send(t, q, queue.Message{Body: "a", GroupID: "g"})
		q.Delete(q.Receive(1)[0].ReceiptHandle)
		time.Sleep(5*time.Minute - time.Nanosecond)
		// Also after it was deleted, and in another group.
		if again := send(t, q, queue.Message{Body: "a", GroupID: "h"}); again.ID != first.ID || again.SequenceNumber != first.SequenceNumber {
			t.Errorf("%+v, want %+v", again, first)
		}
		if c := q.Counts(); c.Visible != 0 {
			t.Error(c)
		}
		send(t, q, queue.Message{Body: "a", GroupID: "g", DeduplicationID: "own"})
		time.Sleep(time.Nanosecond)
		if again := send(t, q, queue.Message{Body: "a", GroupID: "g"}); again.ID == first.ID {
			t.Error("dropped after 5 minutes")
		}
		if c := q.Counts(); c.Visible != 2 {
			t.Error(c)
		}
	})
}

func TestRefused(t *testing.T) {
	dead := newQueue(t, queue.Config{})
	for _, c := range []struct {
		config queue.Config
		want   string
	}{
		{queue.Config{Name: "a b"}, "1 to 80 letters"},
		{queue.Config{Name: "a.fifo"}, ".fifo"},
		{queue.Config{Name: "a", FIFO: true}, ".fifo"},
		{queue.Config{VisibilityTimeout: 13 * time.Hour}, "at most 12h"},
		{queue.Config{ContentBasedDeduplication: true}, "needs a FIFO queue"},
		{queue.Config{MaxReceiveCount: 1}, "needs a dead-letter queue"},
		{queue.Config{DeadLetterQueue: dead}, "1 to 1000"},
		{queue.Config{DeadLetterQueue: dead, MaxReceiveCount: 1, FIFO: true}, "same type"},
	} {
		if _, err := queue.New(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.config, err, c.want)
		}
	}
	fifo := newQueue(t, queue.Config{FIFO: true})
	many := map[string]queue.Attribute{}
	for _, r := range "abcdefghijk" {
		many[string(r)] = queue.Attribute{DataType: "String", StringValue: "x"}
	}
	attribute := func(name string, a queue.Attribute) queue.Message {
		return queue.Message{Body: "a", Attributes: map[string]queue.Attribute{name: a}}
	}
	for _, c := range []struct {
		q    *queue.Queue
		m    queue.Message
		want string
	}{
		{dead, queue.Message{}, "without a body"},
		{dead, queue.Message{Body: "a\x00"}, "byte 1"},
		{dead, queue.Message{Body: "a\xff"}, "byte 1"},
		{dead, queue.Message{Body: strings.Repeat("a", 1<<20+1)}, "at most 1048576"},
		{dead, queue.Message{Body: "a", DeduplicationID: "d"}, "standard queue"},
		{dead, queue.Message{Body: "a", GroupID: "g h"}, "1 to 128"},
		{dead, queue.Message{Body: "a", Attributes: many}, "at most 10"},
		{dead, attribute("aws.x", queue.Attribute{DataType: "String", StringValue: "x"}), "begins with neither"},
		{dead, attribute("x", queue.Attribute{DataType: "Text", StringValue: "x"}), "String, Number or Binary"},
		{dead, attribute("x", queue.Attribute{DataType: "String"}), "StringValue"},
		{dead, attribute("x", queue.Attribute{DataType: "Binary", StringValue: "x"}), "BinaryValue"},
		{fifo, queue.Message{Body: "a", DeduplicationID: "d"}, "without a MessageGroupId"},
		{fifo, queue.Message{Body: "a", GroupID: "g"}, "without a MessageDeduplicationId"},
	} {
		if _, err := c.q.Send(c.m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80q: %v, want %q", c.m.Body, err, c.want)
		}
	}
	f := &function{}
	standard := newQueue(t, queue.Config{})
	for _, c := range []struct {
		q      *queue.Queue
		config queue.MappingConfig
		want   string
	}{
		{standard, queue.MappingConfig{BatchSize: 11}, "1 to 10 "},
		{standard, queue.MappingConfig{BatchSize: 10_001, BatchingWindow: time.Second}, "1 to 10000 "},
		{standard, queue.MappingConfig{BatchingWindow: time.Hour}, "0 to 5m0s"},
		{standard, queue.MappingConfig{BatchingWindow: 28 * time.Second}, "at least the function's timeout and the batching window"},
		{standard, queue.MappingConfig{MaximumConcurrency: 1}, "2 to 1000"},
		{fifo, queue.MappingConfig{BatchingWindow: time.Second}, "FIFO queue has none"},
		{newQueue(t, queue.Config{VisibilityTimeout: time.Second}), queue.MappingConfig{}, "at least the function's timeout, 3s"},
	} {
		if _, err := queue.NewMapping(c.q, f, c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.config, err, c.want)
		}
	}
}
