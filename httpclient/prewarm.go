package httpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"
)

// Prewarm opens n connections to each URL's host, ready in client's idle pool:
// the name is resolved, TCP connected, the root certificates are loaded and the
// TLS session is up. No request is sent. Only scheme, host and port of a URL
// count. It returns when all are up or have failed, or ctx ends; the error joins
// what failed, each naming its host, and an invocation that ignores it merely
// starts cold there. Hosts are dialed at the same time.
//
// Call it during INIT, where Lambda lends a full CPU (except for provisioned
// concurrency), with a deadline: INIT ends at 10 s. Do not call it in a function
// with SnapStart before the snapshot: connections and session tickets would be
// stale in every copy; call it in the after-restore hook instead. The idle limit
// counts from now: it pays where an invocation follows at once, as on demand, not
// where environments are initialized ahead of need.
//
// With HTTP/2 one connection serves all requests, and n counts as 1. Otherwise
// the host's first connection is opened before the rest. An idle HTTP/1
// connection that exists already is replaced. n must be 1 to the client's idle
// pool per host (see [Options.FanOut]): more would be closed at once.
//
// client is one of [New], or any whose Transport is a [*http.Transport] that
// dials through package net; with another an error says so.
func Prewarm(ctx context.Context, client *http.Client, urls []string, n int) error {
	targets := make([]*url.URL, 0, len(urls))
	for _, raw := range urls {
		u, err := url.Parse(raw)
		if err != nil {
			// What url.Parse says would repeat the URL, and what is in it.
			return errors.New("httpclient: Prewarm: a URL that cannot be parsed")
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("httpclient: Prewarm: URL with scheme %q and host %q, allowed is http or https and a host", u.Scheme, u.Host)
		}
		targets = append(targets, &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"})
	}
	var wg sync.WaitGroup
	errs := make([]error, len(targets))
	for i, u := range targets {
		tr, err := transportFor(client, u)
		if err != nil {
			return err
		}
		if limit := idlePool(tr); n < 1 || n > limit {
			return fmt.Errorf("httpclient: Prewarm: n is %d, allowed is 1 to the idle pool per host, %d", n, limit)
		}
		wg.Go(func() {
			if err := prewarmHost(ctx, tr, u, n); err != nil {
				errs[i] = fmt.Errorf("httpclient: Prewarm %s: %w", u.Host, err)
			}
		})
	}
	wg.Wait()
	environment.opened()
	return errors.Join(errs...)
}

// transportFor returns the Transport in which a request of client to u looks
// for a connection.
func transportFor(client *http.Client, u *url.URL) (*http.Transport, error) {
	switch t := client.Transport.(type) {
	case nil:
		if t, ok := http.DefaultTransport.(*http.Transport); ok {
			return t, nil
		}
	case *transport:
		return t.route(u.Host), nil
	case *http.Transport:
		return t, nil
	}
	return nil, fmt.Errorf("httpclient: Prewarm: client with a Transport of type %T; give it the client before that is wrapped", client.Transport)
}

func idlePool(t *http.Transport) int {
	if t.DisableKeepAlives {
		return 0
	}
	if n := t.MaxIdleConnsPerHost; n != 0 {
		return n
	}
	return http.DefaultMaxIdleConnsPerHost
}

// prewarmHost opens n connections to one host. The first, which tells whether
// more are wanted, is kept from the pool until the others need nothing more from
// there: they would be given it instead of being dialed.
func prewarmHost(ctx context.Context, tr *http.Transport, u *url.URL, n int) error {
	start := time.Now()
	release := make(chan struct{})
	h2, err := prewarmConn(ctx, tr, u, holds{end: release}, func() {})
	errs := make([]error, n-1)
	if err == nil && !h2 {
		gate := make(chan struct{})
		var begun, all sync.WaitGroup
		begun.Add(n - 1)
		for i := range errs {
			all.Go(func() { _, errs[i] = prewarmConn(ctx, tr, u, holds{start: gate}, begun.Done) })
		}
		begun.Wait()
		close(gate)
		close(release)
		all.Wait()
	} else {
		close(release)
	}
	if err = errors.Join(append(errs, err)...); err == nil {
		settle(ctx, time.Since(start))
	}
	return err
}

// prewarmPattern marks a request that is never sent. Pattern is a server's
// field; a client's request has it empty.
const prewarmPattern = "prewarm"

// A warming is one connection on its way into the pool.
//
// net/http goes on with a dial whose request was cancelled, and puts the
// connection into its idle pool. So a request is begun and cancelled as late as
// possible before it would be sent: as TLS starts, or without TLS as TCP is
// connected. What fails before that, the request itself reports. The dial is
// held up until the request has returned: only then is it certain that the
// connection is not handed to it.
type warming struct {
	cancel     context.CancelFunc
	returned   chan struct{} // closed when the request has returned
	done       chan warmed   // of the last handshake, or of TCP where there is none
	handshakes int
	h2c        bool // HTTP/2 without TLS

	hold holds

	mu      sync.Mutex
	begun   bool // the request was cancelled because the connection is under way
	met     bool // the request was given an idle connection
	started int  // handshakes
	ended   int
}

// holds are channels until whose closing a dial is held up, where there is one:
// after the request was cancelled, and when the connection is up.
type holds struct{ start, end chan struct{} }

type warmed struct {
	h2  bool
	err error
}

type warmingKey struct{}

// prewarmFrom returns the warming that a dial is for, or nil.
func prewarmFrom(ctx context.Context) *warming {
	w, _ := ctx.Value(warmingKey{}).(*warming)
	return w
}

// prewarmConn opens one connection and reports whether it speaks HTTP/2. It
// calls begun once it needs nothing more from the pool.
func prewarmConn(ctx context.Context, tr *http.Transport, u *url.URL, hold holds, begun func()) (h2 bool, err error) {
	w, err := beginWarming(ctx, tr, u, hold)
	begun()
	if err != nil || w == nil {
		return err == nil, err
	}
	select {
	case r := <-w.done:
		return r.h2, r.err
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// beginWarming returns a connection that is under way, or nil if there is an
// HTTP/2 connection already.
func beginWarming(ctx context.Context, tr *http.Transport, u *url.URL, hold holds) (*warming, error) {
	handshakes, err := countHandshakes(tr, u)
	if err != nil {
		return nil, err
	}
	for {
		w := &warming{
			returned:   make(chan struct{}),
			done:       make(chan warmed, 1),
			handshakes: handshakes,
			h2c:        u.Scheme == "http" && tr.Protocols != nil && tr.Protocols.UnencryptedHTTP2() && !tr.Protocols.HTTP1(),
			hold:       hold,
		}
		err := w.request(ctx, tr, u)
		w.mu.Lock()
		begun, met := w.begun, w.met
		w.mu.Unlock()
		switch {
		case begun:
			return w, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case met && errors.Is(err, context.Canceled):
			return nil, nil
		case met:
			// An idle connection made room; there may be more of them.
		case err == nil:
			return nil, errors.New("a request was sent, since the Transport does not dial through package net")
		default:
			return nil, err
		}
	}
}

// settle gives net/http the moment between the last thing it tells, the end of
// the handshake, and the connection's being in the pool.
func settle(ctx context.Context, dial time.Duration) {
	timer := time.NewTimer(min(max(dial/10, 2*time.Millisecond), 20*time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// request begins the request that is never sent, and returns its error.
func (w *warming) request(ctx context.Context, tr *http.Transport, u *url.URL) error {
	defer close(w.returned)
	ctx, w.cancel = context.WithCancel(context.WithValue(ctx, warmingKey{}, w))
	defer w.cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: w.gotConn,
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				w.connected()
			}
		},
		TLSHandshakeStart: w.handshakeStart,
		TLSHandshakeDone:  w.handshakeDone,
	})
	resp, err := tr.RoundTrip(prewarmRequest(u).WithContext(ctx))
	if err == nil {
		resp.Body.Close()
	}
	return err
}

func prewarmRequest(u *url.URL) *http.Request {
	return &http.Request{Method: http.MethodHead, URL: u, Host: u.Host, Header: http.Header{}, Pattern: prewarmPattern}
}

// connected is called as TCP is connected: by package net, perhaps for more than
// one of the host's addresses, and by this package's own clients.
func (w *warming) connected() {
	if w.handshakes == 0 && w.letGo() {
		w.end(warmed{h2: w.h2c})
	}
}

func (w *warming) handshakeStart() {
	w.mu.Lock()
	w.started++
	last := w.started == w.handshakes
	w.mu.Unlock()
	if last {
		w.letGo()
	}
}

func (w *warming) handshakeDone(state tls.ConnectionState, err error) {
	w.mu.Lock()
	w.ended++
	last := w.ended == w.handshakes
	w.mu.Unlock()
	if last {
		w.end(warmed{state.NegotiatedProtocol == "h2", err})
	}
}

func (w *warming) end(r warmed) {
	w.done <- r
	if w.hold.end != nil {
		<-w.hold.end
	}
}

// letGo cancels the request and waits until it has returned. It reports false
// if that has been done before.
func (w *warming) letGo() bool {
	w.mu.Lock()
	first := !w.begun
	w.begun = true
	w.mu.Unlock()
	if first {
		w.cancel()
	}
	<-w.returned
	if first && w.hold.start != nil {
		<-w.hold.start
	}
	return first
}

// gotConn is called if there was an idle connection after all. Over HTTP/2 a
// cancelled request is not written, and other requests may be under way. Over
// HTTP/1 it would be written, unless there is nothing left to write to.
func (w *warming) gotConn(info httptrace.GotConnInfo) {
	w.mu.Lock()
	w.met = true
	w.mu.Unlock()
	tc, ok := info.Conn.(*tls.Conn)
	if w.h2c || ok && tc.ConnectionState().NegotiatedProtocol == "h2" {
		w.cancel()
		return
	}
	info.Conn.Close()
}

// countHandshakes returns how many TLS handshakes a connection to u takes: one
// with a proxy spoken to over TLS, and one with the host itself.
func countHandshakes(tr *http.Transport, u *url.URL) (int, error) {
	n := 0
	if tr.Proxy != nil {
		proxy, err := tr.Proxy(prewarmRequest(u))
		if err != nil {
			return 0, err
		}
		if proxy != nil && proxy.Scheme == "https" {
			n++
		}
	}
	if u.Scheme == "https" {
		n++
	}
	return n, nil
}
