package httpclient

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	// maxIdleConns keeps idle connections to half of the 1,024 file
	// descriptors that an execution environment has
	// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
	maxIdleConns = 512
	// tlsSessions is how many servers' sessions are kept for resumption, one
	// session each.
	tlsSessions = 128
	// An HTTP/2 connection over which nothing arrived for pingAfter is sent a
	// ping, and is closed if pingTimeout later there is no answer: a dead one
	// otherwise stays in use, request after request.
	pingAfter   = 3 * time.Second
	pingTimeout = 2 * time.Second
)

// NewTransport returns a Transport whose connections survive Lambda's freeze
// and thaw. It is configuration only: nothing is wrapped, every field may be
// changed before the first request, and it costs what any Transport costs.
//
// [Options.HostIdleTimeouts] shorten its one idle limit;
// [Options.MaxResponseBytes] and [Options.Observe] are for [New] and make every
// request fail with an [OptionError] here. [OnInvoke] drops its stale
// connections too.
func NewTransport(opts Options) *http.Transport {
	err := opts.Validate()
	if err == nil {
		err = opts.clientOnly("New")
	}
	if err != nil {
		return failing(err)
	}
	opts = opts.withDefaults()
	t := buildTransport(opts, opts.shortestIdleTimeout(), newSessionCache())
	environment.register(weakly(t, func(t *http.Transport) pool { return barePool{t} }))
	return t
}

// NewDialer returns the dialer that [NewTransport] uses, for code that needs a
// DialContext of its own or another protocol's connections. It reads
// ConnectTimeout and TCPUserTimeout; where these are out of range, every dial
// fails with an [OptionError].
func NewDialer(opts Options) *net.Dialer {
	if err := opts.Validate(); err != nil {
		return &net.Dialer{ControlContext: failControl(err)}
	}
	opts = opts.withDefaults()
	return &net.Dialer{
		Timeout: opts.ConnectTimeout,
		// For long polls through a NAT gateway, which forgets a silent flow
		// after 350 s.
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3},
		ControlContext:  controlUserTimeout(opts.TCPUserTimeout),
	}
}

// buildTransport returns a Transport with one idle limit. The options are valid
// and complete.
func buildTransport(opts Options, idle time.Duration, sessions tls.ClientSessionCache) *http.Transport {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         NewDialer(opts).DialContext,
		ForceAttemptHTTP2:   true, // a DialContext or TLSClientConfig would switch it off
		MaxIdleConns:        max(maxIdleConns, opts.idlePerHost()),
		MaxIdleConnsPerHost: opts.idlePerHost(),
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			ClientSessionCache: sessions,
		},
		TLSHandshakeTimeout:   opts.TLSHandshakeTimeout,
		ResponseHeaderTimeout: opts.ResponseHeaderTimeout,
		ExpectContinueTimeout: time.Second,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		IdleConnTimeout:       idle,
	}
	if opts.Configure != nil {
		ours := t.TLSClientConfig
		opts.Configure(t)
		if c := t.TLSClientConfig; c != nil && c != ours && c.ClientSessionCache == nil && !c.SessionTicketsDisabled {
			// A TLSClientConfig put there for its CA should not cost the
			// resumption of sessions.
			c = c.Clone()
			c.ClientSessionCache = sessions
			t.TLSClientConfig = c
		}
		t.IdleConnTimeout = idle
	}
	return t
}

func newSessionCache() tls.ClientSessionCache {
	return tls.NewLRUClientSessionCache(tlsSessions)
}

// failing returns a Transport each of whose requests fails with err before
// anything is dialed. A copy of the Transport fails likewise.
func failing(err error) *http.Transport {
	return &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return nil, err }}
}

// clientOnly reports options that a bare Transport cannot honour.
func (o Options) clientOnly(where string) error {
	if o.MaxResponseBytes != 0 {
		return &OptionError{"MaxResponseBytes", o.MaxResponseBytes, "0 here; it needs the client of " + where}
	}
	if o.Observe != nil {
		return &OptionError{"Observe", "set", "nil here; it needs the client of " + where}
	}
	return nil
}
