package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/lambdatune/lambdatune/examples/queue/jobs"
	"github.com/lambdatune/lambdatune/handler/local/gobuild"
	"github.com/lambdatune/lambdatune/handler/local/queue"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

type config struct {
	dir                string // of the function
	jobs               int
	concurrency        int
	overload           float64
	latency            time.Duration
	timeout            time.Duration // of the function
	maxReceiveCount    int
	maximumConcurrency int
	log                io.Writer
}

// maxRedrives is how often the dead-letter queue is redriven at most. Once is
// enough, unless the machine is so busy that jobs without a fault fail, too.
const maxRedrives = 5

// A stage is everything that runs.
type stage struct {
	config
	provider   *provider
	function   *runtimeapi.Function
	watch      *watch
	sockets    *socketAPI
	work, dead *queue.Queue
	mapping    *queue.Mapping
	here       *client
	all        []jobs.Job
	messages   int
}

// run returns a report of when the queue was drained and one of when it was
// drained again after the redrive. An error says what went wrong with the jobs,
// too.
func run(ctx context.Context, c config) (reports []report, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	bin, err := os.MkdirTemp("", "queue-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(bin)
	worker, whoami := filepath.Join(bin, "worker.exe"), filepath.Join(bin, "whoami.exe")
	if err := gobuild.Build(ctx, c.dir, worker); err != nil {
		return nil, err
	}
	if err := gobuild.Build(ctx, filepath.Join(c.dir, "whoami"), whoami); err != nil {
		return nil, err
	}

	s := &stage{config: c, provider: newProvider(c.latency), watch: &watch{busy: map[int]bool{}}}
	freeze := runtime.GOOS == "linux" || runtime.GOOS == "darwin"
	greeter, err := runtimeapi.Start(runtimeapi.Command{Path: whoami, Env: []string{}}, runtimeapi.Config{Name: "whoami", Freeze: freeze})
	if err != nil {
		return nil, err
	}
	defer greeter.Close()
	s.sockets = newSocketAPI(ctx, greeter, "local")
	api, stop, err := serve(s.sockets.handler())
	if err != nil {
		return nil, err
	}
	defer stop()
	payments, stop, err := serve(s.provider)
	if err != nil {
		return nil, err
	}
	defer stop()
	s.function, err = runtimeapi.Start(runtimeapi.Command{Path: worker, Env: []string{
		"CONNECTIONS_ENDPOINT=http://" + api + "/local",
		"PAYMENTS_URL=http://" + payments,
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
	}}, runtimeapi.Config{Name: "queue", Timeout: c.timeout, Concurrency: c.concurrency, Freeze: freeze, Observe: s.watch.function})
	if err != nil {
		return nil, err
	}
	defer s.function.Close()
	if err := s.queues(); err != nil {
		return nil, err
	}
	frontend, stop, err := serve(front(s.work))
	if err != nil {
		return nil, err
	}
	defer stop()

	if s.here, err = dial(ctx, "ws://"+api+"/local"); err != nil {
		return nil, err
	}
	defer s.here.hangUp()
	gone, err := dial(ctx, "ws://"+api+"/local")
	if err != nil {
		return nil, err
	}
	gone.hangUp()
	select {
	case <-s.sockets.closed(gone.connectionID):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.all = makeJobs(c.jobs, s.here.connectionID, gone.connectionID)
	return s.play(ctx, "http://"+frontend+"/jobs")
}

// queues makes the queue, its dead-letter queue and the mapping.
func (s *stage) queues() (err error) {
	if s.dead, err = queue.New(queue.Config{Name: "jobs-dead"}); err != nil {
		return err
	}
	s.work, err = queue.New(queue.Config{
		Name: "jobs", VisibilityTimeout: 6 * s.timeout, DeadLetterQueue: s.dead, MaxReceiveCount: s.maxReceiveCount,
	})
	if err != nil {
		return err
	}
	s.mapping, err = queue.NewMapping(s.work, s.function, queue.MappingConfig{
		ReportBatchItemFailures: true, MaximumConcurrency: s.maximumConcurrency, Observe: s.watch.batch,
	})
	return err
}

// play sends the load, drains, flips the switch, redrives and drains again.
func (s *stage) play(ctx context.Context, url string) (reports []report, err error) {
	capacity := float64(s.concurrency) / s.latency.Seconds()
	fmt.Fprintf(s.log, "%d jobs at %.0f per second, for %d environments that take %.0f per second; transfers are out of order\n",
		s.jobs, s.overload*capacity, s.concurrency, capacity)
	start := time.Now()
	sending, err := s.send(ctx, url, s.overload*capacity)
	if err != nil {
		return nil, err
	}
	if err := s.mapping.Drain(ctx); err != nil {
		return nil, err
	}
	first, err := s.report(ctx, start, false)
	first.SentPerS = float64(s.messages) / sending.Seconds()
	first.TakenPerS = float64(first.Processed) / s.provider.bill().last.Sub(start).Seconds()
	fmt.Fprintf(s.log, "drained after %.1f s (sent %.0f messages per second, charged %.0f jobs per second):\n%v\n",
		first.Elapsed.Seconds(), first.SentPerS, first.TakenPerS, first)
	reports = append(reports, first)
	if err != nil {
		return reports, err
	}

	s.provider.repair()
	start = time.Now()
	redrives, moved := 0, 0
	for len(s.dead.Messages()) > 0 && redrives < maxRedrives {
		n, err := s.dead.Redrive(nil)
		if err != nil {
			return reports, err
		}
		redrives, moved = redrives+1, moved+n
		if err := s.mapping.Drain(ctx); err != nil {
			return reports, err
		}
	}
	second, err := s.report(ctx, start, true)
	fmt.Fprintf(s.log, "transfers are back; redrove %d messages in %d, drained after %.1f s:\n%v\n",
		moved, redrives, second.Elapsed.Seconds(), second)
	reports = append(reports, second)
	if second.Dead > 0 || second.Processed != s.jobs {
		err = errors.Join(err, fmt.Errorf("%d of %d jobs processed, %d messages still in the DLQ; the function's log ends with %q",
			second.Processed, s.jobs, second.Dead, s.watch.lastLine))
	}
	return reports, err
}

// send sends the load while the mapping runs, and returns how long that took.
func (s *stage) send(ctx context.Context, url string, rate float64) (time.Duration, error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.mapping.Run(running) }()
	start := time.Now()
	n, err := load(ctx, url, s.all, rate)
	elapsed := time.Since(start)
	stop()
	if e := <-ended; !errors.Is(e, context.Canceled) {
		err = errors.Join(err, e)
	}
	s.messages = n
	return elapsed, err
}

// report waits for the replies that are under way, and counts.
func (s *stage) report(ctx context.Context, start time.Time, repaired bool) (report, error) {
	r := report{Jobs: s.jobs, Messages: s.messages, Elapsed: time.Since(start)}
	posted, gone := s.sockets.counts(s.here.connectionID)
	waiting, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var replies map[string]int
	for {
		var err error
		if replies, r.Replies, err = s.here.state(); err != nil {
			return r, err
		}
		if r.Replies >= posted || sleep(waiting, 5*time.Millisecond) != nil {
			break
		}
	}
	bill := s.provider.bill()
	s.watch.mu.Lock()
	r.Requests, r.ProviderPeak, r.Gone = bill.requests, bill.peak, gone
	r.Peak, r.Invocations, r.Errors, r.Throttles, r.Late = s.watch.peak, s.watch.invocations, s.watch.errors, s.watch.throttles, s.watch.late
	s.watch.mu.Unlock()
	err := r.check(s.all, bill.charges, replies, s.dead.Messages(), s.here.connectionID, repaired)
	if counts := s.work.Counts(); counts != (queue.Counts{}) {
		err = errors.Join(err, fmt.Errorf("the queue is not empty: %+v", counts))
	}
	if r.Replies < posted {
		err = errors.Join(err, fmt.Errorf("%d replies were posted, %d came", posted, r.Replies))
	}
	if r.Peak > s.concurrency {
		err = errors.Join(err, fmt.Errorf("%d invocations at a time, where %d are reserved", r.Peak, s.concurrency))
	}
	return r, err
}

// serve serves on a port of loopback until it is stopped.
func serve(h http.Handler) (addr string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go srv.Serve(l)
	return l.Addr().String(), func() { srv.Close() }, nil
}
