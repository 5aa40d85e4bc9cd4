package idempotent

import (
	"context"
	"time"
)

// A Status is how far the call of a [Record] is. The values are those that
// Powertools stores.
type Status string

const (
	InProgress Status = "INPROGRESS"
	Completed  Status = "COMPLETED"
)

// A Record is what a [Store] knows of one key.
type Record struct {
	// Key names the function and the caller's key, which is hashed: at most
	// [Options].Name and 65 bytes.
	Key string
	// Status is InProgress or Completed.
	Status Status
	// Owner identifies the call that made the record, at random.
	Owner string
	// InProgressExpiry is when the platform ends the call that is in progress.
	// It is zero where the call's context has no deadline.
	InProgressExpiry time.Time
	// Expiry is when the record counts for nothing any more.
	Expiry time.Time
	// PayloadHash is a SHA-256 in hexadecimal, empty without Options.Payload.
	PayloadHash string
	// Result is what the completed call returned, in JSON.
	Result []byte
}

// Live reports whether the record still stands in the way of a call at now.
func (r *Record) Live(now time.Time) bool {
	if !now.Before(r.Expiry) {
		return false
	}
	return r.Status != InProgress || r.InProgressExpiry.IsZero() || now.Before(r.InProgressExpiry)
}

// A Store keeps records. Each method is atomic, and safe for concurrent use by
// all that share the store. Time is the caller's wall clock; a store has no
// clock of its own.
type Store interface {
	// Begin stores rec, which is in progress, unless there is a record with its
	// key that is [Record.Live] at now: that one it returns instead.
	Begin(ctx context.Context, rec Record, now time.Time) (existing *Record, err error)
	// Complete replaces the record in progress of the same Key and Owner by rec,
	// whatever its age. It returns [ErrTakenOver] if there is none.
	Complete(ctx context.Context, rec Record) error
	// Release deletes the record in progress of this key and owner. It does
	// nothing if there is none.
	Release(ctx context.Context, key, owner string) error
}
