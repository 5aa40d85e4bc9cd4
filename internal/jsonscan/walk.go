package jsonscan

// An ObjectWalk visits the members of one object, in order and once:
//
//	o := jsonscan.WalkObject(b, i)
//	for o.Next() {
//		switch string(o.Name(scratch[:0])) {
//		case "body":
//			body = o.Value()
//		case "requestContext":
//			inner := jsonscan.WalkObject(b, o.Pos())
//			for inner.Next() { … }
//			o.Resume(inner.End())
//		}
//	}
//	if err := o.Err(); err != nil { … }
//
// A value that the loop does not take is skipped, and validated, by Next.
// It is a plain value without pointers of its own to anything but b, and is not
// safe for concurrent use.
type ObjectWalk struct {
	b       []byte
	name    int // of the opening quote of the current name
	nameEnd int
	pos     int // of the current value, or just past it once taken
	state   walkState
	err     error
}

// An ArrayWalk visits the elements of one array as an [ObjectWalk] visits the
// members of an object.
type ArrayWalk struct {
	b     []byte
	pos   int
	state walkState
	err   error
}

type walkState uint8

const (
	walkFirst walkState = iota // before the first element
	walkValue                  // pos is the first byte of a value
	walkTaken                  // pos is just past a value
	walkDone                   // pos is just past the closing bracket, or of the error
)

// WalkObject starts at the object whose brace is b[i]. Anything else there,
// null included, is an error that the first Next reports.
func WalkObject(b []byte, i int) ObjectWalk {
	o := ObjectWalk{b: b, pos: i}
	if KindAt(b, i) != Object {
		o.err, o.state = unexpected(b, i, "an object"), walkDone
	}
	return o
}

// WalkArray starts at the array whose bracket is b[i], as WalkObject does.
func WalkArray(b []byte, i int) ArrayWalk {
	a := ArrayWalk{b: b, pos: i}
	if KindAt(b, i) != Array {
		a.err, a.state = unexpected(b, i, "an array"), walkDone
	}
	return a
}

// Next advances to the next member. It is false at the end and on an error.
func (o *ObjectWalk) Next() bool {
	i, more := advance(o.b, o.pos, &o.state, &o.err, '}')
	if !more {
		o.pos = i
		return false
	}
	if o.name = i; uint(i) >= uint(len(o.b)) || o.b[i] != '"' {
		return o.fail(unexpected(o.b, i, "a member's name"))
	}
	end := shortText(o.b, i+1)
	var err error
	if end == 0 {
		if end, err = skipText(o.b, i+1); err != nil {
			return o.fail(err)
		}
	}
	o.nameEnd = end
	if uint(end) < uint(len(o.b)) && o.b[end] == ':' {
		o.pos = Space(o.b, end+1)
	} else if o.pos, err = skipColon(o.b, end); err != nil {
		return o.fail(err)
	}
	o.state = walkValue
	return true
}

// Next advances to the next element. It is false at the end and on an error.
func (a *ArrayWalk) Next() bool {
	var more bool
	if a.pos, more = advance(a.b, a.pos, &a.state, &a.err, ']'); !more {
		return false
	}
	a.state = walkValue
	return true
}

// advance goes from a walk's position to the first byte of the next name or
// element, or past the closing bracket.
func advance(b []byte, i int, state *walkState, failed *error, closing byte) (int, bool) {
	var err error
	switch *state {
	case walkFirst:
		if i = Space(b, i+1); i < len(b) && b[i] == closing {
			*state = walkDone
			return i + 1, false
		}
		return i, true
	case walkDone:
		return i, false
	case walkValue:
		if i, err = Skip(b, i); err != nil {
			*failed, *state = err, walkDone
			return i, false
		}
	}
	i = Space(b, i)
	if uint(i) < uint(len(b)) && b[i] == ',' {
		return Space(b, i+1), true
	}
	*state = walkDone
	if i < len(b) && b[i] == closing {
		return i + 1, false
	}
	*failed = unexpected(b, i, "',' or '"+string(rune(closing))+"'")
	return i, false
}

func (o *ObjectWalk) fail(err error) bool {
	o.err, o.state = err, walkDone
	return false
}

// NameToken returns the current member's name as it stands, quotes included.
func (o *ObjectWalk) NameToken() []byte { return o.b[o.name:o.nameEnd] }

// Name returns the current member's name decoded: a part of b if it stands
// there as it is, else appended to scratch.
func (o *ObjectWalk) Name(scratch []byte) []byte {
	t := o.b[o.name:o.nameEnd]
	if !verbatim(t) {
		return AppendString(scratch, t)
	}
	return t[1 : len(t)-1]
}

// Pos returns the index of the current value's first byte, for whoever walks
// into it. It is valid until the value is taken.
func (o *ObjectWalk) Pos() int { return o.pos }

// Value takes the current value: it skips and validates it and returns its
// bytes. On an error it returns nil; Err and the next Next say so.
func (o *ObjectWalk) Value() []byte {
	return take(o.b, &o.pos, &o.state, &o.err)
}

// Resume goes on after the current value when the caller has walked it and
// found its end.
func (o *ObjectWalk) Resume(end int) { o.pos, o.state = end, walkTaken }

// End returns, once Next was false, the index just past the object, or where
// the error is.
func (o *ObjectWalk) End() int { return o.pos }

// Err returns what stopped the walk, nil at the end of the object.
func (o *ObjectWalk) Err() error { return o.err }

// Pos is [ObjectWalk.Pos] for the current element.
func (a *ArrayWalk) Pos() int { return a.pos }

// Value is [ObjectWalk.Value] for the current element.
func (a *ArrayWalk) Value() []byte {
	return take(a.b, &a.pos, &a.state, &a.err)
}

// Resume is [ObjectWalk.Resume] for the current element.
func (a *ArrayWalk) Resume(end int) { a.pos, a.state = end, walkTaken }

// End is [ObjectWalk.End] for the array.
func (a *ArrayWalk) End() int { return a.pos }

// Err is [ObjectWalk.Err] for the array.
func (a *ArrayWalk) Err() error { return a.err }

func take(b []byte, pos *int, state *walkState, failed *error) []byte {
	if *state != walkValue {
		return nil
	}
	start := *pos
	end, err := Skip(b, start)
	if err != nil {
		*failed, *state, *pos = err, walkDone, end
		return nil
	}
	*pos, *state = end, walkTaken
	return b[start:end]
}
