package httpclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What the zero value of an option means.
const (
	defaultIdleTimeout         = 4 * time.Second
	defaultConnectTimeout      = 3100 * time.Millisecond // as the AWS SDK's "standard" defaults mode: two SYN retransmissions
	defaultTLSHandshakeTimeout = 10 * time.Second        // net/http's; at 128 MB a burst of handshakes takes seconds of CPU
	defaultTCPUserTimeout      = 5 * time.Second
	minIdlePerHost             = 8
)

// What an option may be.
const (
	minDuration = time.Millisecond
	maxDuration = time.Hour
	maxFanOut   = 1024 // an execution environment's file descriptors
)

// Options configures a client, a Transport or a dialer. The zero value is right
// for Lambda.
//
// A value outside an option's range makes every request fail with an
// [OptionError]; [Options.Validate] tells at once.
type Options struct {
	// IdleTimeout is how long an idle connection may still be reused, by the
	// wall clock. Zero means 4 s. From 1 ms to 1 h.
	IdleTimeout time.Duration

	// HostIdleTimeouts are idle limits for single hosts, in place of
	// IdleTimeout. A key is a host name ("api.example.com"), a host and port
	// ("api.example.com:8443") or every name under a domain
	// ("*.example.com"); the most specific one counts. Each from 1 ms to 1 h.
	// A server's Keep-Alive hint can shorten such a limit, not extend it.
	//
	// A Transport of its own, as of NewTransport, knows only one idle limit:
	// there the shortest of IdleTimeout and all of these counts.
	HostIdleTimeouts map[string]time.Duration

	// FanOut is how many requests one invocation has under way to one host
	// at the same time. The idle pool per host is the larger of 8 and FanOut
	// times AWS_LAMBDA_MAX_CONCURRENCY (1 where that is not set): with a
	// smaller one, a burst's connections are thrown away as it ends. Zero
	// means 1. From 1 to 1024.
	FanOut int

	// ConnectTimeout limits name resolution and TCP connect. Zero means 3.1 s.
	// From 1 ms to 1 h.
	ConnectTimeout time.Duration

	// TLSHandshakeTimeout limits the TLS handshake. Zero means 10 s. From 1 ms
	// to 1 h.
	TLSHandshakeTimeout time.Duration

	// ResponseHeaderTimeout limits the wait for the response's header after the
	// request was sent. Zero means no limit but the request's context, since
	// any limit would break some long poll. From 1 ms to 1 h.
	ResponseHeaderTimeout time.Duration

	// TCPUserTimeout is how long sent data may stay unacknowledged before the
	// connection counts as dead (TCP_USER_TIMEOUT, RFC 5482), on Linux; other
	// systems ignore it. It does not limit the wait for an answer. Zero means
	// 5 s, negative leaves the system's default (about 15 min). From 1 ms to
	// 1 h.
	TCPUserTimeout time.Duration

	// MaxResponseBytes limits a response's body, after decompression; one byte
	// more is a ResponseTooLargeError. Zero means no limit. For New only.
	MaxResponseBytes int64

	// Observe receives what a client has counted since the last time, at the
	// end of each invocation that OnInvoke or Middleware marks, with that
	// invocation's context. It is not called when there is nothing to report.
	// For New only; it must be safe for concurrent use where invocations
	// overlap.
	Observe func(ctx context.Context, delta Stats)

	// Configure changes a Transport after this package has set it up and before
	// it is used: a proxy, a custom CA in TLSClientConfig, HTTP/2 off with
	// Protocols, whatever net/http offers. New calls it once per distinct
	// idle limit, possibly concurrently, and sets IdleConnTimeout thereafter.
	Configure func(*http.Transport)
}

// OptionError reports an option outside its range.
type OptionError struct {
	Option  string // the field's name in Options, with the key for a map
	Value   any    // what it was
	Allowed string // what it may be
}

func (e *OptionError) Error() string {
	return fmt.Sprintf("httpclient: option %s is %v, allowed is %s", e.Option, e.Value, e.Allowed)
}

// Validate returns an error that joins an [OptionError] for each option that is
// out of range, or nil.
func (o Options) Validate() error {
	var errs []error
	duration := func(name string, d time.Duration, zero bool) {
		if zero && d == 0 {
			return
		}
		if d < minDuration || d > maxDuration {
			errs = append(errs, &OptionError{name, d, fmt.Sprintf("%v to %v", minDuration, maxDuration)})
		}
	}
	duration("IdleTimeout", o.IdleTimeout, true)
	for _, key := range sortedKeys(o.HostIdleTimeouts) {
		name := fmt.Sprintf("HostIdleTimeouts[%q]", key)
		if host := strings.TrimPrefix(key, "*."); host == "" || strings.ContainsAny(host, "*/@ ") {
			errs = append(errs, &OptionError{"HostIdleTimeouts, key", strconv.Quote(key), `"host", "host:port" or "*.domain"`})
		}
		duration(name, o.HostIdleTimeouts[key], false)
	}
	if o.FanOut < 0 || o.FanOut > maxFanOut {
		errs = append(errs, &OptionError{"FanOut", o.FanOut, fmt.Sprintf("0 to %d", maxFanOut)})
	}
	duration("ConnectTimeout", o.ConnectTimeout, true)
	duration("TLSHandshakeTimeout", o.TLSHandshakeTimeout, true)
	duration("ResponseHeaderTimeout", o.ResponseHeaderTimeout, true)
	if o.TCPUserTimeout > 0 {
		duration("TCPUserTimeout", o.TCPUserTimeout, true)
	}
	if o.MaxResponseBytes < 0 {
		errs = append(errs, &OptionError{"MaxResponseBytes", o.MaxResponseBytes, "0 (no limit) or more"})
	}
	return errors.Join(errs...)
}

// withDefaults returns o with every zero option replaced by its meaning.
func (o Options) withDefaults() Options {
	o.IdleTimeout = cmp.Or(o.IdleTimeout, defaultIdleTimeout)
	o.FanOut = cmp.Or(o.FanOut, 1)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, defaultConnectTimeout)
	o.TLSHandshakeTimeout = cmp.Or(o.TLSHandshakeTimeout, defaultTLSHandshakeTimeout)
	o.TCPUserTimeout = cmp.Or(o.TCPUserTimeout, defaultTCPUserTimeout)
	return o
}

// shortestIdleTimeout is the one idle limit that suits every host.
func (o Options) shortestIdleTimeout() time.Duration {
	shortest := o.IdleTimeout
	for _, d := range o.HostIdleTimeouts {
		shortest = min(shortest, d)
	}
	return shortest
}

// idlePerHost is the size of the idle pool per host.
func (o Options) idlePerHost() int {
	return max(minIdlePerHost, o.FanOut*maxConcurrency())
}

// maxConcurrency is how many invocations this execution environment may serve
// at once. Lambda sets the variable where it is more than one; anything but a
// positive number is read as one.
func maxConcurrency() int {
	n, err := strconv.Atoi(os.Getenv("AWS_LAMBDA_MAX_CONCURRENCY"))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, maxFanOut)
}

func sortedKeys(m map[string]time.Duration) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
