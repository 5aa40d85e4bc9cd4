package gateway

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

const defaultCompressMin = 1024

type compression uint8

const (
	notCompressible compression = iota
	wouldCompress               // another client's answer would be compressed
	compressNow
)

// compression decides about a body of n bytes that has no encoding yet.
func (p *Policy) compression(r *Request, h *head, n int) compression {
	min := p.CompressMin
	if min == 0 {
		min = defaultCompressMin
	}
	if min < 0 || n < min || h.noBody || h.status == http.StatusPartialContent || !compressible(h.contentType) ||
		h.header["Content-Range"] != nil || noTransform(h.header["Cache-Control"]) {
		return notCompressible
	}
	if r.Front == REST {
		// The service decodes base64 only if the first type of Accept is one of
		// the API's binary media types; the client would get base64 otherwise.
		if len(p.BinaryMediaTypes) == 0 || !MatchMediaType(p.BinaryMediaTypes, string(r.Header("accept"))) {
			return notCompressible
		}
	}
	if !r.acceptsGzip() {
		return wouldCompress
	}
	return compressNow
}

func noTransform(cacheControl []string) bool {
	for _, v := range cacheControl {
		if strings.Contains(strings.ToLower(v), "no-transform") {
			return true
		}
	}
	return false
}

// acceptsGzip reads Accept-Encoding: gzip must be acceptable, and not less
// welcome than no encoding. https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding
func (r *Request) acceptsGzip() bool {
	gzip, identity, any := -1.0, -1.0, -1.0
	for line := range r.Headers("accept-encoding") {
		for part := range bytes.SplitSeq(line, []byte(",")) {
			name, params, _ := bytes.Cut(part, []byte(";"))
			q := quality(params)
			name = bytes.TrimSpace(name)
			switch {
			case bytes.EqualFold(name, []byte("gzip")), bytes.EqualFold(name, []byte("x-gzip")):
				gzip = q
			case bytes.EqualFold(name, []byte("identity")):
				identity = q
			case string(name) == "*":
				any = q
			}
		}
	}
	if gzip < 0 {
		gzip = any
	}
	return gzip > 0 && gzip >= identity
}

func quality(params []byte) float64 {
	_, v, ok := bytes.Cut(params, []byte("="))
	if !ok {
		return 1
	}
	q, err := strconv.ParseFloat(string(bytes.TrimSpace(v)), 64)
	if err != nil || q < 0 || q > 1 {
		return 0
	}
	return q
}

// A gzipBuffer compresses into memory of its own.
type gzipBuffer struct {
	w   *gzip.Writer
	out bytes.Buffer
}

var gzips = sync.Pool{New: func() any {
	// The fastest level: it takes most of the gain for a third of the time,
	// and a function pays for the time.
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return &gzipBuffer{w: w}
}}

// compress returns the compressed body, and whether that pays.
func (z *gzipBuffer) compress(body []byte) ([]byte, bool) {
	z.out.Reset()
	z.w.Reset(&z.out)
	if _, err := z.w.Write(body); err != nil {
		return nil, false
	}
	if err := z.w.Close(); err != nil {
		return nil, false
	}
	return z.out.Bytes(), z.out.Len() < len(body)-len(body)/8
}

func (z *gzipBuffer) release() {
	if z.out.Cap() <= 1<<20 {
		gzips.Put(z)
	}
}
