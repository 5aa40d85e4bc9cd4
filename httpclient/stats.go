package httpclient

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Stats are what a client of [New] has counted: in all from [ReadStats], since
// the last time in [Options.Observe]. Counting allocates nothing.
type Stats struct {
	// Requests were handed to the client, each redirect being one more.
	Requests uint64
	// Dials are connections opened, those of Prewarm included; with HTTP/2 one
	// serves many requests.
	Dials uint64
	// DialErrors are connections that could not be opened (DNS and TCP; a
	// failed TLS handshake is not among them).
	DialErrors uint64
	// Reuses are attempts that found a connection, kept or prewarmed: Requests
	// and Replays, less Waits.
	Reuses uint64
	// StaleCloses are idle connections that were closed unused: by the far side,
	// or on this side by age.
	StaleCloses uint64
	// Replays are requests that net/http sent again on another connection,
	// since the first turned out to be dead.
	Replays uint64
	// BytesSent and BytesReceived passed over the connections, with headers and
	// TLS's overhead.
	BytesSent, BytesReceived uint64
	// Waits are connections that were opened because a request wanted one and
	// none was idle; WaitTime is how long that took in sum, DNS and TCP connect
	// without TLS.
	Waits    uint64
	WaitTime time.Duration
}

// ReadStats returns what client has counted since it was made, and false if it
// was not made by [New] or its Transport was replaced since.
func ReadStats(client *http.Client) (Stats, bool) {
	t, ok := client.Transport.(*transport)
	if !ok {
		return Stats{}, false
	}
	return t.counters.read(), true
}

// counters are the sources of Stats. Those that every request writes stand
// apart from those that only dials write.
type counters struct {
	requests      atomic.Uint64
	attempts      atomic.Uint64 // requests and their replays, as net/http asks for a proxy
	bytesSent     atomic.Uint64
	bytesReceived atomic.Uint64

	_           [64]byte
	dials       atomic.Uint64
	dialErrors  atomic.Uint64
	staleCloses atomic.Uint64
	waits       atomic.Uint64
	waitNanos   atomic.Int64
	replays     highWater
	reuses      highWater
}

func (c *counters) read() Stats {
	// A request is counted before its first attempt: what is read first can
	// only be the older number, and no request looks like a replay.
	attempts := c.attempts.Load()
	s := Stats{
		Requests:      c.requests.Load(),
		Dials:         c.dials.Load(),
		DialErrors:    c.dialErrors.Load(),
		StaleCloses:   c.staleCloses.Load(),
		BytesSent:     c.bytesSent.Load(),
		BytesReceived: c.bytesReceived.Load(),
		Waits:         c.waits.Load(),
		WaitTime:      time.Duration(c.waitNanos.Load()),
	}
	s.Replays = c.replays.raise(less(attempts, s.Requests))
	s.Reuses = c.reuses.raise(less(max(attempts, s.Requests), s.Waits+s.DialErrors))
	return s
}

// sub returns what was counted since old.
func (s Stats) sub(old Stats) Stats {
	return Stats{
		Requests:      less(s.Requests, old.Requests),
		Dials:         less(s.Dials, old.Dials),
		DialErrors:    less(s.DialErrors, old.DialErrors),
		Reuses:        less(s.Reuses, old.Reuses),
		StaleCloses:   less(s.StaleCloses, old.StaleCloses),
		Replays:       less(s.Replays, old.Replays),
		BytesSent:     less(s.BytesSent, old.BytesSent),
		BytesReceived: less(s.BytesReceived, old.BytesReceived),
		Waits:         less(s.Waits, old.Waits),
		WaitTime:      s.WaitTime - old.WaitTime,
	}
}

func less(a, b uint64) uint64 {
	if a < b {
		return 0
	}
	return a - b
}

// highWater keeps a figure that is the difference of two counters from
// sinking while a request is between the two.
type highWater struct{ v atomic.Uint64 }

func (h *highWater) raise(v uint64) uint64 {
	for {
		old := h.v.Load()
		if v <= old {
			return old
		}
		if h.v.CompareAndSwap(old, v) {
			return v
		}
	}
}

// reported is what Observe has been given so far.
type reported struct {
	mu   sync.Mutex
	last Stats
}

// next returns what was counted since the last call.
func (r *reported) next(c *counters) Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := c.read()
	delta := now.sub(r.last)
	r.last = now
	return delta
}
