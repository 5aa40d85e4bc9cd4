package s3select

import (
	"errors"
	"fmt"
	"iter"
	"strings"
)

// Merge joins the results of [Part] to that of the whole plan, in the order of the
// plan, whatever order they come in: merge(…merge(merge(a, b), c)…, z), as [Reduce]
// does. That of an empty plan is zero. A result that came before its turn is kept
// until then.
//
// An item counts once: that it was run again, as after a lost answer or a redrive,
// makes no difference. A result that is missing, as of an iteration that failed,
// is an error that wraps [ErrTruncated] and names items; so are results of another
// plan, and a plan whose ranges overlap or leave out a part of an object, errors
// that name it. An error of plan, of parts or of merge is returned as it is. With
// any error, the result is zero.
//
// plan is [Query.Plan] again or, what was planned, read with [Rows]; a Distributed
// Map's results are read with Rows, too. Of the options, [WithStats] has the sum
// of the parts' figures, each item's once.
func Merge[A any](plan iter.Seq2[Object, error], parts iter.Seq2[Partial[A], error], merge func(A, A) (A, error), opts ...Option) (A, error) {
	m := merger[A]{merge: merge, early: map[Object]*Partial[A]{}}
	next, stop := iter.Pull2(plan)
	defer stop()
	err := m.all(next, parts)
	if o := newOptions(opts); o.stats != nil {
		*o.stats = m.stats
	}
	if err != nil {
		var zero A
		return zero, public(err)
	}
	return m.acc, nil
}

// A merger walks the plan, and stops at the first item whose result has not come.
type merger[A any] struct {
	merge func(A, A) (A, error)
	acc   A
	stats Stats
	done  int    // items before turn
	turn  Object // zero at the end of the plan
	cover cover
	early map[Object]*Partial[A] // what came before its turn; nil: done
}

func (m *merger[A]) all(next func() (Object, error, bool), parts iter.Seq2[Partial[A], error]) error {
	if err := m.advance(next); err != nil {
		return err
	}
	for p, err := range parts {
		if err != nil {
			return err
		}
		if err := m.add(&p, next); err != nil {
			return err
		}
	}
	return m.finish(next)
}

// add takes a result.
func (m *merger[A]) add(p *Partial[A], next func() (Object, error, bool)) error {
	if _, again := m.early[p.Item]; again {
		return nil
	}
	if p.Item == (Object{}) {
		return errors.New("s3select: Merge: a result is not that of an item")
	}
	m.early[p.Item] = p
	for p := m.early[m.turn]; p != nil; p = m.early[m.turn] {
		if m.done++; m.done == 1 {
			m.acc = p.Result
		} else {
			var err error
			if m.acc, err = m.merge(m.acc, p.Result); err != nil {
				return err
			}
		}
		m.stats.add(p.Stats)
		m.early[m.turn] = nil
		if err := m.advance(next); err != nil {
			return err
		}
	}
	return nil
}

// advance goes to the next item of the plan.
func (m *merger[A]) advance(next func() (Object, error, bool)) error {
	item, err, ok := next()
	if err != nil {
		return err
	}
	if m.turn = item; !ok {
		m.turn = Object{}
		return m.cover.end()
	}
	return m.cover.add(item)
}

// finish sees to it that the plan and the results are each other's.
func (m *merger[A]) finish(next func() (Object, error, bool)) error {
	var missing, strange names
	for m.turn != (Object{}) {
		if m.early[m.turn] == nil {
			missing.add(m.turn)
		}
		m.early[m.turn] = nil
		if err := m.advance(next); err != nil {
			return err
		}
	}
	for item, p := range m.early {
		if p != nil {
			strange.add(item)
		}
	}
	var errs []error
	if missing.n > 0 {
		errs = append(errs, fmt.Errorf("%w: Merge has no result of %d items: %s", ErrTruncated, missing.n, missing.String()))
	}
	if strange.n > 0 {
		errs = append(errs, fmt.Errorf("s3select: Merge has results of %d items that the plan has not: %s", strange.n, strange.String()))
	}
	return errors.Join(errs...)
}

// A cover checks that a plan has every byte of its objects exactly once.
type cover struct {
	last Object // whose range the next one must go on from
	seen map[Object]bool
}

func (c *cover) add(item Object) error {
	if err := item.checkItem(); err != nil {
		return err
	}
	whole := item.whole()
	if item.Start > 0 {
		if c.last.whole() != whole || c.last.End != item.Start {
			return fmt.Errorf("s3select: Merge: the plan has %s, but not once all that is before it", item.name())
		}
		c.last = item
		return nil
	}
	if err := c.end(); err != nil {
		return err
	}
	// The same object in two states is one too many, too.
	key := Object{Bucket: item.Bucket, Key: item.Key, VersionID: item.VersionID}
	if c.seen[key] {
		return fmt.Errorf("s3select: Merge: the plan has %s more than once", item.name())
	}
	if c.seen == nil {
		c.seen = map[Object]bool{}
	}
	c.last, c.seen[key] = item, true
	return nil
}

// end reports an object whose last range has not come.
func (c *cover) end() error {
	if c.last.End != c.last.Size {
		return fmt.Errorf("s3select: Merge: the plan has nothing of an object behind %s", c.last.name())
	}
	return nil
}

// whole is the object without its range.
func (o Object) whole() Object {
	o.Start, o.End = 0, 0
	return o
}

// names are the first of many items.
type names struct {
	n     int
	first []string
}

func (l *names) add(item Object) {
	if l.n++; l.n <= 10 {
		l.first = append(l.first, item.name())
	}
}

func (l *names) String() string {
	s := strings.Join(l.first, "; ")
	if more := l.n - len(l.first); more > 0 {
		s += fmt.Sprintf("; and %d more", more)
	}
	return s
}
