package s3select_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

var nilContext = context.Background()

// A bucket is an S3 endpoint on localhost for the SDK's real client: ranged GETs
// with If-Match, and SELECT with whatever event stream the test gives.
type bucket struct {
	mu     sync.Mutex
	data   []byte
	etag   string
	gets   []string // ranges
	sel    func(w http.ResponseWriter, body string)
	tamper func(w http.ResponseWriter, r *http.Request, start, end int) bool // true: it has answered
	selSQL []string
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && r.URL.Query().Has("select") {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		b.selSQL = append(b.selSQL, string(body))
		sel := b.sel
		b.mu.Unlock()
		sel(w, string(body))
		return
	}
	b.mu.Lock()
	data, etag, tamper := b.data, b.etag, b.tamper
	b.gets = append(b.gets, r.Header.Get("Range"))
	b.mu.Unlock()
	if m := r.Header.Get("If-Match"); m != "" && m != etag {
		s3Error(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	from, to, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
	start, _ := strconv.Atoi(from)
	end, _ := strconv.Atoi(to)
	end = min(end+1, len(data))
	if start >= len(data) {
		s3Error(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
		return
	}
	if tamper != nil && tamper(w, r, start, end) {
		return
	}
	w.Header().Set("ETag", etag)
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, end-1, len(data)))
	w.Header().Set("Content-Length", strconv.Itoa(end-start))
	w.WriteHeader(http.StatusPartialContent)
	w.Write(data[start:end])
}

func s3Error(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
}

// client is the SDK's client of the bucket.
func (b *bucket) client(t testing.TB) *s3.Client {
	if b.etag == "" {
		b.etag = `"one"`
	}
	return b.clientOf(t, b)
}

// clientOf is a client of whatever answers.
func (b *bucket) clientOf(t testing.TB, h http.Handler) *s3.Client {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return s3.New(s3.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(srv.URL), UsePathStyle: true,
		Credentials:      credentials.NewStaticCredentialsProvider("id", "secret", ""),
		RetryMaxAttempts: 1,
	})
}

// event encodes one message of an event stream.
func event(kind, name string, payload []byte) []byte {
	var h eventstream.Headers
	h.Set(":message-type", eventstream.StringValue(kind))
	if kind == "error" {
		h.Set(":error-code", eventstream.StringValue(name))
		h.Set(":error-message", eventstream.StringValue("it failed"))
	} else {
		h.Set(":event-type", eventstream.StringValue(name))
		h.Set(":content-type", eventstream.StringValue("application/octet-stream"))
	}
	if name == "Stats" {
		h.Set(":content-type", eventstream.StringValue("text/xml"))
	}
	var out bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&out, eventstream.Message{Headers: h, Payload: payload}); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func records(s string) []byte { return event("event", "Records", []byte(s)) }

var (
	endEvent   = event("event", "End", nil)
	contEvent  = event("event", "Cont", nil)
	statsEvent = event("event", "Stats", []byte("<Stats><BytesScanned>100</BytesScanned><BytesProcessed>100</BytesProcessed><BytesReturned>20</BytesReturned></Stats>"))
)

// stream answers SELECT with the bytes.
func stream(b []byte) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) { w.Write(b) }
}
