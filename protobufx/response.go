package protobufx

import (
	"errors"
	"net/http"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
	"github.com/lambdatune/lambdatune/protobufx/internal/base64"
)

// makeHeads makes the envelopes of status 200 up to their bodies.
func makeHeads(types []string) [][]byte {
	var heads [][]byte
	for f := gateway.REST; f <= gateway.ALBMulti; f++ {
		for _, t := range types {
			heads = append(heads, gateway.AppendHead(nil, f, http.StatusOK, nil, t, true))
		}
	}
	return heads
}

// head returns the one of the i-th type of protobuf, nil for an unknown front.
func (c *Codec) head(f gateway.Front, i int) []byte {
	if k := (int(f)-int(gateway.REST))*len(c.types) + i; k >= 0 && k < len(c.heads) {
		return c.heads[k]
	}
	return nil
}

const tail = `"}`

// AppendResponse appends the answer to dst, in the front's form: the envelope
// with m in it, in the format of contentType, which [Codec.Negotiate] returned.
// Status 0 means 200; 204, 304 and those below 200 have no body. With room in dst
// nothing is allocated for protobuf: the message is encoded in its place, and
// base64 written over it.
//
// Where the answer is larger than its front takes, 1 MB on ALB and 6,291,556
// bytes elsewhere, the error says so before anything is encoded, and dst is
// returned as it was.
func (c *Codec) AppendResponse(dst []byte, front Front, status int, contentType string, m proto.Message) ([]byte, error) {
	if status == 0 {
		status = http.StatusOK
	}
	return c.appendResponse(dst, front, status, nil, contentType, m, room{})
}

// appendResponse is AppendResponse with headers, and with memory from room.
func (c *Codec) appendResponse(dst []byte, front Front, status int, header http.Header, contentType string, m proto.Message, space room) ([]byte, error) {
	if status < 200 || status == http.StatusNoContent || status == http.StatusNotModified {
		return gateway.AppendTail(gateway.AppendHead(c.grow(space, dst, 128), front, status, header, "", false)), nil
	}
	i := c.typeIndex(contentType)
	if i < 0 {
		return c.appendJSON(dst, front, status, header, contentType, m, space)
	}
	var head []byte
	if status == http.StatusOK && len(header) == 0 {
		head = c.head(front, i)
	}
	if head == nil {
		head = gateway.AppendHead(nil, front, status, header, c.types[i], true)
	}
	n := c.size(m)
	text := base64.EncodedLen(n)
	size := len(head) + text + len(tail)
	if limit := front.MaxAnswer(); size > limit {
		return dst, &gateway.TooLargeError{Front: front, Size: size, Limit: limit}
	}
	start := len(dst)
	dst = append(c.grow(space, dst, size), head...)
	at := len(dst)
	dst = dst[:at+text]
	if err := c.marshalTo(dst[at+text-n:], m); err != nil {
		return dst[:start], err
	}
	base64.EncodeTail(dst[at:], n)
	return append(dst, tail...), nil
}

var errNoJSON = errors.New("protobufx: the content type of the answer is none of the Codec's")

func (c *Codec) appendJSON(dst []byte, front Front, status int, header http.Header, contentType string, m proto.Message, space room) ([]byte, error) {
	if c.json == nil || !gateway.IsJSON(contentType) {
		return dst, errNoJSON
	}
	buf := getBuffer()
	defer buf.put()
	var err error
	if buf.b, err = c.json.AppendMarshal(buf.b[:0], m); err != nil {
		return dst, err
	}
	limit := front.MaxAnswer()
	if len(buf.b) > limit {
		return dst, &gateway.TooLargeError{Front: front, Size: len(buf.b), Limit: limit}
	}
	start := len(dst)
	dst = c.grow(space, dst, len(buf.b)+len(buf.b)/5+256)
	dst = gateway.AppendHead(dst, front, status, header, contentType, false)
	dst = jsonscan.AppendQuoteBytes(dst[:len(dst)-1], buf.b) // with both quotes
	dst = append(dst, tail[1:]...)
	if n := len(dst) - start; n > limit {
		return dst[:start], &gateway.TooLargeError{Front: front, Size: n, Limit: limit}
	}
	return dst, nil
}
