package console

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Batch is what came of a batch of messages.
type Batch struct {
	RequestID string
	// Deleted, Failed and Late are how many messages were processed, will come
	// back, and came too late to be deleted.
	Messages, Deleted, Failed, Late int
	Throttles                       int
	Problem                         string // why the whole batch failed
}

// Queue is what came of all messages.
type Queue struct {
	Sent, Duplicates int
	Processed        int
	Batches          int
	Throttles        int
	PeakConcurrency  int
	Elapsed          time.Duration
	// Left is how many messages are in the queue; Redriven how many went back
	// from the dead-letter queue, Dead those that are there.
	Left, Redriven int
	Dead           []DeadLetter
}

// DeadLetter is a message in the dead-letter queue.
type DeadLetter struct {
	MessageID      string `json:"messageId"`
	MessageGroupID string `json:"messageGroupId,omitempty"`
	ReceiveCount   int    `json:"receiveCount"`
	Body           string `json:"body"`
}

// Limits of what is shown to a person.
const (
	deadLettersShown = 20
	bodyShown        = 160
)

func (t *Text) Batch(b Batch) {
	var s strings.Builder
	fmt.Fprintf(&s, "batch of %s: %d deleted", plural(b.Messages, "message"), b.Deleted)
	if b.Failed > 0 {
		fmt.Fprintf(&s, ", %d failed", b.Failed)
	}
	if b.Late > 0 {
		fmt.Fprintf(&s, ", %d processed after the visibility timeout", b.Late)
	}
	if b.Throttles > 0 {
		fmt.Fprintf(&s, ", throttled %s", plural(b.Throttles, "time"))
	}
	if b.Problem != "" {
		fmt.Fprintf(&s, " (%s)", b.Problem)
	}
	t.Note(s.String())
}

func (t *Text) Queue(q Queue) {
	var s strings.Builder
	fmt.Fprintf(&s, "queue     %d sent, %d processed in %v; %s, %s, at most %s at a time", q.Sent, q.Processed, q.Elapsed.Round(time.Millisecond),
		pluralOf(q.Batches, "batch", "batches"), plural(q.Throttles, "throttle"), plural(q.PeakConcurrency, "invocation"))
	if q.Duplicates > 0 {
		fmt.Fprintf(&s, "; %s dropped", plural(q.Duplicates, "duplicate"))
	}
	if q.Left > 0 {
		fmt.Fprintf(&s, "; %d left", q.Left)
	}
	fmt.Fprintf(&s, "\nDLQ       %s", plural(len(q.Dead), "message"))
	if q.Redriven > 0 {
		fmt.Fprintf(&s, ", %d redriven", q.Redriven)
	}
	s.WriteByte('\n')
	for i, d := range q.Dead {
		if i == deadLettersShown {
			fmt.Fprintf(&s, "  and %d more: -json shows all\n", len(q.Dead)-i)
			break
		}
		group := ""
		if d.MessageGroupID != "" {
			group = " group " + d.MessageGroupID
		}
		fmt.Fprintf(&s, "  %s%s received %s: %s\n", d.MessageID, group, plural(d.ReceiveCount, "time"), short(d.Body))
	}
	t.printf("%s", s.String())
}

func pluralOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// short is a body on one line.
func short(body string) string {
	body = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(body)
	if len(body) <= bodyShown {
		return body
	}
	n := bodyShown
	for !utf8.RuneStart(body[n]) {
		n--
	}
	return fmt.Sprintf("%s… (%d bytes)", body[:n], len(body))
}

func (j *JSON) Batch(b Batch) {
	j.put("batch", map[string]any{
		"requestId": b.RequestID, "messages": b.Messages, "deleted": b.Deleted, "failed": b.Failed, "late": b.Late,
		"throttles": b.Throttles, "problem": b.Problem,
	})
}

func (j *JSON) Queue(q Queue) {
	dead := q.Dead
	if dead == nil {
		dead = []DeadLetter{}
	}
	j.put("queue", map[string]any{
		"sent": q.Sent, "duplicates": q.Duplicates, "processed": q.Processed, "batches": q.Batches, "throttles": q.Throttles,
		"peakConcurrency": q.PeakConcurrency, "elapsedMs": q.Elapsed, "left": q.Left, "redriven": q.Redriven, "deadLetters": dead,
	})
}
