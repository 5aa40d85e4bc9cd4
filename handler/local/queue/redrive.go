package queue

import (
	"fmt"
	"slices"
	"time"
)

// Redrive moves the messages of a dead-letter queue, as
// aws sqs start-message-move-task does, and returns how many: to a queue of the
// same type, or, with nil, each to the queue that it came from. They are moved
// oldest first and arrive as new messages, with a new ID, enqueue time and
// receive count. Messages in flight stay, with the others of their group in a
// FIFO queue, and so do, with nil, those that were sent to the dead-letter queue
// itself.
//
// The error says that the queue is the dead-letter queue of none, or that the
// destination is itself or of another type.
func (q *Queue) Redrive(to *Queue) (int, error) {
	if !q.source.Load() {
		return 0, fmt.Errorf("queue: redrive from %s: it is the dead-letter queue of no queue", q.cfg.Name)
	}
	if to != nil && (to == q || to.cfg.FIFO != q.cfg.FIFO) {
		return 0, fmt.Errorf("queue: redrive to %s: want another queue of the same type, standard or FIFO", to.cfg.Name)
	}
	var destinations []*Queue
	if to != nil {
		destinations = append(destinations, to)
	} else {
		destinations = q.origins()
	}
	moved := 0
	for _, d := range destinations {
		moved += q.move(d, to == nil)
	}
	return moved, nil
}

// origins are the queues that the messages came from.
func (q *Queue) origins() []*Queue {
	q.mu.Lock()
	defer q.mu.Unlock()
	var list []*Queue
	for _, m := range q.allLocked() {
		if m.origin != nil && !slices.Contains(list, m.origin) {
			list = append(list, m.origin)
		}
	}
	return list
}

// move moves all messages, or all that came from the destination, but those in
// flight and, in a FIFO queue, those of a group that has one in flight.
func (q *Queue) move(to *Queue, back bool) (moved int) {
	defer q.lockWith(to)()
	now := time.Now()
	q.expireLocked(now)
	for _, m := range q.allLocked() {
		if m.group.inFlight > 0 || back && m.origin != to {
			continue
		}
		q.forgetLocked(m)
		to.addLocked(&message{Received: Received{Message: m.Message, ID: newUUID(), Sent: now}})
		moved++
	}
	q.notifyLocked()
	return moved
}
