package secrets

import "time"

// Value is a value of a secret with its version. The zero Value holds the zero
// T. It prints without the data. Values are immutable.
type Value[T any] struct {
	// The address of an entry's self: a pointer to a pointer, because fmt cannot
	// call methods in an unexported field of somebody's struct, and then follows
	// one pointer for a verb that doesn't fit pointers.
	e     **entry[T]
	stale bool
}

func newValue[T any](e *entry[T], stale bool) Value[T] { return Value[T]{&e.self, stale} }

func (v Value[T]) entry() *entry[T] {
	if v.e == nil {
		return new(entry[T])
	}
	return *v.e
}

// Data returns the value itself.
func (v Value[T]) Data() T { return v.entry().data }

// Version returns which version of the secret it is.
func (v Value[T]) Version() Version { return v.entry().version }

// Stage returns the stage by which it was fetched; the stage may have moved on.
func (v Value[T]) Stage() Stage { return v.entry().stage }

// Fetched returns when it was fetched, by the wall clock. It is zero for the
// zero Value.
func (v Value[T]) Fetched() time.Time {
	if v.e == nil {
		return time.Time{}
	}
	return time.Unix(0, v.entry().fetched)
}

// Stale reports whether it was past its maximum age when it was returned,
// because the source could not be reached.
func (v Value[T]) Stale() bool { return v.stale }
