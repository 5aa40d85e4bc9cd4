// Package locals3 is an S3 bucket on the loopback interface, for programs that
// show what reading from it costs. It answers GetObject, with ranges and If-Match
// as S3 has them, PutObject and ListObjectsV2, and nothing else.
package locals3

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Bucket is a bucket that is served until Close.
type Bucket struct {
	URL string // the endpoint, for path-style requests

	path    string // of the bucket, with a slash behind it
	latency time.Duration
	server  *httptest.Server
	gets    atomic.Int64

	mu      sync.RWMutex
	objects map[string]object
}

type object struct {
	data []byte
	etag string
}

// Start serves data under a bucket's name and a key, each answer after latency.
func Start(bucket, key string, data []byte, latency time.Duration) *Bucket {
	b := Empty(bucket, latency)
	b.Put(key, data)
	return b
}

// Empty serves a bucket with nothing in it.
func Empty(bucket string, latency time.Duration) *Bucket {
	b := &Bucket{latency: latency, path: "/" + bucket + "/", objects: map[string]object{}}
	b.server = httptest.NewServer(b)
	b.URL = b.server.URL
	return b
}

// Close stops serving.
func (b *Bucket) Close() {
	b.server.CloseClientConnections()
	b.server.Close()
}

// Put stores data, which must not change, under a key and returns its ETag.
func (b *Bucket) Put(key string, data []byte) string {
	sum := md5.Sum(data)
	etag := `"` + hex.EncodeToString(sum[:]) + `"`
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[key] = object{data, etag}
	return etag
}

// Gets is how many requests for an object were answered, and forgets them.
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
	key, found := strings.CutPrefix(r.URL.Path, b.path)
	lists := r.URL.Path+"/" == b.path || key == ""
	switch {
	case !found && !lists:
		refuse(w, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	case lists && r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2":
		b.list(w, r.URL.Query())
	case lists || r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPut:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	case r.Method == http.MethodPut:
		b.put(w, r, key)
	default:
		b.mu.RLock()
		o, found := b.objects[key]
		b.mu.RUnlock()
		if !found {
			refuse(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
			return
		}
		b.gets.Add(1)
		if len(o.data) == 0 && r.Header.Get("Range") != "" {
			refuse(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
			return
		}
		w.Header().Set("ETag", o.etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(o.data))
	}
}

func (b *Bucket) put(w http.ResponseWriter, r *http.Request, key string) {
	if strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		refuse(w, http.StatusNotImplemented, "NotImplemented", "A body in chunks with signatures is not implemented")
		return
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header.")
		return
	}
	w.Header().Set("ETag", b.Put(key, data))
}

const page = 1000 // keys, as S3 has it

// list answers ListObjectsV2: all keys with a prefix, in order, a page at a time.
func (b *Bucket) list(w http.ResponseWriter, q url.Values) {
	type content struct {
		Key  string
		ETag string
		Size int
	}
	reply := struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		EncodingType          string   `xml:",omitempty"`
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []content
	}{EncodingType: q.Get("encoding-type")}
	b.mu.RLock()
	defer b.mu.RUnlock()
	behind := q.Get("continuation-token") // the last key of the page before
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		if !strings.HasPrefix(key, q.Get("prefix")) || behind != "" && key <= behind {
			continue
		}
		if n := len(reply.Contents); n == page {
			reply.IsTruncated, reply.NextContinuationToken = true, behind
			break
		}
		o, name := b.objects[key], key
		if reply.EncodingType == "url" {
			name = url.QueryEscape(key)
		}
		reply.Contents = append(reply.Contents, content{name, o.etag, len(o.data)})
		behind = key
	}
	w.Header().Set("Content-Type", "application/xml")
	io.WriteString(w, xml.Header)
	xml.NewEncoder(w).Encode(reply)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, message)
}
