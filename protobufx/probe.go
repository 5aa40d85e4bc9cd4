package protobufx

import (
	"bytes"
	"io"
	"net/http"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
	"github.com/lambdatune/lambdatune/protobufx/internal/base64"
)

// probeSize is how much of a large body is looked at before memory is taken for
// all of it, in bytes; a multiple of 3. What is hostile is so from the start, and
// this much holds more messages than are taken without an option, also in JSON.
const probeSize = 312 << 10

// probe looks through the beginning of a body of size bytes.
func (c *Codec) probe(beginning []byte, size int, f format, m proto.Message) error {
	p := planOf(m.ProtoReflect().Descriptor())
	if f == isJSON {
		return c.scanJSON(p, beginning, true)
	}
	if !p.needed(size, &c.config, true) {
		return nil
	}
	s := scanner{left: c.maxMessages, partial: true}
	if err := s.scan(p, beginning, c.maxDepth); err != nil && err != errCut {
		return c.limitError(err)
	}
	return nil // the whole will tell
}

// probeText is probe for a body in base64. It goes on to the end of protobuf, piece
// by piece, for what the outermost fields tell: whether the last one is complete,
// and whether any is known.
func (c *Codec) probeText(text []byte, f format, m proto.Message) (err error) {
	const piece = probeSize / 3 * 4
	if bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0 {
		return nil // pieces would end within four characters; no front breaks lines
	}
	buf := getBuffer()
	defer buf.put()
	buf.b = slices.Grow(buf.b[:0], probeSize+64)
	o := outline{plan: planOf(m.ProtoReflect().Descriptor())}
	size, rest := base64Len(text), 0
	for first := true; len(text) > 0; first = false {
		n := min(piece, len(text))
		if buf.b, err = base64.AppendDecode(buf.b[:rest], text[:n]); err != nil {
			return errBase64(err)
		}
		if first {
			if isGzip(buf.b) {
				return nil
			}
			if err := c.probe(buf.b, size, f, m); err != nil || f == isJSON {
				return err
			}
		}
		left, err := o.add(buf.b)
		if err == errCut {
			return nil
		} else if err != nil {
			return c.limitError(err)
		}
		rest = copy(buf.b, left)
		text = text[n:]
	}
	switch {
	case o.skip > 0 || rest > 0:
		return c.limitError(errMalformed)
	case !o.known && !o.plan.empty() && !c.lenient:
		return errForeign(m)
	}
	return nil
}

// An outline is what the outermost fields of a message tell, which is read in
// pieces.
type outline struct {
	plan  *plan
	skip  uint64 // bytes of a field that are in the next pieces
	known bool   // some field is one of the message's
}

// add reads a piece and returns its end, where that is the beginning of a field
// that goes on in the next. With groups there is no telling: errCut.
func (o *outline) add(b []byte) (rest []byte, err error) {
	for len(b) > 0 {
		if n := min(o.skip, uint64(len(b))); n > 0 {
			b, o.skip = b[n:], o.skip-n
			continue
		}
		number, t, n := protowire.ConsumeTag(b)
		if n > 0 {
			switch t {
			case protowire.StartGroupType, protowire.EndGroupType:
				return nil, errCut
			case protowire.BytesType:
				var k int
				if o.skip, k = protowire.ConsumeVarint(b[n:]); k > 0 {
					n += k
				} else {
					n, o.skip = k, 0
				}
			default:
				if k := protowire.ConsumeFieldValue(number, t, b[n:]); k > 0 {
					n += k
				} else {
					n = k
				}
			}
		}
		if n < 0 {
			if truncated(n) {
				return b, nil
			}
			return nil, errMalformed
		}
		o.known = o.known || o.plan.knows(number, t)
		b = b[n:]
	}
	return nil, nil
}

// truncated reports whether the length that protowire returned stands for the end
// of the bytes.
func truncated(n int) bool { return protowire.ParseError(n) == io.ErrUnexpectedEOF }

// beginningOf returns a beginning of a string token, with some character in place
// of the closing quote. No escape is cut.
func beginningOf(token []byte, size int) []byte {
	if slash := bytes.LastIndexByte(token[:size], '\\'); slash >= 0 && size-slash < len(`\u0000`) {
		first := slash
		for token[first-1] == '\\' { // the quote stops it
			first--
		}
		if (slash-first)%2 == 0 { // it begins an escape
			size = slash
		}
	}
	return token[:size+1]
}

// probeString is probe for a body that is the inside of a string.
func (c *Codec) probeString(token []byte, f format, m proto.Message) error {
	if len(token) <= probeSize {
		return nil
	}
	buf := getBuffer()
	defer buf.put()
	buf.b = jsonscan.AppendString(buf.b[:0], beginningOf(token, probeSize))
	return c.probe(buf.b, len(token), f, m)
}

func errForeign(m proto.Message) error {
	return newError(http.StatusBadRequest, "the body is no "+string(m.ProtoReflect().Descriptor().FullName())+": it has none of its fields")
}
