package filter

import (
	"fmt"
	"iter"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// Split filters the records of a raw Lambda event, before anything is decoded:
// it yields those that match, in their order, as parts of payload. It is for a
// second stage inside the function, for what the mapping can't express.
//
//	for record, err := range criteria.Split(payload) {
//		if err != nil { return err }
//		…
//	}
//
// Where the event is malformed it yields a nil record and the error, and ends:
// the invocation has to fail then, for what comes after is unknown. An event
// without records, or with another source's, is an error too. What is not
// yielded counts as done: it will not come again.
//
// For [Generic] the payload is a JSON array of events, or one event.
func (c *Criteria) Split(payload []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		s := splitter{c: c, b: payload, yield: yield}
		err := s.payload()
		if err != nil && !s.stopped {
			yield(nil, fmt.Errorf("filter: invalid %s event: %w", c.source().name, err))
		}
	}
}

type splitter struct {
	c       *Criteria
	b       []byte
	yield   func([]byte, error) bool
	stopped bool // by the consumer
}

func (s *splitter) payload() error {
	src := s.c.source()
	i := jsonscan.Space(s.b, 0)
	if src == &genericTraits {
		return s.generic(i)
	}
	o := jsonscan.WalkObject(s.b, i)
	found := false
	for o.Next() {
		if !s.lists(o.NameToken()) {
			continue
		}
		switch jsonscan.KindAt(s.b, o.Pos()) {
		case jsonscan.Array:
			end, err := s.records(o.Pos())
			if err != nil || s.stopped {
				return err
			}
			o.Resume(end)
			found = true
		case jsonscan.Object:
			lists := jsonscan.WalkObject(s.b, o.Pos())
			for lists.Next() {
				end, err := s.records(lists.Pos())
				if err != nil || s.stopped {
					return err
				}
				lists.Resume(end)
			}
			if err := lists.Err(); err != nil {
				return err
			}
			o.Resume(lists.End())
			found = true
		}
	}
	if err := o.Err(); err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("it has no records (under %q)", src.lists)
	}
	return jsonscan.End(s.b, o.End())
}

func (s *splitter) lists(name []byte) bool {
	for _, l := range s.c.source().lists {
		if jsonscan.EqualString(name, l) {
			return true
		}
	}
	return false
}

func (s *splitter) generic(i int) (err error) {
	end := 0
	if jsonscan.KindAt(s.b, i) == jsonscan.Array {
		end, err = s.records(i)
	} else {
		end, err = s.record(i)
	}
	if err != nil || s.stopped {
		return err
	}
	return jsonscan.End(s.b, end)
}

// records yields from the array at b[i] and returns the index just past it.
func (s *splitter) records(i int) (int, error) {
	a := jsonscan.WalkArray(s.b, i)
	for a.Next() {
		end, err := s.record(a.Pos())
		if err != nil || s.stopped {
			return end, err
		}
		a.Resume(end)
	}
	return a.End(), a.Err()
}

func (s *splitter) record(i int) (int, error) {
	end, ok, err := s.c.engine().MatchAt(s.b, i)
	if err == nil && ok {
		s.stopped = !s.yield(s.b[i:end:end], nil)
	}
	return end, err
}
