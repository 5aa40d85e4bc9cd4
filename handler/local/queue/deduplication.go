package queue

import "time"

// deduplication remembers what was sent within the last 5 minutes, also what
// was received and deleted since.
type deduplication struct {
	first map[string]*Received // by deduplication ID
	order []*Received          // oldest first
}

// find returns the message that the ID was first sent with, or nil.
func (d *deduplication) find(id string, now time.Time) *Received {
	for len(d.order) > 0 && now.Sub(d.order[0].Sent) >= deduplicationInterval {
		delete(d.first, d.order[0].DeduplicationID)
		d.order[0] = nil
		d.order = d.order[1:]
	}
	return d.first[id]
}

func (d *deduplication) add(r Received, now time.Time) {
	if d.first == nil {
		d.first = map[string]*Received{}
	}
	// The rest need not be kept.
	kept := &Received{ID: r.ID, SequenceNumber: r.SequenceNumber, Sent: now, Message: Message{DeduplicationID: r.DeduplicationID, GroupID: r.GroupID}}
	d.first[r.DeduplicationID] = kept
	d.order = append(d.order, kept)
}
