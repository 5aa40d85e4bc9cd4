package gateway

import (
	"encoding/base64"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// HasBody reports whether the request has a body of at least one byte.
func (r *Request) HasBody() bool { return r.body.hi-r.body.lo > len(`""`) }

// BodyToken returns the body as it stands in the event, a JSON string with its
// quotes, and whether that string is base64. It is nil without a body.
func (r *Request) BodyToken() (token []byte, isBase64 bool) {
	if r.body.hi == 0 {
		return nil, false
	}
	return r.event[r.body.lo:r.body.hi], r.base64
}

// MaxBody returns the largest number of bytes that the body can have.
func (r *Request) MaxBody() int {
	n := max(r.body.hi-r.body.lo-len(`""`), 0)
	if r.base64 {
		n = base64.StdEncoding.DecodedLen(n)
	}
	return n
}

// AppendBody appends the body, unescaped and decoded from base64, to dst. It is
// the only pass over the body after Parse.
func (r *Request) AppendBody(dst []byte) ([]byte, error) {
	if !r.HasBody() {
		return dst, nil
	}
	token := r.event[r.body.lo:r.body.hi]
	if !r.base64 {
		return jsonscan.AppendString(dst, token), nil
	}
	raw := token[1 : len(token)-1]
	if jsonscan.Escaped(token) { // as encoders that escape / write it
		r.scratch = jsonscan.AppendString(r.scratch[:0], token)
		raw = r.scratch
	}
	out, err := base64.StdEncoding.AppendDecode(dst, raw)
	if err != nil {
		at := r.body.lo
		if corrupt, ok := err.(base64.CorruptInputError); ok && len(raw) == len(token)-2 {
			at += 1 + int(corrupt)
		}
		return dst, &EventError{Member: "body", Offset: at, Msg: "isBase64Encoded is true, but this is not base64", Err: err}
	}
	return out, nil
}
