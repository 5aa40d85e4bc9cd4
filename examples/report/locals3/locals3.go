// Package locals3 is an S3 bucket of one object on the loopback interface, for
// programs that show what reading it costs. It answers GetObject, with ranges
// and If-Match as S3 has them, and nothing else.
package locals3

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"
)

// ETag is the object's, with its quotes.
const ETag = `"1"`

// Bucket is a bucket that is served until Close.
type Bucket struct {
	URL string // the endpoint, for path-style requests

	path    string
	latency time.Duration
	data    []byte
	server  *httptest.Server
	gets    atomic.Int64
}

// Start serves data under a bucket's name and a key, each answer after latency.
func Start(bucket, key string, data []byte, latency time.Duration) *Bucket {
	b := &Bucket{latency: latency, path: "/" + bucket + "/" + key, data: data}
	b.server = httptest.NewServer(b)
	b.URL = b.server.URL
	return b
}

// Close stops serving.
func (b *Bucket) Close() {
	b.server.CloseClientConnections()
	b.server.Close()
}

// Gets is how many requests for the object were answered, and forgets them.
func (b *Bucket) Gets() int { return int(b.gets.Swap(0)) }

// ServeHTTP answers one request.
func (b *Bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if b.latency > 0 {
		t := time.NewTimer(b.latency)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	case r.URL.Path != b.path:
		refuse(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	default:
		b.gets.Add(1)
		w.Header().Set("ETag", ETag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.data))
	}
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, message)
}
