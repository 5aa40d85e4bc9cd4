package httpclient

import (
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxHosts is for how many hosts a route is remembered. Past it all are
	// forgotten and found anew, so that a client of ever new hosts stays small.
	maxHosts = 1024
	// hintMargin is how much sooner than announced a connection is given up:
	// the server's clock started when it had written, ours when the response
	// was read.
	hintMargin = time.Second
)

// hintLimits are the idle limits to which a server's hint is rounded down,
// from 10 s on by a tenth at most, so that many servers share a few Transports.
// The longest is below the 350 s after which a NAT gateway forgets a flow.
var hintLimits = func() []time.Duration {
	limits := []time.Duration{time.Millisecond, 500 * time.Millisecond} // "timeout=0" is no reuse
	for _, s := range []time.Duration{
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 21, 23, 25, 27, 29, 31, 34, 37, 40, 44, 48, 52, 56, 59,
		64, 70, 77, 84, 92, 101, 111, 119, 130, 143, 157, 172, 179, 196, 215, 236, 259, 284, 299,
	} {
		limits = append(limits, s*time.Second)
	}
	return limits
}()

// A route is where one host's requests go.
type route struct {
	tr   *http.Transport
	hint string // the Keep-Alive header that tr is chosen by, empty for none
}

// routes remembers a route per value of URL.Host. It is read by every request,
// without a lock, and copied on change.
type routes struct {
	table map[string]time.Duration // HostIdleTimeouts, keys in lower case
	known atomic.Pointer[map[string]route]
	mu    sync.Mutex // for writing
}

func (r *routes) init(table map[string]time.Duration) {
	if len(table) == 0 {
		return // known stays nil: every host goes to the base Transport
	}
	r.table = make(map[string]time.Duration, len(table))
	for key, limit := range table {
		r.table[strings.ToLower(key)] = limit
	}
	r.known.Store(&map[string]route{})
}

func (r *routes) get(host string) (route, bool) {
	m := r.known.Load()
	if m == nil {
		return route{}, false
	}
	rt, ok := (*m)[host]
	return rt, ok
}

func (r *routes) set(host string, rt route) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := make(map[string]route)
	if m := r.known.Load(); m != nil && len(*m) < maxHosts {
		next = maps.Clone(*m)
	}
	next[host] = rt
	r.known.Store(&next)
}

// limit returns the host's own idle limit from the table.
func (r *routes) limit(hostport string) (time.Duration, bool) {
	hostport = strings.ToLower(hostport)
	if d, ok := r.table[hostport]; ok {
		return d, true
	}
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
		if d, ok := r.table[host]; ok {
			return d, true
		}
	}
	for {
		_, parent, ok := strings.Cut(host, ".")
		if !ok {
			return 0, false
		}
		if d, ok := r.table["*."+parent]; ok {
			return d, true
		}
		host = parent
	}
}

// route returns the Transport for a host.
func (t *transport) route(host string) *http.Transport {
	if t.routes.known.Load() == nil {
		return t.base
	}
	if rt, ok := t.routes.get(host); ok {
		return rt.tr
	}
	limit, ok := t.routes.limit(host)
	if !ok {
		if t.routes.table == nil {
			return t.base // only hosts with a hint are remembered
		}
		limit = t.opts.IdleTimeout
	}
	tr := t.withLimit(limit)
	t.routes.set(host, route{tr: tr})
	return tr
}

// heed follows a server's Keep-Alive header: later requests to the host are
// kept for as long as it announces.
func (t *transport) heed(host, header string) {
	if rt, ok := t.routes.get(host); ok && rt.hint == header {
		return
	}
	timeout, ok := keepAliveTimeout(header)
	if !ok {
		return
	}
	limit := hintLimit(timeout)
	if own, ok := t.routes.limit(host); ok {
		limit = min(limit, own)
	}
	t.routes.set(host, route{t.withLimit(limit), header})
}

// keepAliveTimeout reads the timeout parameter, in seconds, of a Keep-Alive
// header such as "timeout=5, max=100" (RFC 2068, 19.7.1.1).
func keepAliveTimeout(header string) (time.Duration, bool) {
	for param := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "timeout") {
			continue
		}
		n, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
		return time.Duration(n) * time.Second, err == nil
	}
	return 0, false
}

// hintLimit returns the idle limit for a server that announces timeout.
func hintLimit(timeout time.Duration) time.Duration {
	limit := max(timeout-hintMargin, timeout/2)
	found := hintLimits[0]
	for _, d := range hintLimits {
		if d <= limit {
			found = d
		}
	}
	return found
}
