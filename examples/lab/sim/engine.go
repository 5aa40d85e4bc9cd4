package sim

import (
	"math"
	"math/rand/v2"
	"time"
)

// An engine is one simulation under way. Time is in nanoseconds from its start.
type engine struct {
	m      *Model
	now    int64
	events heap
	seq    uint64

	// Arrivals have a generator of their own, so that models that only differ
	// in the function have the same arrivals.
	arrivals, rand *rand.Rand
	due            float64 // the expected number of arrivals up to the next one
	next           int64

	init, invoke []step
	stations     []*station
	scaling      bucket

	environments []environment
	idle         []int32 // the most recently used last
	invocations  []invocation
	free         []int32

	record recorder
	watch  func(now int64, e *engine) // for tests, after each event
}

// A step is a Step with its service's index, -1 for none.
type step struct {
	Step
	station int
}

type environment struct {
	due     int64 // when the secret gets too old
	rotated bool  // it has the secret of after the rotation
	fetched bool  // it has a secret at all
	cold    bool  // the next invocation begins with INIT
	started bool  // it has been used before
}

type invocation struct {
	arrived, started, deadline int64
	environment                int32
	step                       int32
	attempt                    int32
	stamp                      uint32
	initializing               bool
	serving                    bool // a station works on its call
	coldStart                  bool // INIT is not part of its duration
}

// Run simulates. The same model gives the same result.
func (m *Model) Run() (*Stats, error) { return m.run(nil) }

func (m *Model) run(watch func(int64, *engine)) (*Stats, error) {
	if err := m.validate(); err != nil {
		return nil, err
	}
	e := &engine{
		m:        m,
		arrivals: rand.New(rand.NewPCG(m.Seed, 1)),
		rand:     rand.New(rand.NewPCG(m.Seed, 2)),
		scaling:  newBucket(m.Scaling),
		record:   newRecorder(m),
		watch:    watch,
	}
	e.init, e.invoke = e.compile(m.Function.Init), e.compile(m.Function.Invoke)
	e.arrivalAfter()
	for {
		arrives := e.next < int64(m.Length)
		if len(e.events) > 0 && (!arrives || e.events[0].at < e.next) {
			e.handle(e.events.pop())
		} else if arrives {
			e.now = e.next
			e.arrive()
			e.arrivalAfter()
		} else {
			return e.record.close(e), nil
		}
		if e.watch != nil {
			e.watch(e.now, e)
		}
	}
}

func (e *engine) compile(steps []Step) []step {
	var out []step
	for _, s := range steps {
		c := step{Step: s, station: -1}
		if s.Call != nil {
			for i, st := range e.stations {
				if st.Service == s.Call {
					c.station = i
				}
			}
			if c.station < 0 {
				c.station = len(e.stations)
				e.stations = append(e.stations, &station{Service: s.Call, bucket: newBucket(s.Call.Quota), perSecond: make([]int, e.record.bins())})
			}
		}
		out = append(out, c)
	}
	return out
}

// arrivalAfter sets when the next request arrives: the expected number of
// arrivals grows by an exponential number of mean 1, and the time at which it is
// reached is found from the rate's integral.
func (e *engine) arrivalAfter() {
	if e.m.Regular {
		e.due++
	} else {
		e.due += e.arrivals.ExpFloat64()
	}
	ramp := e.m.Ramp.Seconds()
	at := e.due/e.m.Rate + ramp/2
	if at < ramp {
		at = math.Sqrt(2 * e.due * ramp / e.m.Rate)
	}
	e.next = max(e.next, int64(at*float64(time.Second)))
}

// arrive gives a request an environment: the most recently used one that is
// idle, else a new one, within the limit and the scaling rate.
func (e *engine) arrive() {
	e.record.arrived(e.now)
	var env int32
	switch {
	case len(e.idle) > 0:
		env = e.idle[len(e.idle)-1]
		e.idle = e.idle[:len(e.idle)-1]
	case e.m.Limit > 0 && len(e.environments) >= e.m.Limit:
		e.record.ended(e.now, Throttled, ThrottledAtLimit, nil)
		return
	case !e.scaling.take(e.now):
		e.record.ended(e.now, Throttled, ThrottledByScaling, nil)
		return
	default:
		env = int32(len(e.environments))
		e.environments = append(e.environments, environment{cold: true, due: math.MaxInt64})
	}
	i := e.newInvocation()
	inv, en := &e.invocations[i], &e.environments[env]
	inv.arrived, inv.started, inv.environment = e.now, e.now, env
	inv.initializing = en.cold
	inv.coldStart = !en.started
	en.started = true
	if !inv.coldStart {
		inv.deadline = e.deadline()
	}
	e.record.environments = len(e.environments)
	e.record.busy(e.now, 1)
	e.proceed(i)
}

func (e *engine) deadline() int64 {
	if e.m.Timeout == 0 {
		return math.MaxInt64
	}
	return e.now + int64(e.m.Timeout)
}

func (e *engine) newInvocation() int32 {
	if n := len(e.free); n > 0 {
		i := e.free[n-1]
		e.free = e.free[:n-1]
		e.invocations[i] = invocation{stamp: e.invocations[i].stamp, deadline: math.MaxInt64}
		return i
	}
	e.invocations = append(e.invocations, invocation{deadline: math.MaxInt64})
	return int32(len(e.invocations) - 1)
}

// schedule has the invocation wait until at, or until its timeout.
func (e *engine) schedule(i int32, at int64, k kind) {
	inv := &e.invocations[i]
	if at > inv.deadline {
		at, k = inv.deadline, timeout
	}
	if at == math.MaxInt64 {
		return
	}
	e.events.push(event{at: at, seq: e.seq, inv: i, stamp: inv.stamp, kind: k})
	e.seq++
}

func (e *engine) handle(ev event) {
	inv := &e.invocations[ev.inv]
	if inv.stamp != ev.stamp {
		return
	}
	e.now = ev.at
	inv.stamp++
	e.record.stats.Events++
	switch ev.kind {
	case waited:
		e.done(ev.inv)
	case served:
		e.release(ev.inv)
		e.done(ev.inv)
	case retry:
		e.call(ev.inv)
	case rejection:
		s := e.current(inv)
		e.stations[s.station].calls.GivenUp++
		if s.Optional {
			e.skip(ev.inv)
		} else {
			e.end(ev.inv, Failed, s.Call.Operation+" throttled")
		}
	case timeout:
		if inv.serving {
			e.release(ev.inv)
		}
		e.end(ev.inv, TimedOut, TimedOutFunction)
	}
}

func (e *engine) steps(inv *invocation) []step {
	if inv.initializing {
		return e.init
	}
	return e.invoke
}

func (e *engine) current(inv *invocation) *step { return &e.steps(inv)[inv.step] }

// done ends a step of the invocation.
func (e *engine) done(i int32) {
	inv := &e.invocations[i]
	if e.current(inv).Fetches {
		env := &e.environments[inv.environment]
		env.fetched, env.rotated = true, e.rotated()
		if age := e.m.Function.MaxAge; age > 0 {
			env.due = e.now + int64(float64(age)*(1-e.m.Function.Jitter*e.rand.Float64()))
		}
	}
	e.skip(i)
}

// skip goes on with the invocation's next step.
func (e *engine) skip(i int32) {
	e.invocations[i].step++
	e.proceed(i)
}

func (e *engine) rotated() bool { return e.m.Rotation > 0 && e.now >= int64(e.m.Rotation) }

func (e *engine) stale(env *environment) bool {
	return !env.fetched || env.rotated != e.rotated() || e.now >= env.due
}

// proceed begins the invocation's next step.
func (e *engine) proceed(i int32) {
	inv := &e.invocations[i]
	env := &e.environments[inv.environment]
	for {
		if int(inv.step) == len(e.steps(inv)) {
			if !inv.initializing {
				e.end(i, Succeeded, "")
				return
			}
			env.cold = false
			inv.initializing, inv.step = false, 0
			if inv.coldStart {
				e.record.initialized(e.now - inv.started)
				inv.started, inv.deadline = e.now, e.deadline()
			}
			continue
		}
		s := e.current(inv)
		if s.Stale && !e.stale(env) {
			inv.step++
			continue
		}
		if s.Call != nil {
			inv.attempt = 0
			e.call(i)
		} else {
			e.schedule(i, e.now+int64(s.Wait.Draw(e.rand)), waited)
		}
		return
	}
}

// call makes an attempt at the invocation's current call.
func (e *engine) call(i int32) {
	inv := &e.invocations[i]
	s := e.stations[e.current(inv).station]
	inv.attempt++
	s.attempted(e.now)
	if !s.bucket.take(e.now) {
		s.calls.Throttled++
		reject := s.Retry.Reject
		if reject == nil {
			reject = s.Latency
		}
		at := e.now + int64(reject.Draw(e.rand))
		if int(inv.attempt) < s.Retry.Attempts {
			e.schedule(i, at+s.Retry.delay(int(inv.attempt), e.rand.Float64()), retry)
		} else {
			e.schedule(i, at, rejection)
		}
		return
	}
	s.calls.Accepted++
	if s.Servers > 0 && s.busy == s.Servers {
		s.enqueue(ticket{i, inv.stamp})
		e.schedule(i, math.MaxInt64, served) // only its timeout ends the wait
		return
	}
	e.serve(i, s)
}

func (e *engine) serve(i int32, s *station) {
	s.busy++
	e.invocations[i].serving = true
	e.schedule(i, e.now+int64(s.Latency.Draw(e.rand)), served)
}

// release frees the server that works on the invocation's call for the next
// one in the queue.
func (e *engine) release(i int32) {
	inv := &e.invocations[i]
	s := e.stations[e.current(inv).station]
	inv.serving = false
	s.busy--
	for {
		t, ok := s.dequeue()
		if !ok {
			return
		}
		if e.invocations[t.inv].stamp == t.stamp {
			e.serve(t.inv, s)
			return
		}
	}
}

// end ends the invocation and frees its environment.
func (e *engine) end(i int32, o Ending, cause string) {
	inv := &e.invocations[i]
	env := &e.environments[inv.environment]
	if o == TimedOut || o == Failed && inv.initializing {
		env.cold, env.fetched = true, false
	}
	e.record.busy(e.now, -1)
	if o == Succeeded && e.m.Patience > 0 && e.now-inv.arrived > int64(e.m.Patience) {
		o, cause = TimedOut, TimedOutFront
	}
	e.record.ended(e.now, o, cause, inv)
	e.idle = append(e.idle, inv.environment)
	inv.stamp++
	e.free = append(e.free, i)
}

func (s *station) attempted(now int64) {
	if i := int(now / int64(time.Second)); i < len(s.perSecond) {
		s.perSecond[i]++
	}
}
