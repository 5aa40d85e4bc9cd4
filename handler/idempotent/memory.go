package idempotent

import (
	"bytes"
	"container/list"
	"context"
	"sync"
	"time"
)

// DefaultEntries is how many records a [Memory] of size 0 holds. With results of
// 1 KB they take about 1.5 MB.
const DefaultEntries = 1024

// A Memory is a [Store] in the memory of one execution environment. It is safe
// for concurrent use and needs no network. It loses everything with its
// environment, and its least recently used completed record when it is full: a
// call with that key then runs again. Records in progress are never dropped
// while they count.
type Memory struct {
	max int

	mu      sync.Mutex // guards what follows
	entries map[string]*list.Element
	order   *list.List // of *Record, most recently used first
}

// NewMemory returns a Memory of at most so many records. Zero or less means
// [DefaultEntries].
func NewMemory(entries int) *Memory {
	if entries <= 0 {
		entries = DefaultEntries
	}
	return &Memory{max: entries, entries: make(map[string]*list.Element), order: list.New()}
}

// Len returns the number of records, expired ones included.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.entries)
}

// Begin implements [Store]. Its only error is [ErrFull].
func (m *Memory) Begin(_ context.Context, rec Record, now time.Time) (*Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.entries[rec.Key]; e != nil {
		old := e.Value.(*Record)
		m.order.MoveToFront(e)
		if old.Live(now) {
			existing := *old
			existing.Result = bytes.Clone(old.Result)
			return &existing, nil
		}
		*old = rec
		return nil, nil
	}
	if len(m.entries) >= m.max && !m.evictLocked(now) {
		return nil, ErrFull
	}
	m.entries[rec.Key] = m.order.PushFront(&rec)
	return nil, nil
}

// evictLocked drops the least recently used record that may be dropped.
func (m *Memory) evictLocked(now time.Time) bool {
	for e := m.order.Back(); e != nil; e = e.Prev() {
		if r := e.Value.(*Record); r.Status == Completed || !r.Live(now) {
			m.removeLocked(e)
			return true
		}
	}
	return false
}

func (m *Memory) removeLocked(e *list.Element) {
	delete(m.entries, e.Value.(*Record).Key)
	m.order.Remove(e)
}

// Complete implements [Store]. Its only error is [ErrTakenOver].
func (m *Memory) Complete(_ context.Context, rec Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.ownedLocked(rec.Key, rec.Owner)
	if e == nil {
		return ErrTakenOver
	}
	rec.Result = bytes.Clone(rec.Result)
	*e.Value.(*Record) = rec
	m.order.MoveToFront(e)
	return nil
}

// Release implements [Store]. Its error is always nil.
func (m *Memory) Release(_ context.Context, key, owner string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.ownedLocked(key, owner); e != nil {
		m.removeLocked(e)
	}
	return nil
}

// ownedLocked returns the record in progress of key and owner.
func (m *Memory) ownedLocked(key, owner string) *list.Element {
	e := m.entries[key]
	if e == nil {
		return nil
	}
	if r := e.Value.(*Record); r.Status != InProgress || r.Owner != owner {
		return nil
	}
	return e
}
