package metrics

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// state is what a Recorder points to: one invocation's documents. It is pooled,
// and gen tells the recorders of its former lives apart.
type state struct {
	m *Metrics

	mu       sync.Mutex
	gen      uint64
	ts       int64 // ms since 1970
	recorded int   // values accepted since Begin
	through  bool  // past the flush margin: write each value at once

	docs   []*document // docs[:active] are in use; the rest wait with their buffers
	active int
	key    []byte // scratch of in
	index  map[string]int

	props    []property
	np       int    // props[:np] are in use
	propKeys []byte // ,"a":,"b":
	propBuf  []byte // ,"a":…,"b":…
	propMask uint64

	scratch  []byte
	pending  [][]byte // lines that could not be written
	rejected rejections
	errs     []error
}

func newState(m *Metrics) *state {
	s := &state{m: m, active: 1, docs: []*document{{base: &m.base}}}
	return s
}

func (s *state) reject(kind, name, why string, count int) {
	s.rejected.add(kind, name, why, count, nil)
}

// stored is called after n values went into a document.
func (s *state) stored(n int) {
	s.recorded += n
	if s.through {
		s.flush()
	}
}

// in returns the index of the document for namespace and dimensions.
func (s *state) in(namespace string, pairs []string) int {
	if namespace == s.m.namespace {
		namespace = ""
	}
	s.key = append(s.key[:0], namespace...)
	for _, p := range pairs {
		s.key = binary.AppendUvarint(append(s.key, 0xff), uint64(len(p))) // no other arguments have this key
		s.key = append(s.key, p...)
	}
	if s.index == nil {
		for i := 1; i < s.active; i++ {
			if bytes.Equal(s.docs[i].key, s.key) {
				return i
			}
		}
	} else if i, ok := s.index[string(s.key)]; ok {
		return i
	}
	if s.active == len(s.docs) {
		s.docs = append(s.docs, &document{})
	}
	i := s.active
	d := s.docs[i]
	s.active++
	d.open(s, namespace, pairs)
	if s.index != nil {
		s.index[string(d.key)] = i
	} else if s.active > 32 {
		s.index = make(map[string]int)
		for i := 1; i < s.active; i++ {
			s.index[string(s.docs[i].key)] = i
		}
	}
	return i
}

// flush emits all documents.
func (s *state) flush() {
	if len(s.pending) > 0 {
		s.retry()
	}
	if s.m.lost {
		s.loseAll()
		return
	}
	for _, d := range s.docs[:s.active] {
		if d.n > 0 {
			d.emit(s)
			d.clear()
		}
	}
}

// loseAll reports what was recorded without a recorder in the context.
func (s *state) loseAll() {
	for _, d := range s.docs[:s.active] {
		for i := range d.slots[:d.n] {
			sl := &d.slots[i]
			s.rejected.add("metric", d.name(sl), "recorded without a recorder in the context", sl.n, ErrNoRecorder)
		}
		d.clear()
	}
}

func (s *state) takeErrors() error {
	if s.m.raiseOnEmpty && s.recorded == 0 {
		s.errs = append(s.errs, ErrEmpty)
	}
	err := s.rejected.take(s.errs)
	s.errs = nil
	return err
}

// reset makes s ready for another invocation. Buffers are kept while they are
// small: one large document must not hold its memory for the environment's life.
func (s *state) reset() {
	const keepDocs = 64
	if cap(s.propBuf)+cap(s.propKeys) > 64<<10 || len(s.props) > 256 {
		s.props, s.propKeys, s.propBuf = nil, nil, nil
	}
	for i, d := range s.docs[:s.active] {
		if d.large() {
			s.docs[i] = &document{}
		} else {
			d.close()
		}
	}
	s.docs[0].base = &s.m.base
	if len(s.docs) > keepDocs {
		clear(s.docs[keepDocs:])
		s.docs = s.docs[:keepDocs]
	}
	s.active, s.index = 1, nil
	s.recorded, s.through = 0, false
	s.np, s.propBuf, s.propMask = 0, s.propBuf[:0], 0
}

// put hands one line to the output, in a single Write. A line that an earlier
// Write left torn is ended first: what was torn is no JSON and counts nowhere, but
// would spoil the next line. n counts the bytes of line that were taken.
func (m *Metrics) put(line []byte) (n int, err error) {
	if m.torn.Load() && m.torn.Swap(false) {
		n, err = m.out.Write(append([]byte{'\n'}, line...))
		if n--; n < 0 {
			m.torn.Store(true)
			n = 0
		}
	} else {
		n, err = m.out.Write(line)
	}
	if n < len(line) {
		if err == nil {
			err = io.ErrShortWrite
		}
		if n > 0 {
			m.torn.Store(true)
		}
	}
	return n, err
}

// write writes one line, or keeps it for retry.
func (s *state) write(line []byte) {
	n, err := s.m.put(line)
	switch {
	case err == nil:
	case n >= len(line)-1: // the document is complete, but perhaps for its newline
		s.errs = append(s.errs, fmt.Errorf("metrics: write: %w", err))
	default:
		s.pending = append(s.pending, bytes.Clone(line))
		s.errs = append(s.errs, fmt.Errorf("metrics: write: %w (the document is kept for one more try)", err))
	}
}

// retry writes the pending lines once more.
func (s *state) retry() {
	for _, line := range s.pending {
		n, err := s.m.put(line)
		switch {
		case err == nil:
		case n >= len(line)-1:
			s.errs = append(s.errs, fmt.Errorf("metrics: write: %w", err))
		default:
			s.errs = append(s.errs, fmt.Errorf("metrics: write: %w (the document is lost after two tries)", err))
		}
	}
	s.pending = nil
}
