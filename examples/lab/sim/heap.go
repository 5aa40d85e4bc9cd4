package sim

// An event ends a wait of an invocation. It is void if the invocation's stamp
// has changed since: that is how events are cancelled.
type event struct {
	at    int64 // nanoseconds
	seq   uint64
	inv   int32
	stamp uint32
	kind  kind
}

type kind uint8

const (
	waited    kind = iota // a step that only takes time is over
	served                // a service has answered
	retry                 // the back-off after a throttled attempt is over
	timeout               // the function's timeout has come
	rejection             // the answer that ends a throttled last attempt
)

// before orders by time, and by when they were scheduled where that is the same.
func (e *event) before(f *event) bool { return e.at < f.at || e.at == f.at && e.seq < f.seq }

// A heap is a 4-ary min-heap of events: half as deep as a binary one, and a
// node's children share a cache line or two.
type heap []event

func (h *heap) push(e event) {
	s := append(*h, e)
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !e.before(&s[up]) {
			break
		}
		s[i] = s[up]
		i = up
	}
	s[i] = e
	*h = s
}

func (h *heap) pop() event {
	s := *h
	top, e := s[0], s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	if len(s) == 0 {
		return top
	}
	i := 0
	for {
		first := 4*i + 1
		if first >= len(s) {
			break
		}
		least := first
		for c := first + 1; c < min(first+4, len(s)); c++ {
			if s[c].before(&s[least]) {
				least = c
			}
		}
		if !s[least].before(&e) {
			break
		}
		s[i] = s[least]
		i = least
	}
	s[i] = e
	return top
}
