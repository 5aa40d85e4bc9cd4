package handler

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

// A responseWriter buffers an answer with the semantics of net/http's server.
type responseWriter struct {
	header http.Header // the handler's own
	frozen http.Header // at WriteHeader
	status int
	length int64 // as the handler declared it, else -1
	wrote  int64
	body   *[]byte // pooled, nil once released
}

func (w *responseWriter) start() {
	w.header, w.length = make(http.Header, 4), -1
	w.body = responses.Get().(*[]byte)
}

// responses hold bodies until they are in an envelope.
var responses = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

func (w *responseWriter) release() {
	if b := w.body; b != nil && cap(*b) <= maxPooled {
		*b = (*b)[:0]
		responses.Put(b)
	}
	w.body = nil
}

func (w *responseWriter) Header() http.Header { return w.header }

func (w *responseWriter) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999:
		panic(fmt.Sprintf("invalid WriteHeader code %v", status)) // as net/http
	case w.status != 0, status < 200 && status != http.StatusSwitchingProtocols:
		return // the first one counts; an informational one cannot be sent
	}
	w.status = status
	w.frozen = w.header.Clone()
	if v := w.frozen.Get("Content-Length"); v != "" {
		if n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64); err == nil && n >= 0 {
			w.length = n
		}
	}
}

func (w *responseWriter) Write(b []byte) (int, error) { return write(w, b) }

// WriteString is Write without a conversion.
func (w *responseWriter) WriteString(s string) (int, error) { return write(w, s) }

func write[T []byte | string](w *responseWriter, b T) (int, error) {
	if w.body == nil {
		return 0, http.ErrHandlerTimeout // the handler has returned
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if len(b) == 0 {
		return 0, nil
	}
	if w.status < 200 || w.status == http.StatusNoContent || w.status == http.StatusNotModified {
		return 0, http.ErrBodyNotAllowed
	}
	if w.wrote += int64(len(b)); w.length >= 0 && w.wrote > w.length {
		return 0, http.ErrContentLength
	}
	*w.body = append(*w.body, b...)
	return len(b), nil
}

// ReadFrom reads into the buffer without another in between.
func (w *responseWriter) ReadFrom(r io.Reader) (n int64, err error) {
	var buf [4 << 10]byte
	for {
		m, err := r.Read(buf[:])
		if m > 0 {
			m, werr := w.Write(buf[:m])
			n += int64(m)
			if werr != nil {
				return n, werr
			}
		}
		switch err {
		case nil:
		case io.EOF:
			return n, nil
		default:
			return n, err
		}
	}
}

// Flush freezes the header as net/http's does, and sends nothing.
func (w *responseWriter) Flush() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
}

// FlushError is Flush for an http.ResponseController.
func (w *responseWriter) FlushError() error {
	w.Flush()
	return nil
}

// finish returns the answer.
func (w *responseWriter) finish() gateway.Response {
	if w.status == 0 {
		w.status, w.frozen = http.StatusOK, w.header
	}
	res := gateway.Response{Status: w.status, Header: w.frozen, Body: *w.body}
	if _, has := w.frozen["Content-Type"]; !has && len(res.Body) > 0 && w.frozen.Get("Content-Encoding") == "" {
		res.ContentType = http.DetectContentType(res.Body)
	}
	return res
}
