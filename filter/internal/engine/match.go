package engine

import (
	"errors"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// ErrObject says that an event is JSON, but not an object.
var ErrObject = errors.New("an event must be a JSON object")

// Match matches a bare event: data is what it would be decoded to. Its error
// says what is malformed, or is [ErrObject].
func (p *Program) Match(event []byte) (bool, error) {
	return p.whole(event, false)
}

// MatchRecord matches a record as it is in an event of its source. Its error
// is also [ErrBase64].
func (p *Program) MatchRecord(record []byte) (bool, error) {
	return p.whole(record, true)
}

func (p *Program) whole(b []byte, record bool) (bool, error) {
	end, ok, err := p.at(b, jsonscan.Space(b, 0), record)
	if err == nil && end < len(b) {
		err = jsonscan.End(b, end)
	}
	return ok && err == nil, err
}

// MatchAt matches the record at b[i] and returns the index just past it.
func (p *Program) MatchAt(b []byte, i int) (end int, ok bool, err error) {
	return p.at(b, i, true)
}

func (p *Program) at(b []byte, i int, record bool) (int, bool, error) {
	if jsonscan.KindAt(b, i) != jsonscan.Object {
		end, err := jsonscan.Skip(b, i)
		if err == nil {
			err = ErrObject
		}
		return end, false, err
	}
	if len(p.rules) == 0 {
		end, err := jsonscan.Skip(b, i)
		return end, err == nil, err
	}
	s := p.pool.Get().(*state)
	s.reset(record)
	end := s.object(b, i, p.root, 0)
	ok, err := false, s.err
	if end >= 0 {
		ok = s.verdict()
	} else if err == nil {
		if end, err = jsonscan.Skip(b, i); err == nil {
			err = errors.New("nested deeper than 10000")
		}
	}
	s.release()
	return end, ok, err
}
