package s3select_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

type numbered struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

var (
	jsonLines = s3select.Input{Format: "JSON", JSON: s3select.JSONInput{Type: "LINES"}}
	all       = s3select.Query{SQL: "SELECT s.n, s.text FROM S3Object s", Input: jsonLines}
	object    = s3select.Object{Bucket: "b", Key: "k"}
)

// lines makes n records.
func numberedLines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"n":%d,"text":"%s"}`+"\n", i, strings.Repeat("x", i%97))
	}
	return b.Bytes()
}

func collect[T any](seq func(func(T, error) bool)) (rows []T, err error) {
	for row, e := range seq {
		if e != nil {
			return rows, e
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func TestRowsLocal(t *testing.T) {
	b := &bucket{data: numberedLines(5000)}
	var stats s3select.Stats
	rows, err := collect(s3select.Rows[numbered](t.Context(), b.client(t), object, all, s3select.WithParts(64<<10, 3), s3select.WithStats(&stats)))
	if err != nil || len(rows) != 5000 || rows[4999].N != 4999 {
		t.Fatal(len(rows), err)
	}
	if stats.Backend != s3select.Local || stats.BytesScanned != int64(len(b.data)) || stats.Rows != 5000 || stats.Requests != int64(len(b.gets)) || stats.Cost() <= 0 {
		t.Errorf("%+v", stats)
	}
	if want := (len(b.data) + 64<<10 - 1) / (64 << 10); len(b.gets) != want {
		t.Errorf("%d requests, want %d", len(b.gets), want)
	}
}

func TestLimitFetchesOnePart(t *testing.T) {
	b := &bucket{data: numberedLines(50000)}
	q := all
	q.SQL += " LIMIT 1"
	rows, err := collect(s3select.Rows[numbered](t.Context(), b.client(t), object, q, s3select.WithParts(512<<10, 4)))
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	time.Sleep(10 * time.Millisecond)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.gets) != 1 {
		t.Errorf("LIMIT 1 fetched %v", b.gets)
	}
}

func TestLocalFailures(t *testing.T) {
	data := numberedLines(20000)
	var tries atomic.Int32
	for _, c := range []struct {
		name   string
		tamper func(w http.ResponseWriter, r *http.Request, start, end int) bool
		want   func(error) bool
	}{
		{"wrong range", func(w http.ResponseWriter, r *http.Request, start, end int) bool {
			if start == 0 {
				return false
			}
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start+1, end, len(data)+1))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(data[start:end])
			return true
		}, func(err error) bool { return strings.Contains(err.Error(), "the reply has the range") }},
		{"no range", func(w http.ResponseWriter, r *http.Request, start, end int) bool {
			w.Write(data)
			return true
		}, func(err error) bool { return strings.Contains(err.Error(), "the reply has the range") }},
		{"short body", func(w http.ResponseWriter, r *http.Request, start, end int) bool {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, end-1, len(data)))
			w.Header().Set("Content-Length", strconv.Itoa(end-start))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(data[start : start+(end-start)/4])
			return true
		}, func(err error) bool { return errors.Is(err, s3select.ErrTruncated) }},
		{"changed", func(w http.ResponseWriter, r *http.Request, start, end int) bool {
			if start == 0 {
				return false
			}
			s3Error(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return true
		}, func(err error) bool { return errors.Is(err, s3select.ErrChanged) }},
		{"denied", func(w http.ResponseWriter, r *http.Request, start, end int) bool {
			s3Error(w, http.StatusForbidden, "AccessDenied")
			return true
		}, func(err error) bool { return strings.Contains(err.Error(), "AccessDenied") }},
	} {
		b := &bucket{data: data, tamper: c.tamper}
		client := b.client(t)
		_, err := collect(s3select.Rows[numbered](t.Context(), client, object, all, s3select.WithParts(64<<10, 2)))
		if err == nil || !c.want(err) {
			t.Errorf("%s: %v", c.name, err)
		}
		sum := func(a int, r numbered) (int, error) { return a + r.N, nil }
		got, err := s3select.Reduce(t.Context(), client, object, all, sum, func(a, b int) (int, error) { return a + b, nil }, s3select.WithParts(64<<10, 2))
		if err == nil || !c.want(err) || got != 0 {
			t.Errorf("Reduce, %s: %v %v", c.name, got, err)
		}
	}
	// A body that breaks off once is read on.
	b := &bucket{data: data}
	b.tamper = func(w http.ResponseWriter, r *http.Request, start, end int) bool {
		if tries.Add(1)%3 != 0 {
			return false
		}
		w.Header().Set("ETag", b.etag)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, end-1, len(data)))
		w.Header().Set("Content-Length", strconv.Itoa(end-start))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(data[start : start+(end-start)/2])
		return true
	}
	rows, err := collect(s3select.Rows[numbered](t.Context(), b.client(t), object, all, s3select.WithParts(64<<10, 2)))
	if err != nil || len(rows) != 20000 {
		t.Error(len(rows), err)
	}
}

func TestEmptyObject(t *testing.T) {
	b := &bucket{}
	q := all
	q.SQL = "SELECT COUNT(*) AS n FROM S3Object"
	rows, err := collect(s3select.Rows[numbered](t.Context(), b.client(t), object, q))
	if err != nil || len(rows) != 1 || rows[0].N != 0 {
		t.Error(rows, err)
	}
}

func TestCancelled(t *testing.T) {
	b := &bucket{data: numberedLines(50000)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range s3select.Rows[numbered](ctx, b.client(t), object, all, s3select.WithParts(64<<10, 2)) {
		if n++; n == 10 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Error(n, last)
	}
}

func TestServer(t *testing.T) {
	// Records are cut anywhere, even inside a character.
	whole := bytes.Join([][]byte{records(`{"n":1,"te`), contEvent, records("xt\":\"\xc3"), records("\xa9\"}\n{\"n\":2}\n{"), records("\"n\":3}\n"), event("event", "News", []byte("x")), statsEvent, endEvent}, nil)
	b := &bucket{data: numberedLines(10), sel: stream(whole)}
	client := b.client(t)
	var stats s3select.Stats
	q := all
	q.SQL, q.Params = "SELECT * FROM S3Object s WHERE s.text = ?", []any{"it's"}
	rows, err := collect(s3select.Rows[numbered](t.Context(), client, object, q, s3select.WithBackend(s3select.Server), s3select.WithStats(&stats)))
	if err != nil || fmt.Sprint(rows) != "[{1 é} {2 } {3 }]" {
		t.Error(rows, err)
	}
	if stats.Backend != s3select.Server || stats.BytesScanned != 100 || stats.Rows != 3 || stats.BytesReturned != 20 {
		t.Errorf("%+v", stats)
	}
	if !strings.Contains(b.selSQL[0], "(s.text = &#39;it&#39;&#39;s&#39;)") {
		t.Error(b.selSQL[0])
	}
	// Truncated anywhere, it is an error.
	for n := range len(whole) {
		b.mu.Lock()
		b.sel = stream(whole[:n])
		b.mu.Unlock()
		rows, err := collect(s3select.Rows[numbered](t.Context(), client, object, all, s3select.WithBackend(s3select.Server)))
		if !errors.Is(err, s3select.ErrTruncated) || len(rows) > 3 {
			t.Fatalf("cut at %d of %d: %v, %v", n, len(whole), rows, err)
		}
	}
	// So it is where the connection breaks.
	b.sel = func(w http.ResponseWriter, _ string) {
		w.Write(whole[:len(whole)-40])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	if _, err := collect(s3select.Rows[numbered](t.Context(), client, object, all, s3select.WithBackend(s3select.Server))); !errors.Is(err, s3select.ErrTruncated) {
		t.Error(err)
	}
	// An error in the middle is typed.
	b.sel = stream(append(records("{\"n\":1}\n"), event("error", "CastFailed", nil)...))
	var e *s3select.Error
	if rows, err := collect(s3select.Rows[numbered](t.Context(), client, object, all, s3select.WithBackend(s3select.Auto))); !errors.As(err, &e) || e.Code != "CastFailed" || len(rows) != 1 {
		t.Error(rows, err)
	}
}

func TestServerCSVResult(t *testing.T) {
	b := &bucket{sel: stream(bytes.Join([][]byte{records("1,\"a\n"), records("b\"\n2,\"c\"\""), records("\"\n"), endEvent}, nil))}
	q := all
	q.Output.Format = "CSV"
	var got []string
	for r, err := range s3select.Raw(t.Context(), b.client(t), object, q, s3select.WithBackend(s3select.Server)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(r))
	}
	if fmt.Sprintf("%q", got) != `["1,\"a\nb\"" "2,\"c\"\"\""]` {
		t.Errorf("%q", got)
	}
}

func TestAuto(t *testing.T) {
	b := &bucket{data: numberedLines(100), sel: func(w http.ResponseWriter, _ string) { s3Error(w, http.StatusMethodNotAllowed, "MethodNotAllowed") }}
	client := b.client(t)
	auto := s3select.WithBackend(s3select.Auto)
	for range 3 {
		rows, err := collect(s3select.Rows[numbered](t.Context(), client, object, all, auto))
		if err != nil || len(rows) != 100 {
			t.Fatal(len(rows), err)
		}
	}
	if len(b.selSQL) != 1 {
		t.Errorf("the server was asked %d times", len(b.selSQL))
	}
	// With Server it is an error.
	var e *s3select.Error
	if _, err := collect(s3select.Rows[numbered](t.Context(), client, object, all, s3select.WithBackend(s3select.Server))); !errors.As(err, &e) || e.Code != "MethodNotAllowed" {
		t.Error(err)
	}
	// What the server cannot do is not asked for.
	other := (&bucket{data: numberedLines(100), sel: func(http.ResponseWriter, string) { t.Error("the server was asked") }}).client(t)
	for _, o := range []s3select.Object{{Bucket: "b", Key: "k", VersionID: "v"}, {Bucket: "b--usw2-az1--x-s3", Key: "k"}, {Bucket: "b", Key: "k", Size: 1000}} {
		if o.Bucket != "b" {
			continue // the SDK wants a session for it
		}
		if rows, err := collect(s3select.Rows[numbered](t.Context(), other, o, all, auto)); err != nil || len(rows) != 100 {
			t.Error(len(rows), err)
		}
	}
	if _, err := collect(s3select.Rows[numbered](t.Context(), other, s3select.Object{Bucket: "b", Key: "k", VersionID: "v"}, all, s3select.WithBackend(s3select.Server))); err == nil {
		t.Error("a version on the server")
	}
}

// Streams that nobody reads to the end leave nothing behind.
func TestNoGoroutinesLeft(t *testing.T) {
	b := &bucket{data: numberedLines(50000), sel: stream(append(bytes.Repeat(records("{\"n\":1}\n"), 1000), endEvent...))}
	client := b.client(t)
	round := func() {
		for _, backend := range []s3select.Backend{s3select.Local, s3select.Server} {
			for range s3select.Rows[numbered](t.Context(), client, object, all, s3select.WithBackend(backend), s3select.WithParts(64<<10, 4)) {
				break
			}
		}
	}
	round()
	before := runtime.NumGoroutine()
	for range 20 {
		round()
	}
	for range 200 {
		if runtime.NumGoroutine() <= before+8 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestReduce(t *testing.T) {
	data := numberedLines(30000)
	want := 30000 * 29999 / 2
	for _, c := range []struct {
		name  string
		query s3select.Query
		data  []byte
	}{
		{"json", all, data},
		{"csv", s3select.Query{SQL: "SELECT CAST(s.n AS INT) AS n FROM S3Object s", Input: s3select.Input{CSV: s3select.CSVInput{FileHeaderInfo: "USE", RecordDelimiter: "\r\n"}}}, csvOf(30000)},
		{"document", s3select.Query{SQL: all.SQL, Input: s3select.Input{JSON: s3select.JSONInput{Type: "DOCUMENT"}}}, data},
		{"sum", s3select.Query{SQL: "SELECT SUM(s.n) AS n FROM S3Object s", Input: jsonLines}, data},
	} {
		b := &bucket{data: c.data}
		for _, parallel := range []int{1, 2, 5, 16} {
			var stats s3select.Stats
			type acc struct{ sum, rows, last int }
			got, err := s3select.Reduce(t.Context(), b.client(t), object, c.query,
				func(a acc, r numbered) (acc, error) {
					if r.N < a.last {
						return a, errors.New("out of order")
					}
					return acc{a.sum + r.N, a.rows + 1, r.N}, nil
				},
				func(a, b acc) (acc, error) { return acc{a.sum + b.sum, a.rows + b.rows, b.last}, nil },
				s3select.WithParts(64<<10, parallel), s3select.WithStats(&stats))
			if err != nil || got.sum != want || int64(got.rows) != stats.Rows {
				t.Errorf("%s over %d ranges: %+v, %v", c.name, parallel, got, err)
			}
		}
	}
}

func csvOf(n int) []byte {
	var b bytes.Buffer
	b.WriteString("n,text\r\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,%s\r\n", i, strings.Repeat("y", i%50))
	}
	return b.Bytes()
}
