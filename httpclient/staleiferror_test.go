package httpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// origin is a server that is told what to answer.
type origin struct {
	header http.Header
	body   string
	status int
	err    error
	calls  int
}

func (o *origin) RoundTrip(req *http.Request) (*http.Response, error) {
	o.calls++
	if o.err != nil {
		return nil, o.err
	}
	h := o.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{
		StatusCode: o.status, ProtoMajor: 1, ProtoMinor: 1, Header: h,
		Body: io.NopCloser(strings.NewReader(o.body)), ContentLength: -1, Request: req,
	}, nil
}

// cacheTest is a cache before an origin, with a clock.
type cacheTest struct {
	*testing.T
	*origin
	*staleIfError
	clock time.Time
}

func newCacheTest(t *testing.T, maxBytes int64) *cacheTest {
	t.Helper()
	o := &origin{status: 200, body: "old"}
	rt, err := NewStaleIfError(o, maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	c := &cacheTest{t, o, rt.(*staleIfError), epoch}
	c.staleIfError.now = func() time.Time { return c.clock }
	return c
}

// request makes a request with headers given as "Name: value".
func request(t testing.TB, method, url string, headers ...string) *http.Request {
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = headerOf(headers...)
	return req
}

func headerOf(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return h
}

// do returns the answer's body, or its status or error if that is not 200.
func (c *cacheTest) do(req *http.Request) string {
	c.Helper()
	resp, err := c.staleIfError.RoundTrip(req)
	if err != nil {
		return "error"
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.Fatal(err)
	}
	if resp.StatusCode != 200 {
		return fmt.Sprint(resp.StatusCode)
	}
	return string(b)
}

func TestStaleIfError(t *testing.T) {
	const url = "http://intranet.test/stock?sku=1"
	down := errors.New("connection refused")
	type lines = []string
	tests := []struct {
		name   string
		stored lines // headers of the answer while the server works
		first  lines // of the request then
		then   lines // of the request later
		after  time.Duration
		status int // later, 0 for down
		want   string
	}{
		{"fresh", lines{"Cache-Control: max-age=60"}, nil, nil, time.Minute, 0, "old"},
		{"no longer fresh", lines{"Cache-Control: max-age=60"}, nil, nil, time.Minute + 1, 0, "error"},
		{"stale within the limit", lines{"Cache-Control: max-age=60, stale-if-error=300"}, nil, nil, 6 * time.Minute, 0, "old"},
		{"stale past the limit", lines{"Cache-Control: max-age=60, stale-if-error=300"}, nil, nil, 6*time.Minute + 1, 0, "error"},
		{"only stale-if-error", lines{"Cache-Control: stale-if-error=300"}, nil, nil, 5 * time.Minute, 0, "old"},
		{"the request allows it", nil, nil, lines{"Cache-Control: stale-if-error=300"}, 5 * time.Minute, 0, "old"},
		{"the request allows less", nil, nil, lines{"Cache-Control: stale-if-error=300"}, 5*time.Minute + 1, 0, "error"},
		{"nothing allows it", nil, nil, nil, time.Second, 0, "error"},
		{"500", lines{"Cache-Control: max-age=60"}, nil, nil, time.Second, 500, "old"},
		{"502", lines{"Cache-Control: max-age=60"}, nil, nil, time.Second, 502, "old"},
		{"503", lines{"Cache-Control: max-age=60"}, nil, nil, time.Second, 503, "old"},
		{"504", lines{"Cache-Control: max-age=60"}, nil, nil, time.Second, 504, "old"},
		{"501 is an answer", lines{"Cache-Control: max-age=60"}, nil, nil, time.Second, 501, "501"},
		{"429 is an answer", lines{"Cache-Control: max-age=60"}, nil, nil, time.Second, 429, "429"},
		{"500 and nothing usable", nil, nil, nil, time.Second, 500, "500"},
		{"Expires", lines{"Date: Thu, 01 Jan 2026 00:00:00 GMT", "Expires: Thu, 01 Jan 2026 00:01:00 GMT"}, nil, nil, time.Minute, 0, "old"},
		{"Expires, past", lines{"Date: Thu, 01 Jan 2026 00:00:00 GMT", "Expires: Thu, 01 Jan 2026 00:01:00 GMT"}, nil, nil, time.Minute + 1, 0, "error"},
		{"Expires: 0", lines{"Expires: 0"}, nil, nil, 1, 0, "error"},
		{"max-age before Expires", lines{"Cache-Control: max-age=10", "Expires: Fri, 01 Jan 2027 00:00:00 GMT"}, nil, nil, time.Minute, 0, "error"},
		{"s-maxage before max-age", lines{"Cache-Control: max-age=600, s-maxage=10"}, nil, nil, time.Minute, 0, "error"},
		{"Age counts", lines{"Cache-Control: max-age=60", "Age: 50"}, nil, nil, 11 * time.Second, 0, "error"},
		{"Date counts", lines{"Cache-Control: max-age=60", "Date: Wed, 31 Dec 2025 23:59:10 GMT"}, nil, nil, 11 * time.Second, 0, "error"},
		{"max-age that is no number", lines{"Cache-Control: max-age=lots"}, nil, nil, 1, 0, "error"},
		{"the shorter of two", lines{"Cache-Control: max-age=600", "Cache-Control: max-age=5"}, nil, nil, 6 * time.Second, 0, "error"},
		{"no-store", lines{"Cache-Control: no-store, stale-if-error=300"}, nil, nil, 1, 0, "error"},
		{"private", lines{"Cache-Control: private, max-age=300"}, nil, nil, 1, 0, "error"},
		{"private with a field", lines{`Cache-Control: private="x-a, x-b", max-age=300`}, nil, nil, 1, 0, "error"},
		{"no-cache", lines{"Cache-Control: no-cache, stale-if-error=300"}, nil, nil, 1, 0, "error"},
		{"quoted, not meant", lines{`Cache-Control: ext="no-store, no-cache", max-age=300`}, nil, nil, 1, 0, "old"},
		{"upper case", lines{"Cache-Control: MAX-AGE=300"}, nil, nil, 1, 0, "old"},
		{"must-revalidate, fresh", lines{"Cache-Control: max-age=60, must-revalidate"}, nil, nil, time.Minute, 0, "old"},
		{"must-revalidate, stale", lines{"Cache-Control: max-age=60, must-revalidate, stale-if-error=300"}, nil, nil, time.Minute + 1, 0, "error"},
		{"s-maxage, stale", lines{"Cache-Control: s-maxage=60, stale-if-error=300"}, nil, nil, time.Minute + 1, 0, "error"},
		{"Vary: *", lines{"Vary: *", "Cache-Control: max-age=60"}, nil, nil, 1, 0, "error"},
		{"Vary, the same", lines{"Vary: accept, X-Tenant", "Cache-Control: max-age=60"}, lines{"X-Tenant: a"}, lines{"X-Tenant: a"}, 1, 0, "old"},
		{"Vary, another", lines{"Vary: Accept, X-Tenant", "Cache-Control: max-age=60"}, lines{"X-Tenant: a"}, lines{"X-Tenant: b"}, 1, 0, "error"},
		{"Vary, absent", lines{"Vary: X-Tenant", "Cache-Control: max-age=60"}, lines{"X-Tenant: a"}, nil, 1, 0, "error"},
		{"Set-Cookie", lines{"Set-Cookie: a=b", "Cache-Control: max-age=60"}, nil, nil, 1, 0, "error"},
		{"Authorization", lines{"Cache-Control: max-age=60"}, lines{"Authorization: x"}, lines{"Authorization: x"}, 1, 0, "error"},
		{"Authorization, public", lines{"Cache-Control: public, max-age=60"}, lines{"Authorization: x"}, nil, 1, 0, "old"},
		{"Authorization, s-maxage", lines{"Cache-Control: s-maxage=60"}, lines{"Authorization: x"}, nil, 1, 0, "old"},
		{"request no-store first", lines{"Cache-Control: max-age=60"}, lines{"Cache-Control: no-store"}, nil, 1, 0, "error"},
		{"request no-cache", lines{"Cache-Control: max-age=60"}, nil, lines{"Cache-Control: no-cache"}, 1, 0, "error"},
		{"request Pragma", lines{"Cache-Control: max-age=60"}, nil, lines{"Pragma: no-cache"}, 1, 0, "error"},
		{"request max-age", lines{"Cache-Control: max-age=60"}, nil, lines{"Cache-Control: max-age=5"}, 6 * time.Second, 0, "error"},
		{"request max-age, young enough", lines{"Cache-Control: max-age=60"}, nil, lines{"Cache-Control: max-age=5"}, 5 * time.Second, 0, "old"},
		{"request min-fresh", lines{"Cache-Control: max-age=60"}, nil, lines{"Cache-Control: min-fresh=30"}, 31 * time.Second, 0, "error"},
		{"Range", lines{"Cache-Control: max-age=60"}, nil, lines{"Range: bytes=0-1"}, 1, 0, "error"},
		{"clock went back", lines{"Cache-Control: max-age=60"}, nil, nil, -time.Second, 0, "error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCacheTest(t, minCache*64)
			c.header = headerOf(tt.stored...)
			if got := c.do(request(t, "GET", url, tt.first...)); got != "old" {
				t.Fatalf("while the server works: %s", got)
			}
			c.clock = c.clock.Add(tt.after)
			if c.origin.status = tt.status; tt.status == 0 {
				c.origin.err = down
			}
			if got := c.do(request(t, "GET", url, tt.then...)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if c.calls != 2 {
				t.Errorf("%d requests to the server, want every one", c.calls)
			}
		})
	}
}

func TestStaleIfErrorAnswer(t *testing.T) {
	c := newCacheTest(t, 1<<20)
	c.header = headerOf("Cache-Control: max-age=60", "Age: 7", "X-A: 1", "Content-Type: text/plain")
	c.do(request(t, "GET", "http://h/"))
	c.clock = c.clock.Add(10 * time.Second)
	c.origin.err = errors.New("down")
	for range 2 {
		req := request(t, "GET", "http://h/")
		resp, err := c.staleIfError.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		if resp.Status != "200 OK" || resp.Header.Get("Age") != "17" || resp.Header.Get("X-A") != "1" ||
			resp.ContentLength != 3 || string(b) != "old" || resp.Request != req || resp.Body.Close() != nil {
			t.Errorf("%+v %q", resp, b)
		}
		resp.Header.Set("X-A", "changed") // which is the caller's own
	}
	// A newer answer replaces it.
	c.origin.err, c.body = nil, "new"
	c.do(request(t, "GET", "http://h/"))
	c.origin.err = errors.New("down")
	if got := c.do(request(t, "GET", "http://h/")); got != "new" {
		t.Errorf("%s, want new", got)
	}
}

// What supersedes a stored answer, and what is not the server's failure.
func TestStaleIfErrorForgets(t *testing.T) {
	down := errors.New("down")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancelLate()
	for _, tt := range []struct {
		name string
		do   func(c *cacheTest)
		ctx  context.Context
		err  error
		want string
	}{
		{"nothing", func(*cacheTest) {}, nil, down, "old"},
		{"deadline", func(*cacheTest) {}, late, context.DeadlineExceeded, "old"},
		{"canceled", func(*cacheTest) {}, canceled, context.Canceled, "error"},
		{"option", func(*cacheTest) {}, nil, &OptionError{}, "error"},
		{"too large", func(*cacheTest) {}, nil, &ResponseTooLargeError{}, "error"},
		{"another URL", func(c *cacheTest) { c.do(request(c.T, "DELETE", "http://h/b")) }, nil, down, "old"},
		{"POST", func(c *cacheTest) { c.do(request(c.T, "POST", "http://h/a")) }, nil, down, "error"},
		{"POST refused", func(c *cacheTest) { c.origin.status = 403; c.do(request(c.T, "POST", "http://h/a")) }, nil, down, "old"},
		{"HEAD", func(c *cacheTest) { c.do(request(c.T, "HEAD", "http://h/a")) }, nil, down, "old"},
		{"404", func(c *cacheTest) { c.origin.status = 404; c.do(request(c.T, "GET", "http://h/a")) }, nil, down, "error"},
		{"304", func(c *cacheTest) { c.origin.status = 304; c.do(request(c.T, "GET", "http://h/a")) }, nil, down, "old"},
		{"no-store since", func(c *cacheTest) {
			c.header = headerOf("Cache-Control: no-store")
			c.do(request(c.T, "GET", "http://h/a"))
		}, nil, down, "error"},
		{"half read", func(c *cacheTest) {
			c.body = "newer, and long"
			resp, err := c.staleIfError.RoundTrip(request(c.T, "GET", "http://h/a"))
			if err != nil {
				c.Fatal(err)
			}
			resp.Body.Read(make([]byte, 1))
			resp.Body.Close()
		}, nil, down, "old"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCacheTest(t, 1<<20)
			c.header = headerOf("Cache-Control: max-age=60")
			c.do(request(t, "GET", "http://h/a"))
			tt.do(c)
			c.origin.status, c.origin.err = 200, tt.err
			req := request(t, "GET", "http://h/a")
			if tt.ctx != nil {
				req = req.WithContext(tt.ctx)
			}
			if got := c.do(req); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestStaleIfErrorIsBounded(t *testing.T) {
	const limit = 64 << 10
	c := newCacheTest(t, limit)
	c.header = headerOf("Cache-Control: max-age=60", "Vary: X-V")
	c.body = strings.Repeat("x", 1000)
	for i := range 1000 {
		c.do(request(t, "GET", fmt.Sprintf("http://h/%d", i%400), fmt.Sprintf("X-V: %d", i)))
		if c.store.used > limit {
			t.Fatalf("%d bytes", c.store.used)
		}
	}
	var n int
	var used int64
	for el := c.store.order.Front(); el != nil; el = el.Next() {
		used += el.Value.(*entry).size()
		n++
	}
	listed := 0
	for _, l := range c.store.byKey {
		listed += len(l)
	}
	if used != c.store.used || n != listed || n < 10 {
		t.Errorf("%d answers of %d bytes, accounted are %d of %d", n, used, listed, c.store.used)
	}
	// The most recently used stay.
	c.origin.err = errors.New("down")
	if got := c.do(request(t, "GET", "http://h/199", "X-V: 999")); got != c.body {
		t.Errorf("the last answer is gone: %s", got)
	}
	c.origin.err = nil
	c.body = strings.Repeat("x", limit/4)
	c.do(request(t, "GET", "http://h/large"))
	c.origin.err = errors.New("down")
	if got := c.do(request(t, "GET", "http://h/large")); got != "error" {
		t.Error("an answer over a quarter of the cache is kept")
	}
}

func TestStaleIfErrorArguments(t *testing.T) {
	for _, n := range []int64{-1, 0, minCache - 1, maxCache + 1} {
		if _, err := NewStaleIfError(http.DefaultTransport, n); err == nil || !strings.Contains(err.Error(), "allowed is") {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if _, err := NewStaleIfError(nil, minCache); err == nil {
		t.Error("nil: no error")
	}
}

// A server that goes away, with the real client.
func TestStaleIfErrorClient(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "stale-if-error=600")
		io.WriteString(w, "stock: 7")
	}))
	client := New(Options{})
	var err error
	if client.Transport, err = NewStaleIfError(client.Transport, 1<<20); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if i == 2 {
			client.CloseIdleConnections()
			srv.Close()
		}
		resp, err := client.Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(b) != "stock: 7" || (resp.Header.Get("Age") != "") != (i == 2) {
			t.Errorf("request %d: %q, %v, Age %q", i, b, err, resp.Header.Get("Age"))
		}
	}
}

func FuzzCacheControl(f *testing.F) {
	for _, s := range []string{"max-age=60, no-store", `private="a, b", max-age=5`, `x="\",no-store", s-maxage=1`, ",,=,", "max-age=99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := parseCacheControl(http.Header{"Cache-Control": {s}})
		// Directives in another line make it only more restrictive.
		more := parseCacheControl(http.Header{"Cache-Control": {s, "no-store, max-age=1"}})
		if !more.noStore || more.maxAge > time.Second || more.maxAge < 0 || c.private != more.private || c.noCache != more.noCache {
			t.Errorf("%q: %+v, with a second line %+v", s, c, more)
		}
		for _, d := range []time.Duration{c.maxAge, c.sMaxAge, c.staleIfError, c.minFresh} {
			if d < -1 || d > (1<<31)*time.Second {
				t.Errorf("%q: %+v", s, c)
			}
		}
	})
}
