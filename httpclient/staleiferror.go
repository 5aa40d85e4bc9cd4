package httpclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// What a cache may be given, in bytes.
const (
	minCache = 1 << 10
	maxCache = 1 << 30
)

// NewStaleIfError returns next with a cache that answers when the server
// cannot: for a server that is down now and then, and whose last answer is
// better than none. As long as the server answers, every request goes to it.
//
//	client := httpclient.New(httpclient.Options{})
//	client.Transport, err = httpclient.NewStaleIfError(client.Transport, 4<<20)
//
// It follows RFC 9111 and RFC 5861 for what it covers, as a shared cache does,
// since an environment serves many users.
//
// Stored are answers 200 to GET requests without Range, once their body has been
// read to its end; not with no-store or private, Vary: * or Set-Cookie, and to a
// request with Authorization only if public or s-maxage allows it. They are found
// by URL and by the request headers that Vary names. A successful request with an
// unsafe method to the URL, and an answer 404 or 410, remove them.
//
// A stored answer is used when the server cannot be reached, does not answer
// before the request's deadline, or answers 500, 502, 503 or 504; if the stored
// answer is still fresh (s-maxage, max-age or Expires), or is stale by no more
// than a stale-if-error that it, or the request, has in Cache-Control. It is not
// used if it has no-cache, or is stale and has must-revalidate, proxy-revalidate
// or s-maxage, nor against the request's no-cache, no-store, max-age or min-fresh,
// nor for a request that was cancelled. It then has an Age header.
//
// maxBytes, 1 KB to 1 GB, bounds what is kept, headers included: the least
// recently used goes first, and what is over a quarter of it is not kept. The
// cache is this process's memory, and safe for concurrent use. Call [Prewarm] and
// [ReadStats] with the client before its Transport is wrapped.
func NewStaleIfError(next http.RoundTripper, maxBytes int64) (http.RoundTripper, error) {
	if next == nil {
		return nil, errors.New("httpclient: NewStaleIfError needs a RoundTripper, not nil")
	}
	if maxBytes < minCache || maxBytes > maxCache {
		return nil, fmt.Errorf("httpclient: NewStaleIfError: maxBytes is %d, allowed is %d to %d", maxBytes, minCache, maxCache)
	}
	return &staleIfError{next: next, store: newStore(maxBytes), now: func() time.Time { return time.Now().Round(0) }}, nil
}

type staleIfError struct {
	next  http.RoundTripper
	store *store
	now   func() time.Time // by the wall clock: a freeze counts
}

func (c *staleIfError) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL == nil || req.Method != "" && req.Method != http.MethodGet || req.Header.Get("Range") != "" {
		resp, err := c.next.RoundTrip(req)
		if err == nil && resp.StatusCode >= 200 && resp.StatusCode < 400 && unsafe(req.Method) {
			c.store.remove(cacheKey(req))
		}
		return resp, err
	}
	key, asked := cacheKey(req), c.now()
	resp, err := c.next.RoundTrip(req)
	if !failed(req.Context(), resp, err) {
		if err == nil {
			c.keep(key, asked, req, resp)
		}
		return resp, err
	}
	stored := c.store.find(key, req, c.now())
	if stored == nil {
		return resp, err
	}
	if err == nil {
		resp.Body.Close()
	}
	return stored, nil
}

// CloseIdleConnections is for [http.Client.CloseIdleConnections].
func (c *staleIfError) CloseIdleConnections() {
	if next, ok := c.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

// failed reports whether the server had no answer. What is wrong on this side,
// with the options or the answer's size, is not the server's failure.
func failed(ctx context.Context, resp *http.Response, err error) bool {
	if err == nil {
		switch resp.StatusCode {
		case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	var option *OptionError
	var tooLarge *ResponseTooLargeError
	return !errors.Is(ctx.Err(), context.Canceled) && !errors.As(err, &option) && !errors.As(err, &tooLarge)
}

// keep has an answer stored when it has been read, if it may be stored, and
// forgets the one that it replaces.
func (c *staleIfError) keep(key string, asked time.Time, req *http.Request, resp *http.Response) {
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		c.store.remove(key)
		return
	default:
		return
	}
	if !storable(req, resp) {
		c.store.remove(key)
		return
	}
	e := newEntry(key, req, resp, asked, c.now())
	if resp.ContentLength > c.store.most {
		return
	}
	if resp.Body == http.NoBody {
		c.store.add(e)
		return
	}
	resp.Body = &keptBody{ReadCloser: resp.Body, entry: e, store: c.store}
}

// A keptBody keeps what is read, and stores it at the end.
type keptBody struct {
	io.ReadCloser
	entry *entry // nil once stored, or if there is too much of it
	store *store
}

func (b *keptBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if e := b.entry; e != nil {
		e.body = append(e.body, p[:n]...)
		switch {
		case e.size() > b.store.most, err != nil && err != io.EOF:
			b.entry = nil
		case err == io.EOF:
			b.store.add(e)
			b.entry = nil
		}
	}
	return n, err
}

// response makes the answer of a stored one.
func (e *entry) response(req *http.Request, age time.Duration) *http.Response {
	header := e.header.Clone()
	header.Set("Age", strconv.FormatInt(int64(age/time.Second), 10))
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(e.body)), ContentLength: int64(len(e.body)),
		Uncompressed: e.uncompressed, Request: req,
	}
}

func unsafe(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return false
	}
	return true
}

func cacheKey(req *http.Request) string {
	if req.URL == nil {
		return ""
	}
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	return req.URL.Scheme + "://" + host + req.URL.RequestURI()
}
