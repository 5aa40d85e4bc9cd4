package gateway

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A Response is an answer before it has a front's form.
type Response struct {
	// Status is the status code; 0 means 200.
	Status int
	// Header holds the headers, canonical or not. It is not changed.
	// Content-Length, Transfer-Encoding, Connection and the other headers of one
	// hop are left out: the front sets them.
	Header http.Header
	// ContentType is the Content-Type where Header has none.
	ContentType string
	// Body is the body. Its encoding in the envelope follows from the content
	// type and a Content-Encoding header.
	Body []byte
}

// A Policy decides what happens to a body on its way out. The zero value
// compresses from 1 KiB on. Safe for concurrent use.
type Policy struct {
	// CompressMin is the smallest body that is compressed with gzip, in bytes,
	// where the client accepts that and the type promises to get smaller.
	// 0 means 1024, about what fits into one packet with its headers;
	// negative means never.
	CompressMin int
	// BinaryMediaTypes is the binaryMediaTypes list of the API Gateway REST
	// API. Only what it tells makes compression safe there. Other fronts
	// don't need it.
	BinaryMediaTypes []string
}

// AppendResponse appends the answer to r in its front's form. The error is nil
// or a [*TooLargeError], and then dst is returned as it was.
func (p *Policy) AppendResponse(dst []byte, r *Request, res Response) ([]byte, error) {
	if res.Status == 0 {
		res.Status = http.StatusOK
	}
	h := newHead(r.Front, res.Status, res.Header, res.ContentType)
	body := res.Body
	if !bodyAllowed(res.Status) {
		body, h.noBody = nil, true
	}
	encoded := first(h.header, "Content-Encoding")
	if encoded == "" || strings.EqualFold(encoded, "identity") {
		switch p.compression(r, &h, len(res.Body)) {
		case wouldCompress:
			h.vary = true
		case compressNow:
			h.vary = true
			if r.Method == http.MethodHead {
				break
			}
			z := gzips.Get().(*gzipBuffer)
			defer z.release()
			if packed, ok := z.compress(body); ok {
				body, h.gzip = packed, true
			}
		}
	} else {
		h.encoded = true
	}
	if r.Method == http.MethodHead {
		body = nil
	}
	limit := r.Front.MaxAnswer()
	h.base64 = len(body) > 0 && (h.gzip || h.encoded || !IsText(h.contentType) || (r.Front != REST && !utf8.Valid(body)))
	size := len(body)
	if h.base64 {
		size = base64.StdEncoding.EncodedLen(size)
	}
	if size > limit {
		return dst, &TooLargeError{Front: r.Front, Size: size, Limit: limit}
	}
	start := len(dst)
	dst = slices.Grow(dst, size+size/8+256)
	dst = h.append(dst)
	if h.base64 {
		dst = base64.StdEncoding.AppendEncode(dst, body)
	} else {
		dst = jsonscan.AppendQuoteBytes(dst[:len(dst)-1], body)
		dst = dst[:len(dst)-1]
	}
	dst = AppendTail(dst)
	if n := len(dst) - start; n > limit {
		return dst[:start], &TooLargeError{Front: r.Front, Size: n, Limit: limit}
	}
	return dst, nil
}

// AppendHead appends the front's envelope up to and including the opening quote
// of the body, which must follow as the inside of a JSON string: base64 if so
// said, else escaped text. After it comes [AppendTail]. The headers are as in
// [Response]; contentType is used where header has none.
func AppendHead(dst []byte, front Front, status int, header http.Header, contentType string, isBase64 bool) []byte {
	h := newHead(front, status, header, contentType)
	h.base64 = isBase64
	return h.append(dst)
}

// AppendTail appends what follows the body.
func AppendTail(dst []byte) []byte { return append(dst, `"}`...) }

// EncodeBase64 encodes b[start:] in place, growing b by a third of it: for
// bodies that were appended as they are. It allocates only where b must grow.
func EncodeBase64(b []byte, start int) []byte {
	const chunk = 3 << 10 // a multiple of 3, small enough for the stack
	var raw [chunk]byte
	n := len(b) - start
	size := base64.StdEncoding.EncodedLen(n)
	b = slices.Grow(b, size-n)[:start+size]
	// From the end: what is written starts at 4/3 of the position that is read,
	// so it never reaches what is still to be read.
	for i := (n - 1) / chunk * chunk; n > 0 && i >= 0; i -= chunk {
		part := raw[:copy(raw[:], b[start+i:start+n])]
		base64.StdEncoding.Encode(b[start+i/3*4:], part)
		n = i
	}
	return b
}

// bodyAllowed reports whether an answer of this status can have a body.
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// first returns the first value of the header, named in canonical form.
func first(h http.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// A head is what comes before the body of an envelope.
type head struct {
	front       Front
	status      int
	header      http.Header
	contentType string
	base64      bool
	noBody      bool // the status forbids a body and its type
	vary        bool // add Accept-Encoding to Vary
	gzip        bool // add Content-Encoding, weaken ETag
	encoded     bool // the header has a Content-Encoding
}

func newHead(front Front, status int, header http.Header, contentType string) head {
	header = canonical(header)
	if v := first(header, "Content-Type"); v != "" {
		contentType = v
	}
	return head{front: front, status: status, header: header, contentType: contentType}
}

// canonical returns h with canonical names: h itself, if it has them already.
func canonical(h http.Header) http.Header {
	for name := range h {
		if !isCanonical(name) && http.CanonicalHeaderKey(name) != name {
			out := make(http.Header, len(h))
			for name, values := range h {
				key := http.CanonicalHeaderKey(name)
				out[key] = append(out[key], values...)
			}
			return out
		}
	}
	return h
}

func (h *head) append(dst []byte) []byte {
	dst = append(dst, `{"statusCode":`...)
	dst = strconv.AppendInt(dst, int64(h.status), 10)
	if h.front.Balancer() {
		dst = append(dst, `,"statusDescription":"`...)
		dst = strconv.AppendInt(dst, int64(h.status), 10)
		if text := http.StatusText(h.status); text != "" {
			dst = append(append(dst, ' '), text...)
		}
		dst = append(dst, '"')
	}
	dst = h.appendHeaders(dst)
	if h.base64 {
		return append(dst, `,"isBase64Encoded":true,"body":"`...)
	}
	return append(dst, `,"isBase64Encoded":false,"body":"`...)
}

// appendHeaders appends the headers in the front's members, sorted, so that
// equal answers are equal bytes.
func (h *head) appendHeaders(dst []byte) []byte {
	var room [24]string
	names := room[:0]
	lists := false // several values, which payload format 1.0 has a member for
	var cookies []string
	for name, values := range h.header {
		switch {
		case len(values) == 0 || !validName(name) || hopHeader(name) || name == "Content-Type":
			continue
		case name == "Set-Cookie" && (h.front.Payload2() || h.front == ALB):
			cookies = append(cookies, values...)
			continue
		}
		lists = lists || len(values) > 1
		names = append(names, name)
	}
	slices.Sort(names)
	member := `,"headers":{`
	if h.front == ALBMulti {
		member = `,"multiValueHeaders":{`
	}
	dst = append(dst, member...)
	begin := len(dst)
	if h.contentType != "" && !h.noBody {
		dst = h.appendMember(dst, begin, "Content-Type", h.contentType)
	}
	if h.gzip {
		dst = h.appendMember(dst, begin, "Content-Encoding", "gzip")
	}
	varied := !h.vary
	for _, name := range names {
		values := h.header[name]
		switch {
		case len(values) > 1 && h.front != ALBMulti && !h.front.Payload2() && h.front != ALB:
			continue // in multiValueHeaders below
		case h.vary && name == "Vary":
			varied = true
			dst = h.appendMember(dst, begin, name, varyWith(values))
		case h.gzip && name == "Etag" && !strings.HasPrefix(values[0], "W/"):
			// The bytes differ from the ones that the tag was made for.
			dst = h.appendMember(dst, begin, name, "W/"+values[0])
		default:
			dst = h.appendMember(dst, begin, name, values...)
		}
	}
	if !varied && !(lists && len(h.header["Vary"]) > 1) {
		dst = h.appendMember(dst, begin, "Vary", "Accept-Encoding")
	}
	if h.front == ALB {
		for i, c := range cookies {
			dst = h.appendMember(dst, begin, setCookieName(i), c)
		}
	}
	dst = append(dst, '}')
	if lists && (h.front == REST || h.front == HTTPv1) {
		dst = append(dst, `,"multiValueHeaders":{`...)
		begin = len(dst)
		for _, name := range names {
			values := h.header[name]
			if len(values) < 2 {
				continue
			}
			if len(dst) > begin {
				dst = append(dst, ',')
			}
			dst = append(jsonscan.AppendQuote(dst, name), ':')
			if h.vary && name == "Vary" {
				values = []string{varyWith(values)}
			}
			dst = appendList(dst, values)
		}
		dst = append(dst, '}')
	}
	if len(cookies) > 0 && h.front.Payload2() {
		dst = append(dst, `,"cookies":`...)
		dst = appendList(dst, cookies)
	}
	return dst
}

// appendMember appends one header, in the form of its front.
func (h *head) appendMember(dst []byte, begin int, name string, values ...string) []byte {
	if len(dst) > begin {
		dst = append(dst, ',')
	}
	dst = append(jsonscan.AppendQuote(dst, name), ':')
	if h.front == ALBMulti {
		return appendList(dst, values)
	}
	if len(values) == 1 {
		return jsonscan.AppendQuote(dst, clean(values[0]))
	}
	return jsonscan.AppendQuote(dst, clean(strings.Join(values, ", ")))
}

func appendList(dst []byte, values []string) []byte {
	dst = append(dst, '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonscan.AppendQuote(dst, clean(v))
	}
	return append(dst, ']')
}

// varyWith returns the Vary header with Accept-Encoding in it.
func varyWith(values []string) string {
	joined := strings.Join(values, ", ")
	for part := range strings.SplitSeq(joined, ",") {
		if part = strings.TrimSpace(part); part == "*" || strings.EqualFold(part, "Accept-Encoding") {
			return joined
		}
	}
	return joined + ", Accept-Encoding"
}

// setCookieName returns set-cookie in the i-th way of writing it with capitals:
// an ALB without multi-value headers takes one value for each name, but tells
// names apart by case. There are 512 ways.
func setCookieName(i int) string {
	name := []byte("set-cookie")
	bit := 0
	for j := range name {
		if name[j] == '-' {
			continue
		}
		if i>>bit&1 == 1 {
			name[j] -= 'a' - 'A'
		}
		bit++
	}
	return string(name)
}

// hopHeader reports whether the front sets this header, or forbids it.
func hopHeader(name string) bool {
	for _, hop := range [...]string{"Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		if name == hop {
			return true
		}
	}
	return false
}

// validName reports whether the name is a token of RFC 9110. net/http leaves
// others out as well.
func validName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' {
			continue
		}
		if strings.IndexByte("-_!#$%&'*+.^`|~", c) < 0 {
			return false
		}
	}
	return name != ""
}

// clean makes a header's value one line, as net/http does: a line break in
// it must not begin another header.
func clean(value string) string {
	if strings.ContainsAny(value, "\r\n") {
		value = strings.NewReplacer("\r", " ", "\n", " ").Replace(value)
	}
	return strings.Trim(value, " \t")
}
