package httpclient

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

// A fakeEnv runs on two clocks that are set by hand.
type fakeEnv struct {
	*env
	clocks
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newFakeEnv() *fakeEnv {
	f := &fakeEnv{clocks: clocks{wall: epoch}}
	f.env = newEnvironment(func() clocks { return f.clocks })
	return f
}

// pass lets time pass on both clocks.
func (f *fakeEnv) pass(wall, mono time.Duration) {
	f.wall = f.wall.Add(wall)
	f.mono += mono
}

type fakePool struct {
	dropped []time.Duration
	flushed []context.Context
}

func (p *fakePool) dropIdle(age time.Duration) { p.dropped = append(p.dropped, age) }
func (p *fakePool) flush(ctx context.Context)  { p.flushed = append(p.flushed, ctx) }

func TestIdleAge(t *testing.T) {
	const timeout = 30 * time.Second // the function's
	tests := []struct {
		name       string
		wall, mono time.Duration // between two invocations
		lambda     time.Duration // the same by Lambda's clock, 0 for no deadline
		want       time.Duration
	}{
		{"no freeze", 3 * time.Second, 3 * time.Second, 3 * time.Second, 3 * time.Second},
		{"frozen, monotonic clock runs on", time.Minute, time.Minute, time.Minute, time.Minute},
		{"frozen, monotonic clock stands still", time.Minute, 0, time.Minute, time.Minute},
		{"frozen, wall clock lags", 0, time.Minute, 0, time.Minute},
		{"restored, both clocks lag", 0, 0, time.Minute, time.Minute},
		{"wall clock went back", -time.Second, time.Second, 0, maxDuration},
		{"no deadline", time.Minute, 0, 0, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeEnv()
			p := &fakePool{}
			f.register(func() pool { return p })
			lambda := epoch // by Lambda's clock
			invoke := func() {
				ctx := context.Background()
				if tt.lambda != 0 {
					ctx = invocation.NewContext(ctx, invocation.Value{Deadline: lambda.Add(timeout)})
				}
				done := f.begin(ctx)
				f.pass(100*time.Millisecond, 100*time.Millisecond)
				lambda = lambda.Add(100 * time.Millisecond)
				done()
			}
			invoke()
			f.pass(tt.wall, tt.mono)
			lambda = lambda.Add(tt.lambda)
			invoke()
			if len(p.dropped) != 2 || p.dropped[1] != tt.want {
				t.Errorf("ages %v, want the second to be %v", p.dropped, tt.want)
			}
		})
	}
}

// At the first invocation there is nothing to compare Lambda's clock with, but
// more time left than a function can have means that ours is behind.
func TestRestoredBeforeFirstInvocation(t *testing.T) {
	f := newFakeEnv()
	p := &fakePool{}
	f.register(func() pool { return p })
	f.begin(invocation.NewContext(context.Background(), invocation.Value{Deadline: epoch.Add(24 * time.Hour)}))()
	if len(p.dropped) != 1 || p.dropped[0] != maxDuration {
		t.Errorf("ages %v, want %v", p.dropped, maxDuration)
	}
}

// What Prewarm has opened in a long INIT is not dropped at the first invocation,
// unless a freeze came between.
func TestPrewarmedSurviveLongInit(t *testing.T) {
	for _, gap := range []time.Duration{time.Second, time.Minute} {
		f := newFakeEnv()
		p := &fakePool{}
		f.register(func() pool { return p })
		f.pass(9*time.Second, 9*time.Second)
		f.opened()
		f.pass(gap, 0)
		f.begin(t.Context())()
		if len(p.dropped) != 1 || p.dropped[0] != gap {
			t.Errorf("ages %v, want %v", p.dropped, gap)
		}
	}
}

// Only the first of overlapping invocations has seen a freeze; each one's end
// flushes, once.
func TestOverlap(t *testing.T) {
	f := newFakeEnv()
	p := &fakePool{}
	f.register(func() pool { return p })
	type name struct{}
	one := context.WithValue(t.Context(), name{}, "one")
	two := context.WithValue(t.Context(), name{}, "two")
	f.pass(time.Minute, 0)
	endOne := f.begin(one)
	f.pass(time.Minute, 0)
	endTwo := f.begin(two)
	if len(p.dropped) != 1 {
		t.Errorf("dropped %v, want once", p.dropped)
	}
	endOne()
	endOne()
	endTwo()
	if len(p.flushed) != 2 || p.flushed[0] != one || p.flushed[1] != two {
		t.Errorf("flushed %d times, want with each invocation's context", len(p.flushed))
	}
}

func TestBudget(t *testing.T) {
	platform := epoch.Add(time.Minute)
	logic := platform.Add(-time.Second)
	inv := invocation.NewContext(context.Background(), invocation.Value{Deadline: platform})
	reserved, cancel := context.WithDeadline(inv, logic)
	defer cancel()
	tests := []struct {
		name        string
		concurrency string
		begin       []context.Context
		request     context.Context
		want        time.Time // zero for no deadline
	}{
		{"outside an invocation", "", nil, context.Background(), time.Time{}},
		{"the handler kept a reserve", "", []context.Context{reserved}, context.Background(), logic},
		{"bare invocation", "", []context.Context{inv}, context.Background(), platform},
		{"no deadline anywhere", "", []context.Context{context.Background()}, context.Background(), time.Time{}},
		{"two at once", "", []context.Context{reserved, reserved}, context.Background(), time.Time{}},
		{"might be two", "2", []context.Context{reserved}, context.Background(), time.Time{}},
		{"might be two, but it says whose it is", "2", []context.Context{reserved}, inv, platform},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("AWS_LAMBDA_MAX_CONCURRENCY", tt.concurrency)
			f := newFakeEnv()
			for _, ctx := range tt.begin {
				defer f.begin(ctx)()
			}
			ctx, cancel := f.budget(tt.request)
			if cancel != nil {
				defer cancel()
			}
			got, ok := ctx.Deadline()
			if ok != !tt.want.IsZero() || !got.Equal(tt.want) {
				t.Errorf("deadline %v, %v; want %v", got, ok, tt.want)
			}
		})
	}
	f := newFakeEnv()
	f.begin(reserved)()
	if ctx, cancel := f.budget(context.Background()); cancel != nil {
		t.Errorf("after the invocation: %v", ctx)
	}
}

// A request without a deadline ends with the invocation, and says so; its
// body too.
func TestBudgetEndsRequest(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}))
	defer srv.Close()
	client := New(Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	defer OnInvoke(ctx)()
	_, err := client.Get(srv.URL)
	var timeout interface{ Timeout() bool }
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("error %v, want the invocation's deadline", err)
	}
	if err == nil || !errors.Is(err, errBudget{}) {
		t.Errorf("error %v does not say whose deadline it is", err)
	}
}

func TestBudgetKeepsBodyAlive(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 1<<20)) }))
	defer srv.Close()
	client := New(Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	defer OnInvoke(ctx)()
	for range 3 {
		resp, err := client.Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		n, err := resp.Body.Read(make([]byte, 1))
		if n != 1 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Clients that are garbage are not kept.
func TestRegisterForgets(t *testing.T) {
	f := newFakeEnv()
	alive := &fakePool{}
	for i := range 100 {
		f.register(func() pool {
			if i == 42 {
				return alive
			}
			return nil
		})
	}
	if n := len(f.pools); n > 2 {
		t.Errorf("%d clients are kept, want the living one and the newest", n)
	}
	if got := f.living(); len(got) != 1 {
		t.Errorf("%d living, want 1", len(got))
	}
}

func TestMiddleware(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer srv.Close()
	type recorder struct{}
	var mu sync.Mutex
	var got []Stats
	var who []any
	client := New(Options{Observe: func(ctx context.Context, delta Stats) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, delta)
		who = append(who, ctx.Value(recorder{}))
	}})
	h := Middleware(func(ctx context.Context, event []byte) ([]byte, error) {
		for range len(event) {
			resp, err := client.Get(srv.URL)
			if err != nil {
				return nil, err
			}
			resp.Body.Close()
		}
		return event, errBudget{}
	})
	for i, event := range []string{"xxx", "", "xx"} {
		out, err := h(context.WithValue(t.Context(), recorder{}, i), []byte(event))
		if string(out) != event || !errors.Is(err, errBudget{}) {
			t.Errorf("the middleware returns %q, %v", out, err)
		}
	}
	if len(got) != 2 || got[0].Requests != 3 || got[0].Dials != 1 || got[1].Requests != 2 || got[1].Dials != 0 || got[1].Reuses != 2 {
		t.Errorf("observed %+v", got)
	}
	if len(who) != 2 || who[0] != 0 || who[1] != 2 {
		t.Errorf("observed with the contexts of %v", who)
	}
	// A handler that panics ends its invocation, too.
	func() {
		defer func() { recover() }()
		Middleware(func(context.Context, []byte) ([]byte, error) {
			resp, err := client.Get(srv.URL)
			if err == nil {
				resp.Body.Close()
			}
			panic("x")
		})(t.Context(), nil)
	}()
	if len(got) != 3 {
		t.Error("a panic loses the counters")
	}
}

// A gap drops exactly the connections whose limit it reaches, of both kinds of
// clients.
func TestDropIdle(t *testing.T) {
	var mu sync.Mutex
	conns := map[string]int{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		conns[r.RemoteAddr]++
	}))
	defer srv.Close()
	dialed := func() int { mu.Lock(); defer mu.Unlock(); return len(conns) }
	client := New(Options{IdleTimeout: time.Minute})
	bare := NewTransport(Options{IdleTimeout: time.Minute})
	get := func(rt http.RoundTripper) {
		req, _ := http.NewRequest(http.MethodGet, srv.URL, nil)
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	all := func() { get(client.Transport); get(bare) }
	pools := []pool{client.Transport.(*transport), barePool{bare}}
	all()
	for _, p := range pools {
		p.dropIdle(time.Minute - 1)
	}
	all()
	if n := dialed(); n != 2 {
		t.Errorf("%d connections before the limit, want 2", n)
	}
	for _, p := range pools {
		p.dropIdle(time.Minute)
	}
	all()
	if n := dialed(); n != 4 {
		t.Errorf("%d connections after the limit, want 4", n)
	}
}
