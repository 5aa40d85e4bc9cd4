package protobufx

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
	"github.com/lambdatune/lambdatune/protobufx/internal/base64"
)

// A Codec turns bodies into messages and messages into answers, within limits.
// It is immutable and safe for concurrent use. The zero Codec is not usable: get
// one from [New].
type Codec struct {
	config
	heads   [][]byte // see makeHeads
	buffers leases
}

// A Format is another encoding of messages, such as JSON. It must be safe for
// concurrent use. The error of Unmarshal is for clients to read, and must not
// quote the input.
type Format interface {
	AppendMarshal(dst []byte, m proto.Message) ([]byte, error)
	Unmarshal(b []byte, m proto.Message, discardUnknown bool) error
}

// New returns a Codec. Its error joins all that is wrong with the options.
func New(opts ...Option) (*Codec, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	return newCodec(c), nil
}

func newCodec(c config) *Codec {
	return &Codec{config: c, heads: makeHeads(c.types)}
}

// Unmarshal decodes a request's body into m, as an event has it: body is the
// text of the event's member, isBase64 what isBase64Encoded says. Without a
// contentType it is protobuf, or JSON where it is text and the Codec has [JSON].
// The body must not be compressed; [Handle] undoes that too.
//
// Every error is an [*Error]: 415 where the content type is none of the Codec's,
// or protobuf came as text, 413 above a limit, 400 where the body is not such a
// message, which includes one whose fields are all unknown. What is above a limit
// is found out before m is touched. Where the official protobuf package does the
// decoding m is reset first.
func (c *Codec) Unmarshal(body []byte, isBase64 bool, contentType string, m proto.Message) error {
	f, err := c.requestFormat(contentType, isBase64, len(body) > 0)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		proto.Reset(m)
		return nil
	}
	if isBase64 {
		buf := getBuffer()
		defer buf.put()
		if err := c.unbase64(buf, body, f, m); err != nil {
			return err
		}
		body = buf.b
	}
	return c.decode(f, body, m)
}

// format is how a body is encoded.
type format uint8

const (
	isProtobuf format = iota
	isJSON
)

// requestFormat judges a request's content type.
func (c *Codec) requestFormat(contentType string, isBase64, hasBody bool) (format, error) {
	switch {
	case c.typeIndex(contentType) >= 0:
	case contentType == "":
		if !isBase64 && c.json != nil {
			return isJSON, nil
		}
	case c.json != nil && gateway.IsJSON(contentType):
		return isJSON, nil
	case hasBody:
		err := newError(http.StatusUnsupportedMediaType, "the Content-Type of the body must be "+c.accepted())
		err.Header = http.Header{"Accept": {c.acceptable()}} // RFC 9110, section 15.5.16
		return 0, err
	}
	if hasBody && !isBase64 {
		return 0, newError(http.StatusUnsupportedMediaType,
			"the body came as text, which ruins protobuf: the API Gateway REST API in front needs its Content-Type in BinaryMediaTypes, as application~1protobuf in a template")
	}
	return isProtobuf, nil
}

// accepted lists the content types for a client that has sent another one.
func (c *Codec) accepted() string {
	s := strings.Join(c.types, ", ")
	if c.json != nil {
		return s + " or application/json in UTF-8"
	}
	return s
}

// acceptable is accepted as an Accept header.
func (c *Codec) acceptable() string {
	s := strings.Join(c.types, ", ")
	if c.json != nil {
		return s + ", application/json"
	}
	return s
}

// checkSize refuses what is too large, before it is there.
func (c *Codec) checkSize(n int) error {
	if n > c.maxBytes {
		return newError(http.StatusRequestEntityTooLarge, "the body has "+strconv.Itoa(n)+" bytes, more than the "+strconv.Itoa(c.maxBytes)+" that are taken")
	}
	return nil
}

// base64Len returns how many bytes the base64 text stands for, if it has no line
// breaks.
func base64Len(text []byte) int {
	n := len(text) / 4 * 3
	for i := len(text) - 1; i >= max(len(text)-2, 0) && text[i] == '='; i-- {
		n--
	}
	return n
}

// unbase64 decodes text into buf, within the limits. A large body is looked through
// before there is memory for it.
func (c *Codec) unbase64(buf *buffer, text []byte, f format, m proto.Message) (err error) {
	n := base64Len(text)
	if err := c.checkSize(n); err != nil {
		return err
	}
	if n > probeSize && cap(buf.b) < n {
		if err := c.probeText(text, f, m); err != nil {
			return err
		}
	}
	if buf.b, err = base64.AppendDecode(buf.b[:0], text); err != nil {
		return errBase64(err)
	}
	return nil
}

func errBase64(err error) error {
	return &Error{Status: http.StatusBadRequest, Message: "the body is not base64, though isBase64Encoded is true", Err: err}
}

// decode decodes a body that has no other encoding left into m.
func (c *Codec) decode(f format, body []byte, m proto.Message) error {
	if err := c.checkSize(len(body)); err != nil {
		return err
	}
	md := m.ProtoReflect().Descriptor()
	p := planOf(md)
	if f == isJSON {
		if err := c.scanJSON(p, body, false); err != nil {
			return err
		}
		if err := c.json.Unmarshal(body, m, c.discard || c.lenient); err != nil {
			return &Error{Status: http.StatusBadRequest, Message: err.Error(), Err: err}
		}
		return nil
	}
	decode, mindsDepth := c.decoder(m)
	if p.needed(len(body), &c.config, mindsDepth) {
		s := scanner{left: c.maxMessages}
		if err := s.scan(p, body, c.maxDepth); err != nil {
			return c.limitError(err)
		}
	}
	if !c.lenient && p.foreign(body) {
		return errForeign(m)
	}
	if err := decode(body, m); err != nil {
		return &Error{Status: http.StatusBadRequest, Message: "the body is no " + string(md.FullName()) + " in protobuf", Err: err}
	}
	return nil
}

func (c *Codec) limitError(err error) error {
	switch {
	case errors.Is(err, errMessages):
		return newError(http.StatusRequestEntityTooLarge, "the body has more than "+strconv.Itoa(c.maxMessages)+" messages within it")
	case errors.Is(err, errDepth):
		return newError(http.StatusBadRequest, "the messages of the body nest deeper than "+strconv.Itoa(c.maxDepth))
	}
	return newError(http.StatusBadRequest, "the body is malformed: "+err.Error())
}

// scanJSON applies the limits to a body in JSON, or to its beginning. A level of
// messages is at most two of brackets.
func (c *Codec) scanJSON(p *plan, body []byte, partial bool) error {
	if len(body)/2 < min(c.maxMessages, c.maxDepth) {
		return nil
	}
	messages, depth := 0, 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			end, err := jsonscan.SkipString(body, i)
			switch {
			case err != nil && partial:
				return nil // the whole will tell
			case err != nil:
				return newError(http.StatusBadRequest, "the body is no JSON: "+err.Error())
			}
			i = end - 1
		case '{', '[':
			if body[i] == '{' || p.values {
				messages++
			}
			if depth++; depth > 2*c.maxDepth {
				return c.limitError(errDepth)
			}
		case '}', ']':
			depth--
		case ',':
			if p.values {
				messages++
			}
		}
		if messages > c.maxMessages+1 { // one is the message itself
			return c.limitError(errMessages)
		}
	}
	return nil
}

// Marshallers that are used where a message has them: those of vtprotobuf, and
// those of gogo/protobuf and its kin.
type (
	vtUnmarshaler interface{ UnmarshalVT([]byte) error }
	vtMarshaler   interface {
		SizeVT() int
		MarshalToSizedBufferVT([]byte) (int, error)
	}
	gogoUnmarshaler interface{ Unmarshal([]byte) error }
	gogoMarshaler   interface {
		Size() int
		MarshalToSizedBuffer([]byte) (int, error)
	}
)

// decoder returns what decodes m, and whether that keeps to the limit of depth.
func (c *Codec) decoder(m proto.Message) (decode func([]byte, proto.Message) error, mindsDepth bool) {
	if !c.discard {
		switch m.(type) {
		case vtUnmarshaler:
			return decodeVT, false
		case gogoUnmarshaler:
			return decodeGogo, false
		}
	}
	return c.decodeOfficial, true
}

func decodeVT(b []byte, m proto.Message) error   { return m.(vtUnmarshaler).UnmarshalVT(b) }
func decodeGogo(b []byte, m proto.Message) error { return m.(gogoUnmarshaler).Unmarshal(b) }

func (c *Codec) decodeOfficial(b []byte, m proto.Message) error {
	return proto.UnmarshalOptions{DiscardUnknown: c.discard, RecursionLimit: c.maxDepth}.Unmarshal(b, m)
}

// size returns how long m is in protobuf. It is the first half of marshalTo.
func (c *Codec) size(m proto.Message) int {
	if !c.deterministic {
		switch m := m.(type) {
		case vtMarshaler:
			return m.SizeVT()
		case gogoMarshaler:
			return m.Size()
		}
	}
	return proto.MarshalOptions{Deterministic: c.deterministic}.Size(m)
}

var errChanged = errors.New("protobufx: the message changed while it was encoded, or its marshaller and its size disagree")

// marshalTo fills b, of the length that size returned.
func (c *Codec) marshalTo(b []byte, m proto.Message) error {
	var n int
	var err error
	vt, isVT := m.(vtMarshaler)
	gogo, isGogo := m.(gogoMarshaler)
	switch {
	case isVT && !c.deterministic:
		n, err = vt.MarshalToSizedBufferVT(b)
	case isGogo && !c.deterministic:
		n, err = gogo.MarshalToSizedBuffer(b)
	default:
		var out []byte
		out, err = proto.MarshalOptions{Deterministic: c.deterministic, UseCachedSize: true}.MarshalAppend(b[:0:len(b)], m)
		n = len(out)
	}
	if err == nil && n != len(b) {
		return errChanged
	}
	return err
}
