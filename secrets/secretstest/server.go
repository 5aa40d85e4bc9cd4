package secretstest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// Server is a Secrets Manager of one region and account. Create it with
// [NewServer], or use a [New] one as an http.Handler of a server of your own.
// It is safe for concurrent use.
type Server struct {
	// URL is where the server listens, without a trailing slash. Empty for a
	// server made by New.
	URL string
	// Region is where the secrets are: "us-east-1". Requests that are signed for
	// another region are refused.
	Region string

	http *httptest.Server
	stop chan struct{} // closed by Close: ends what hangs
	once sync.Once

	mu      sync.Mutex
	clock   func() time.Time
	secrets map[string]*secret // by name
	serial  int
	calls   []Call
	faults  []*fault
	latency map[string]time.Duration
	buckets map[string]*bucket
	rotator map[string]Rotation
	pending sync.WaitGroup // rotations that run
}

// Call is one request that the server answered.
type Call struct {
	// Op is the operation: "GetSecretValue".
	Op string
	// ID is the secret's name as stored, or as asked for if there is none.
	ID string
	// Stage is the version stage that was asked for; AWSCURRENT by default.
	Stage string
	// Code is the error type of the answer, as "ThrottlingException". Empty
	// after a success.
	Code string
	// At is when it was answered, by the server's clock.
	At time.Time
}

// New returns a server that does not listen.
func New() *Server {
	return &Server{
		Region:  "us-east-1",
		stop:    make(chan struct{}),
		clock:   time.Now,
		secrets: make(map[string]*secret),
		latency: make(map[string]time.Duration),
		buckets: make(map[string]*bucket),
		rotator: make(map[string]Rotation),
	}
}

// NewServer returns a server that listens on a free port of the loopback
// interface until Close.
func NewServer() *Server {
	s := New()
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	return s
}

// Close ends the server, whatever hangs in it, and waits for its rotations.
func (s *Server) Close() {
	s.once.Do(func() { close(s.stop) })
	if s.http != nil {
		s.http.CloseClientConnections()
		s.http.Close()
	}
	s.pending.Wait()
}

// Client returns an HTTP client whose requests reach the server without a
// socket, whatever their host is.
func (s *Server) Client() *http.Client { return &http.Client{Transport: direct{s}} }

type direct struct{ s *Server }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	var body io.ReadCloser = http.NoBody
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil {
			return nil, err
		}
		body = io.NopCloser(bytes.NewReader(b))
	}
	in := r.Clone(r.Context())
	in.Body = body
	w := httptest.NewRecorder()
	aborted := func() (aborted bool) {
		defer func() {
			p := recover()
			if aborted = p == http.ErrAbortHandler; p != nil && !aborted {
				panic(p)
			}
		}()
		d.s.ServeHTTP(w, in)
		return false
	}()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if aborted {
		return nil, errors.New("secretstest: the server is closed")
	}
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// SetClock replaces the clock: time.Now. It dates versions and calls and fills
// the quota. Latency is real time.
func (s *Server) SetClock(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = now
}

// SetLatency delays the answers to an operation, or to all for an empty op. A
// request that ends earlier is still counted.
func (s *Server) SetLatency(op string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency[op] = d
}

// SetQuota allows an operation rate requests per second and burst at once
// (at least one), and answers ThrottlingException to the others. An empty op
// sets a bucket that all operations share. A rate of zero removes the quota.
// Secrets Manager's own for GetSecretValue is 10,000; its burst is not
// documented.
func (s *Server) SetQuota(op string, rate float64, burst int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rate <= 0 {
		delete(s.buckets, op)
		return
	}
	burst = max(burst, 1)
	s.buckets[op] = &bucket{rate: rate, burst: float64(burst), tokens: float64(burst), at: s.clock()}
}

// bucket is a token bucket.
type bucket struct {
	rate, burst, tokens float64
	at                  time.Time
}

func (b *bucket) take(now time.Time) bool {
	if d := now.Sub(b.at).Seconds(); d > 0 {
		b.tokens = min(b.burst, b.tokens+d*b.rate)
		b.at = now
	}
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// Fault makes requests fail.
type Fault struct {
	// Op is the operation; empty means all.
	Op string
	// Stage restricts the fault to a version stage; empty means all.
	Stage string
	// Code is the error type of the answer, as "AccessDeniedException". The HTTP
	// status is the one that AWS uses: 500 for InternalServiceError and
	// InternalFailure, 503 for ServiceUnavailable, otherwise 400. Empty with Hang.
	Code string
	// Message is the text of the answer; empty means a typical one.
	Message string
	// Hang lets the request wait until its client gives up or the server closes.
	Hang bool
	// Times is how many requests fail; zero means all until ClearFaults.
	Times int
}

type fault struct {
	Fault
	left int
}

// Fail adds a fault. The first one that fits a request is used.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault{f, f.Times})
}

// ClearFaults removes all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) faultLocked(op, stage string) (Fault, bool) {
	for _, f := range s.faults {
		if f.Op != "" && f.Op != op || f.Stage != "" && f.Stage != stage || f.Times > 0 && f.left == 0 {
			continue
		}
		f.left--
		return f.Fault, true
	}
	return Fault{}, false
}

// Calls returns what was answered since the start or the last ResetCalls, in
// order.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// Count returns how many requests for an operation and a stage were answered;
// empty means any.
func (s *Server) Count(op, stage string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.calls {
		if (op == "" || op == c.Op) && (stage == "" || stage == c.Stage) {
			n++
		}
	}
	return n
}

// ResetCalls forgets the calls.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// wait sleeps until d is over, the request's client has left or the server
// closes.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	var timer <-chan time.Time
	if d >= 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-timer:
		return true
	case <-ctx.Done():
	case <-s.stop:
	}
	return false
}
