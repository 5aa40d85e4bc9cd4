package httpclient

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// New returns a client for Lambda. Beyond what [NewTransport] configures, it
// keeps an idle limit per host, heeds the server's Keep-Alive hint, drains
// bodies that are closed early, limits responses, gives requests without a
// deadline the invocation's (see [OnInvoke]), and counts.
//
// Make one client per process, in a global variable. It is safe for concurrent
// use. Its Transport is this package's own type; further RoundTrippers go
// around it.
func New(opts Options) *http.Client {
	if err := opts.Validate(); err != nil {
		return &http.Client{Transport: failing(err)}
	}
	t := newTransport(opts.withDefaults())
	environment.register(weakly(t, func(t *transport) pool { return t }))
	return &http.Client{Transport: t}
}

// MarkIdempotent lets net/http replay req if its connection turns out to be dead
// after the request was sent, as it does for GET: for a POST that may safely
// reach the server twice. The body must be one that [http.NewRequest] can
// rewind. No header is sent; a request that has an Idempotency-Key already is
// marked by that, and left alone.
func MarkIdempotent(req *http.Request) {
	const key = "Idempotency-Key"
	if req.Header == nil {
		req.Header = make(http.Header)
	}
	if _, ok := req.Header[key]; !ok {
		// That net/http takes an empty list for the mark and sends nothing is
		// documented at http.Transport.
		req.Header[key] = []string{}
	}
}

// A transport routes requests to a few Transports by idle limit.
type transport struct {
	opts     Options // valid and complete
	sessions tls.ClientSessionCache
	base     *http.Transport // for hosts without a limit of their own
	routes   routes
	counters counters
	reported reported
	bodies   bodies

	mu      sync.Mutex
	byLimit map[time.Duration]*http.Transport
}

func newTransport(opts Options) *transport {
	t := &transport{opts: opts, sessions: newSessionCache(), byLimit: make(map[time.Duration]*http.Transport)}
	t.base = t.withLimit(opts.IdleTimeout)
	t.routes.init(opts.HostIdleTimeouts)
	return t
}

// withLimit returns the Transport with the given idle limit.
func (t *transport) withLimit(idle time.Duration) *http.Transport {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tr := t.byLimit[idle]; tr != nil {
		return tr
	}
	tr := buildTransport(t.opts, idle, t.sessions)
	t.count(tr)
	t.byLimit[idle] = tr
	return tr
}

// count has tr's connections and attempts counted. net/http asks for the proxy
// once per attempt to send a request, which is where a replay shows.
func (t *transport) count(tr *http.Transport) {
	if tr.DialContext != nil {
		tr.DialContext = t.counters.countingDial(tr.DialContext)
	}
	proxy := tr.Proxy
	tr.Proxy = func(req *http.Request) (*url.URL, error) {
		if req.Pattern != prewarmPattern {
			t.counters.attempts.Add(1)
		}
		if proxy == nil {
			return nil, nil
		}
		return proxy(req)
	}
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL == nil {
		return t.base.RoundTrip(req) // which says what is wrong with it
	}
	ctx := req.Context()
	if ctx.Err() != nil {
		closeBody(req)
		return nil, context.Cause(ctx)
	}
	t.counters.requests.Add(1)
	var cancel context.CancelFunc
	if _, ok := ctx.Deadline(); !ok {
		if ctx, cancel = environment.budget(ctx); cancel != nil {
			req = req.WithContext(ctx)
		}
	}
	resp, err := t.route(req.URL.Host).RoundTrip(req)
	if err != nil {
		if cancel != nil {
			cancel()
		}
		return nil, err
	}
	if resp.ProtoMajor == 1 {
		if hint := resp.Header["Keep-Alive"]; len(hint) > 0 {
			t.heed(req.URL.Host, hint[0])
		}
	}
	if limit := t.opts.MaxResponseBytes; limit > 0 && resp.ContentLength > limit && req.Method != http.MethodHead {
		resp.Body.Close()
		if cancel != nil {
			cancel()
		}
		return nil, &ResponseTooLargeError{limit}
	}
	if resp.StatusCode == http.StatusSwitchingProtocols || (resp.Body == http.NoBody && cancel == nil) {
		return resp, nil
	}
	b := t.bodies.get()
	b.rc, b.cancel, b.rest, b.header = resp.Body, cancel, resp.ContentLength, resp.Header
	b.limit, b.left = t.opts.MaxResponseBytes, t.opts.MaxResponseBytes
	// Over HTTP/2 closing a body resets its stream and keeps the connection.
	b.drain = resp.ProtoMajor == 1 && !resp.Close
	resp.Body = b
	return resp, nil
}

// CloseIdleConnections is for [http.Client.CloseIdleConnections].
func (t *transport) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tr := range t.byLimit {
		tr.CloseIdleConnections()
	}
}

// closeBody keeps the promise of a RoundTripper to close the request's body
// even if it fails.
func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}
