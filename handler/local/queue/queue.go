package queue

import (
	"cmp"
	"container/heap"
	"container/list"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ErrReceiptHandle is returned by [Queue.Delete] for a receipt handle that the
// queue does not know, or, in a FIFO queue, whose visibility timeout has ended.
var ErrReceiptHandle = errors.New("queue: the receipt handle is unknown, or the visibility timeout has ended")

// Config is a queue's configuration. The zero value is ready to use.
type Config struct {
	// Name is 1 to 80 letters, digits, hyphens and underscores, that of a FIFO
	// queue with .fifo at its end. Empty means "queue" or "queue.fifo".
	Name string
	// Region is part of the ARN. Empty means "us-east-1".
	Region string
	// FIFO makes it a FIFO queue.
	FIFO bool
	// ContentBasedDeduplication lets messages of a FIFO queue go without a
	// deduplication ID: the SHA-256 of the body is it.
	ContentBasedDeduplication bool
	// VisibilityTimeout is how long a message that was received stays hidden.
	// Zero means 30 s, as on the service; at most 12 hours. The service only
	// takes whole seconds.
	VisibilityTimeout time.Duration
	// DeadLetterQueue receives the messages that were received MaxReceiveCount
	// times. It is of the same type. Nil means that messages are received until
	// they are deleted.
	DeadLetterQueue *Queue
	// MaxReceiveCount is 1 to 1,000, and required with DeadLetterQueue. Lambda
	// recommends 5 or more.
	MaxReceiveCount int
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

const (
	maxVisibility         = 12 * time.Hour
	maxInFlight           = 120_000
	deduplicationInterval = 5 * time.Minute
)

func (c *Config) complete() error {
	if c.Name == "" {
		c.Name = "queue"
		if c.FIFO {
			c.Name = "queue.fifo"
		}
	}
	stem, fifo := strings.CutSuffix(c.Name, ".fifo")
	if !namePattern.MatchString(stem) || len(c.Name) > 80 || fifo != c.FIFO {
		return fmt.Errorf("queue: queue name %q: want 1 to 80 letters, digits, hyphens or underscores, and .fifo at the end of a FIFO queue's and no other", c.Name)
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	if c.ContentBasedDeduplication && !c.FIFO {
		return fmt.Errorf("queue: content-based deduplication needs a FIFO queue")
	}
	if c.VisibilityTimeout == 0 {
		c.VisibilityTimeout = 30 * time.Second
	}
	if c.VisibilityTimeout < 0 || c.VisibilityTimeout > maxVisibility {
		return fmt.Errorf("queue: visibility timeout %v: want more than 0 and at most %v", c.VisibilityTimeout, maxVisibility)
	}
	if c.DeadLetterQueue == nil {
		if c.MaxReceiveCount != 0 {
			return fmt.Errorf("queue: a maxReceiveCount needs a dead-letter queue")
		}
		return nil
	}
	if c.DeadLetterQueue.cfg.FIFO != c.FIFO {
		return fmt.Errorf("queue: dead-letter queue %s: want one of the same type, standard or FIFO", c.DeadLetterQueue.cfg.Name)
	}
	if c.MaxReceiveCount < 1 || c.MaxReceiveCount > 1000 {
		return fmt.Errorf("queue: maxReceiveCount %d: want 1 to 1000", c.MaxReceiveCount)
	}
	return nil
}

// Queue is a queue. It is safe for concurrent use.
type Queue struct {
	cfg    Config
	number int64 // queues are locked in the order of their numbers
	source atomic.Bool

	mu       sync.Mutex
	sequence uint64
	groups   map[string]*group // of a FIFO queue
	ready    *list.List        // of *group: those to receive from
	inFlight byVisibility
	handles  map[string]*message // the latest of each message
	count    int
	sent     deduplication
	changed  chan struct{} // closed when messages come, go or become visible
}

// group is a message group. In a standard queue each message has one of its
// own.
type group struct {
	id       string
	messages []*message // in order, those in flight too
	inFlight int
	element  *list.Element // in Queue.ready; nil if it is not there
}

type message struct {
	Received
	sequence uint64
	size     int // as JSON, at most
	group    *group
	origin   *Queue // of a message in a dead-letter queue
	index    int    // in Queue.inFlight; -1 if it is not there
}

var queues atomic.Int64

// New makes a queue. An error is one of the configuration.
func New(c Config) (*Queue, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	if c.DeadLetterQueue != nil {
		c.DeadLetterQueue.source.Store(true)
	}
	return &Queue{
		cfg: c, number: queues.Add(1), groups: map[string]*group{}, ready: list.New(),
		handles: map[string]*message{}, changed: make(chan struct{}),
	}, nil
}

// Config returns the configuration with its defaults filled in.
func (q *Queue) Config() Config { return q.cfg }

// ARN is the queue's ARN, in the account 123456789012.
func (q *Queue) ARN() string { return "arn:aws:sqs:" + q.cfg.Region + ":123456789012:" + q.cfg.Name }

// Send sends a message and returns it as the queue has it. A duplicate within 5
// minutes, in a FIFO queue, is not an error: the ID and the sequence number are
// those of the message that was sent first, as on the service. An error says
// what the service would refuse.
func (q *Queue) Send(m Message) (Received, error) {
	if err := m.check(q.cfg.FIFO, q.cfg.ContentBasedDeduplication); err != nil {
		return Received{}, err
	}
	m = m.clone()
	if m.SenderID == "" {
		m.SenderID = "AIDALOCAL"
	}
	if q.cfg.FIFO && m.DeduplicationID == "" {
		sum := sha256.Sum256([]byte(m.Body))
		m.DeduplicationID = hex.EncodeToString(sum[:])
	}
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	x := &message{Received: Received{Message: m, ID: newUUID(), Sent: now}}
	if q.cfg.FIFO {
		if first := q.sent.find(m.DeduplicationID, now); first != nil {
			return *first, nil
		}
	}
	q.addLocked(x)
	out := x.Received
	out.Message = out.Message.clone()
	if q.cfg.FIFO {
		q.sent.add(out, now)
	}
	return out, nil
}

// Receive receives up to n messages that are visible, at once. Those that are
// due to it go to the dead-letter queue instead.
func (q *Queue) Receive(n int) []Received {
	batch, _ := q.poll(n, 1<<62)
	return batch
}

// Delete deletes the message of a receipt handle. As on the service, in a
// standard queue a handle that is not the message's latest deletes nothing, and
// returns nil; a handle that never was is [ErrReceiptHandle]. In a FIFO queue
// it is that for every handle whose visibility timeout has ended.
func (q *Queue) Delete(receiptHandle string) error {
	_, err := q.remove(receiptHandle)
	return err
}

// remove also tells whether there was a message to delete.
func (q *Queue) remove(receiptHandle string) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	m := q.handles[receiptHandle]
	if q.cfg.FIFO {
		if m == nil || !m.VisibleAt.After(time.Now()) {
			return false, ErrReceiptHandle
		}
	} else if m == nil {
		if !strings.HasPrefix(receiptHandle, handlePrefix) {
			return false, ErrReceiptHandle
		}
		return false, nil
	}
	q.forgetLocked(m)
	q.notifyLocked()
	return true, nil
}

// Counts says how many messages a queue has.
type Counts struct {
	// Visible can be received, and those in line behind one in flight.
	Visible int
	// InFlight were received, and are neither deleted nor visible again.
	InFlight int
}

// Counts counts the messages in the queue.
func (q *Queue) Counts() Counts {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expireLocked(time.Now())
	return Counts{Visible: q.count - len(q.inFlight), InFlight: len(q.inFlight)}
}

// Messages returns all messages of the queue, in the order in which they came,
// without receiving them.
func (q *Queue) Messages() []Received {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expireLocked(time.Now())
	all := q.allLocked()
	out := make([]Received, len(all))
	for i, m := range all {
		out[i] = m.Received
		out[i].Message = out[i].Message.clone()
		out[i].ReceiptHandle = ""
	}
	return out
}

// allLocked is every message, oldest first.
func (q *Queue) allLocked() []*message {
	all := make([]*message, 0, q.count)
	for _, m := range q.inFlight {
		all = append(all, m)
	}
	for e := q.ready.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*group).messages...)
	}
	for _, g := range q.groups {
		if g.inFlight > 0 {
			for _, m := range g.messages {
				if m.index < 0 {
					all = append(all, m)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b *message) int { return cmp.Compare(a.sequence, b.sequence) })
	return all
}

// polled is what a caller of poll may wait for.
type polled struct {
	changed <-chan struct{}
	// next is when the first message in flight becomes visible; zero if none
	// is in flight.
	next time.Time
	// size is that of the batch as JSON, at most.
	size int
	// full says that there was another message, too large for the budget.
	full bool
	// empty says that the queue has no message, not even in flight.
	empty bool
}

// poll receives up to n messages of together at most budget bytes as JSON.
func (q *Queue) poll(n, budget int) (batch []Received, p polled) {
	if q.cfg.DeadLetterQueue != nil {
		defer q.lockWith(q.cfg.DeadLetterQueue)()
	} else {
		q.mu.Lock()
		defer q.mu.Unlock()
	}
	now := time.Now()
	q.expireLocked(now)
	for e := q.ready.Front(); e != nil && len(batch) < n && !p.full; {
		g := e.Value.(*group)
		e = e.Next()
		for i := 0; i < len(g.messages) && len(batch) < n && len(q.inFlight) < maxInFlight; {
			m := g.messages[i]
			if q.cfg.DeadLetterQueue != nil && m.ReceiveCount >= q.cfg.MaxReceiveCount {
				q.buryLocked(m, now)
				continue // the next one has its place
			}
			if p.full = m.size > budget; p.full {
				break
			}
			budget -= m.size
			p.size += m.size
			q.receiveLocked(m, now)
			r := m.Received
			r.Message = r.Message.clone()
			batch = append(batch, r)
			i++
		}
	}
	p.changed, p.empty = q.changed, q.count == 0
	if len(q.inFlight) > 0 {
		p.next = q.inFlight[0].VisibleAt
	}
	return batch, p
}

const handlePrefix = "AQEB"

func newHandle() string { return handlePrefix + rand.Text() }

func (q *Queue) receiveLocked(m *message, now time.Time) {
	delete(q.handles, m.ReceiptHandle)
	m.ReceiptHandle = newHandle()
	q.handles[m.ReceiptHandle] = m
	m.ReceiveCount++
	if m.FirstReceived.IsZero() {
		m.FirstReceived = now
	}
	m.VisibleAt = now.Add(q.cfg.VisibilityTimeout)
	heap.Push(&q.inFlight, m)
	m.group.inFlight++
	q.placeLocked(m.group)
}

// buryLocked moves a message to the dead-letter queue, whose lock is held.
func (q *Queue) buryLocked(m *message, now time.Time) {
	q.forgetLocked(m)
	dead := &message{Received: m.Received, origin: q}
	dead.ReceiptHandle, dead.DeadLetterSource = "", q.ARN()
	if q.cfg.FIFO {
		dead.DeduplicationID, dead.Sent = m.ID, now
	}
	q.cfg.DeadLetterQueue.addLocked(dead)
	q.notifyLocked()
}

// release makes messages visible before their time.
func (q *Queue) release(batch []Received) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range batch {
		if m := q.handles[r.ReceiptHandle]; m != nil && m.index >= 0 {
			heap.Remove(&q.inFlight, m.index)
			q.visibleLocked(m)
		}
	}
	q.notifyLocked()
}

// expireLocked makes those visible whose visibility timeout has ended.
func (q *Queue) expireLocked(now time.Time) {
	expired := false
	for len(q.inFlight) > 0 && !q.inFlight[0].VisibleAt.After(now) {
		q.visibleLocked(heap.Pop(&q.inFlight).(*message))
		expired = true
	}
	if expired {
		q.notifyLocked()
	}
}

func (q *Queue) visibleLocked(m *message) {
	m.VisibleAt = time.Time{}
	m.group.inFlight--
	q.placeLocked(m.group)
}

func (q *Queue) addLocked(m *message) {
	q.sequence++
	m.sequence, m.index = q.sequence, -1
	if q.cfg.FIFO {
		m.SequenceNumber = fmt.Sprintf("%020d", 18_000_000_000_000_000_000+256*q.sequence)
		m.group = q.groups[m.GroupID]
	}
	if m.group == nil {
		m.group = &group{id: m.GroupID}
		if q.cfg.FIFO {
			q.groups[m.GroupID] = m.group
		}
	}
	m.size = q.recordSize(m.Received)
	m.group.messages = append(m.group.messages, m)
	q.count++
	q.placeLocked(m.group)
	q.notifyLocked()
}

// forgetLocked takes a message out of the queue.
func (q *Queue) forgetLocked(m *message) {
	delete(q.handles, m.ReceiptHandle)
	if m.index >= 0 {
		heap.Remove(&q.inFlight, m.index)
		m.group.inFlight--
	}
	m.VisibleAt = time.Time{}
	g := m.group
	if g.messages[0] == m {
		g.messages[0] = nil
		g.messages = g.messages[1:]
	} else {
		i := slices.Index(g.messages, m)
		g.messages = slices.Delete(g.messages, i, i+1)
	}
	q.count--
	q.placeLocked(g)
}

// placeLocked puts a group among those to receive from, or takes it out.
func (q *Queue) placeLocked(g *group) {
	ready := g.inFlight == 0 && len(g.messages) > 0
	switch {
	case ready && g.element == nil:
		g.element = q.ready.PushBack(g)
	case !ready && g.element != nil:
		q.ready.Remove(g.element)
		g.element = nil
	}
	if len(g.messages) == 0 && q.cfg.FIFO {
		delete(q.groups, g.id)
	}
}

func (q *Queue) notifyLocked() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// lockWith locks two queues, which may be the same one, and returns what
// unlocks them.
func (q *Queue) lockWith(o *Queue) (unlock func()) {
	if q == o {
		q.mu.Lock()
		return q.mu.Unlock
	}
	first, second := q, o
	if second.number < first.number {
		first, second = second, first
	}
	first.mu.Lock()
	second.mu.Lock()
	return func() {
		second.mu.Unlock()
		first.mu.Unlock()
	}
}

// byVisibility is a heap of the messages in flight.
type byVisibility []*message

func (h byVisibility) Len() int { return len(h) }
func (h byVisibility) Less(i, j int) bool {
	if c := h[i].VisibleAt.Compare(h[j].VisibleAt); c != 0 {
		return c < 0
	}
	return h[i].sequence < h[j].sequence
}
func (h byVisibility) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *byVisibility) Push(x any) {
	m := x.(*message)
	m.index = len(*h)
	*h = append(*h, m)
}
func (h *byVisibility) Pop() any {
	old := *h
	m := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	m.index = -1
	return m
}

func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
