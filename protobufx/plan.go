package protobufx

import (
	"errors"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// A plan is what there is to know of a message type before one is decoded:
// which of its fields are messages.
type plan struct {
	dense     []planField // by field number
	sparse    map[protowire.Number]planField
	open      bool // has extension ranges: other numbers may be known too
	nested    bool // some field is a message
	recursive bool // nests without end, or deeper than depth says
	depth     int  // of nesting, 1 for a message without message fields
	values    bool // holds a google.protobuf.Value or ListValue somewhere
}

type planField struct {
	message *plan
	wire    uint8 // the bits of the wire types that are decoded; 0 if there is no such field
}

const denseFields = 256

func (p *plan) field(n protowire.Number) planField {
	if int(n) < len(p.dense) {
		return p.dense[n]
	}
	return p.sparse[n]
}

// message returns the plan of the message that a field of this number and wire
// type is, nil where it is none.
func (p *plan) message(n protowire.Number, t protowire.Type) *plan {
	if f := p.field(n); f.wire>>t&1 == 1 {
		return f.message
	}
	return nil
}

// knows reports whether a field of this number and wire type is decoded, or may be.
func (p *plan) knows(n protowire.Number, t protowire.Type) bool {
	f := p.field(n)
	return f.wire>>t&1 == 1 || p.open && f.wire == 0
}

// empty reports whether the message type has no fields.
func (p *plan) empty() bool { return len(p.dense) == 0 && len(p.sparse) == 0 }

var plans struct {
	sync.Mutex
	known sync.Map // protoreflect.MessageDescriptor → *plan
}

// planOf returns the plan of a type. They are made once.
func planOf(md protoreflect.MessageDescriptor) *plan {
	if p, ok := plans.known.Load(md); ok {
		return p.(*plan)
	}
	plans.Lock()
	defer plans.Unlock()
	made := map[protoreflect.FullName]*plan{}
	p := makePlan(md, made)
	made[md.FullName()].measure(map[*plan]bool{})
	plans.known.Store(md, p)
	return p
}

func makePlan(md protoreflect.MessageDescriptor, made map[protoreflect.FullName]*plan) *plan {
	if p := made[md.FullName()]; p != nil {
		return p
	}
	p := &plan{open: md.ExtensionRanges().Len() > 0}
	made[md.FullName()] = p
	switch md.FullName() {
	case "google.protobuf.Value", "google.protobuf.ListValue", "google.protobuf.Struct":
		p.values = true
	}
	add := func(fd protoreflect.FieldDescriptor) {
		f := planField{wire: wireTypes(fd)}
		if fd.Message() != nil {
			f.message = makePlan(fd.Message(), made)
			p.nested = true
		}
		if n := fd.Number(); n < denseFields {
			for len(p.dense) <= int(n) {
				p.dense = append(p.dense, planField{})
			}
			p.dense[n] = f
		} else {
			if p.sparse == nil {
				p.sparse = map[protowire.Number]planField{}
			}
			p.sparse[n] = f
		}
	}
	for i := range md.Fields().Len() {
		add(md.Fields().Get(i))
	}
	if p.open {
		protoregistry.GlobalTypes.RangeExtensionsByMessage(md.FullName(), func(xt protoreflect.ExtensionType) bool {
			add(xt.TypeDescriptor())
			return true
		})
	}
	return p
}

// measure finds out what concerns all that p holds.
func (p *plan) measure(open map[*plan]bool) {
	if p.depth > 0 || p.recursive {
		return
	}
	open[p] = true
	p.depth = 1
	each := func(f planField) {
		m := f.message
		if m == nil {
			return
		}
		if open[m] {
			p.recursive = true
			return
		}
		m.measure(open)
		p.depth = max(p.depth, 1+m.depth)
		p.recursive = p.recursive || m.recursive
		p.values = p.values || m.values
	}
	for _, f := range p.dense {
		each(f)
	}
	for _, f := range p.sparse {
		each(f)
	}
	delete(open, p)
}

func wireTypes(fd protoreflect.FieldDescriptor) uint8 {
	var t protowire.Type
	switch fd.Kind() {
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		t = protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		t = protowire.Fixed64Type
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		t = protowire.BytesType
	case protoreflect.GroupKind:
		t = protowire.StartGroupType
	default:
		t = protowire.VarintType
	}
	mask := uint8(1) << t
	if fd.IsList() && t != protowire.StartGroupType { // packed or not, whatever the declaration says
		mask |= 1 << protowire.BytesType
	}
	return mask
}

var (
	errMalformed = errors.New("the bytes are no protobuf message")
	errDepth     = errors.New("messages nest too deep")
	errMessages  = errors.New("too many messages within the message")
	errCut       = errors.New("the bytes end within the message") // of a beginning
)

// needed reports whether a body of n bytes must be looked through for limits,
// given whether the decoder itself minds the depth.
func (p *plan) needed(n int, c *config, mindsDepth bool) bool {
	if !p.nested {
		return false
	}
	// A message takes two bytes at least, and so does a level.
	return n/2 > c.maxMessages || (!mindsDepth && n/2 >= c.maxDepth && (p.recursive || p.depth > c.maxDepth))
}

// A scanner counts messages, and stops as soon as there are too many.
type scanner struct {
	left    int
	partial bool // there is only the beginning: what is cut off is fine
}

// scan looks through b, fields of a message of p, which may nest depth deep.
func (s *scanner) scan(p *plan, b []byte, depth int) error {
	_, err := s.fields(p, b, 0, depth)
	return err
}

// broken is the error of bytes of which protowire returned this length.
func (s *scanner) broken(n int) error {
	if s.partial && truncated(n) {
		return errCut
	}
	return errMalformed
}

// fields is scan up to the end of the group of that number, and returns what
// follows it; all of b is looked through without a group. Groups are met but once,
// however deep they nest.
func (s *scanner) fields(p *plan, b []byte, group protowire.Number, depth int) (rest []byte, err error) {
	if depth <= 0 {
		return nil, errDepth
	}
	for len(b) > 0 {
		// A run of small messages of one field, which is what lists are.
		if tag := b[0]; tag < 0x80 && tag&7 == uint8(protowire.BytesType) && depth > 1 {
			if m := p.message(protowire.Number(tag>>3), protowire.BytesType); m != nil && !m.nested {
				i, left := 0, s.left
				for i+1 < len(b) && b[i] == tag && b[i+1] < 0x80 && left > 0 && i+2+int(b[i+1]) <= len(b) {
					i += 2 + int(b[i+1])
					left--
				}
				if s.left = left; i > 0 {
					b = b[i:]
					continue
				}
			}
		}
		// Most tags are one byte.
		var tag uint64
		n := 1
		if b[0] < 0x80 {
			tag = uint64(b[0])
		} else if tag, n = protowire.ConsumeVarint(b); n < 0 {
			return nil, s.broken(n)
		}
		if tag>>3 < 1 || tag>>3 > uint64(protowire.MaxValidNumber) {
			return nil, errMalformed
		}
		b = b[n:]
		number := protowire.Number(tag >> 3)
		switch protowire.Type(tag & 7) {
		case protowire.BytesType:
			var size uint64
			if len(b) > 0 && b[0] < 0x80 {
				size, n = uint64(b[0]), 1
			} else if size, n = protowire.ConsumeVarint(b); n < 0 {
				return nil, s.broken(n)
			}
			if size > uint64(len(b)-n) {
				if !s.partial {
					return nil, errMalformed
				}
				size = uint64(len(b) - n)
			}
			if m := p.message(number, protowire.BytesType); m != nil {
				if s.left--; s.left < 0 {
					return nil, errMessages
				}
				if m.nested {
					if err := s.scan(m, b[n:n+int(size)], depth-1); err != nil {
						return nil, err
					}
				} else if depth == 1 {
					return nil, errDepth
				}
			}
			b = b[n+int(size):]
		case protowire.VarintType:
			if len(b) > 0 && b[0] < 0x80 {
				b = b[1:]
				continue
			}
			if n = protowire.ConsumeFieldValue(number, protowire.VarintType, b); n < 0 {
				return nil, s.broken(n)
			}
			b = b[n:]
		case protowire.EndGroupType:
			if number != group {
				return nil, errMalformed
			}
			return b, nil
		case protowire.StartGroupType:
			m := p.message(number, protowire.StartGroupType)
			if m == nil {
				if n = protowire.ConsumeFieldValue(number, protowire.StartGroupType, b); n < 0 {
					return nil, s.broken(n)
				}
				b = b[n:]
				continue
			}
			if s.left--; s.left < 0 {
				return nil, errMessages
			}
			if b, err = s.fields(m, b, number, depth-1); err != nil {
				return nil, err
			}
		default:
			if n = protowire.ConsumeFieldValue(number, protowire.Type(tag&7), b); n < 0 {
				return nil, s.broken(n)
			}
			b = b[n:]
		}
	}
	if group != 0 && !s.partial {
		return nil, errMalformed
	}
	return nil, nil
}

// foreign reports whether b has fields, but none that p knows: most likely it
// is a message of another type, which decoding alone would not notice.
func (p *plan) foreign(b []byte) bool {
	if len(b) == 0 || p.empty() {
		return false
	}
	for len(b) > 0 {
		number, t, n := protowire.ConsumeTag(b)
		if n < 0 {
			return false // malformed, which decoding says better
		}
		if p.knows(number, t) {
			return false
		}
		v := protowire.ConsumeFieldValue(number, t, b[n:])
		if v < 0 {
			return false
		}
		b = b[n+v:]
	}
	return true
}
