package queue

import (
	"fmt"
	"time"
)

// Redrive moves the messages of a dead-letter queue, as
// aws sqs start-message-move-task does, and returns how many: to a queue of the
// same type, or, with nil, each to the queue that it came from. They are moved
// oldest first and arrive as new messages, with a new ID, enqueue time and
// receive count. Messages in flight stay, and so do, with nil, those that were
// sent to the dead-letter queue itself.
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
	q.mu.Lock()
	q.expireLocked(time.Now())
	var list []*message
	for _, m := range q.allLocked() {
		if m.index < 0 && (to != nil || m.origin != nil) {
			list = append(list, m)
		}
	}
	q.mu.Unlock()
	moved := 0
	for _, m := range list {
		destination := to
		if to == nil {
			destination = m.origin
		}
		if q.move(m, destination) {
			moved++
		}
	}
	return moved, nil
}

// move moves one message, unless somebody received or deleted it meanwhile.
func (q *Queue) move(m *message, to *Queue) bool {
	defer q.lockWith(to)()
	q.expireLocked(time.Now())
	if m.index >= 0 || m.group.element == nil || q.gone(m) {
		return false
	}
	q.forgetLocked(m)
	q.notifyLocked()
	fresh := &message{Received: Received{Message: m.Message, ID: newUUID(), Sent: time.Now()}}
	to.addLocked(fresh)
	return true
}

func (q *Queue) gone(m *message) bool {
	for _, x := range m.group.messages {
		if x == m {
			return false
		}
	}
	return true
}
