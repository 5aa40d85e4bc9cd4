package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/internal/console"
	"github.com/lambdatune/lambdatune/handler/local/internal/front"
	"github.com/lambdatune/lambdatune/handler/local/internal/invokeapi"
	"github.com/lambdatune/lambdatune/handler/local/internal/watch"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// serve serves functions until the user has enough.
func serve(ctx context.Context, o *options, c console.Console) error {
	ln, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	defer ln.Close()
	w, err := newWorkplace()
	if err != nil {
		return err
	}
	defer w.remove()

	functions, err := o.startAll(ctx, w, c)
	for _, f := range functions {
		defer f.Close()
	}
	if err != nil {
		return err
	}
	byName := func(name string) (*runtimeapi.Function, bool) {
		if f, ok := functions[name]; ok {
			return f, true
		}
		// The name that AWS's own emulator knows its one function by.
		if len(functions) == 1 && (name == "" || name == "function") {
			return functions[o.targets[0].name], true
		}
		return nil, false
	}
	api := &invokeapi.API{Function: byName, Problem: c.Problem}
	defer api.Close()
	mux := http.NewServeMux()
	api.Routes(mux)
	if o.front != "" {
		mux.Handle("/", &front.Front{
			Kind: front.Fronts[o.front], Stage: o.stage, BinaryMediaTypes: o.binary, Streaming: o.streaming, Routes: o.routes,
			Function: byName, Seen: c.HTTP, Problem: c.Problem,
		})
	} else {
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "local: nothing is served here: start it with -front rest, http, url or alb to have requests mapped to events,\n"+
				"or POST an event to /2015-03-31/functions/"+o.targets[0].name+"/invocations", http.StatusNotFound)
		})
	}
	// Requests are not cancelled with ctx: Shutdown lets them finish.
	srv := &http.Server{Handler: mux, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	o.announce(c, ln.Addr().String(), functions)

	failed := make(chan error, len(functions))
	if o.listen == "" {
		for name, f := range functions {
			go func() {
				if err := o.warm(ctx, f); err != nil {
					failed <- fmt.Errorf("function %s: %w", name, err)
				}
			}()
		}
	}
	watching, stop := context.WithCancel(ctx)
	var watchers []<-chan struct{}
	if o.watch && o.listen == "" {
		for _, t := range o.targets {
			watchers = append(watchers, o.rebuild(watching, w, t, functions[t.name], c))
		}
	}
	select {
	case <-ctx.Done():
		err = nil
	case err = <-served:
	case err = <-failed:
	}
	stop()
	for _, done := range watchers {
		<-done
	}
	// Running invocations get a moment; then their processes are ended.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 500*time.Millisecond)
	defer cancel()
	if srv.Shutdown(grace) != nil {
		srv.Close()
	}
	return err
}

// startAll builds and starts the functions beside each other. Those that could
// be started are returned with an error, too.
func (o *options) startAll(ctx context.Context, w *workplace, c console.Console) (map[string]*runtimeapi.Function, error) {
	var (
		mu        sync.Mutex
		wg        sync.WaitGroup
		functions = map[string]*runtimeapi.Function{}
		errs      = make([]error, len(o.targets))
	)
	for i, t := range o.targets {
		wg.Go(func() {
			f, err := o.startFunction(ctx, w, t, c)
			if err != nil {
				errs[i] = err
				return
			}
			mu.Lock()
			defer mu.Unlock()
			functions[t.name] = f
		})
	}
	wg.Wait()
	return functions, errors.Join(errs...)
}

// startFunction builds and starts one function, or waits for somebody else to
// start it.
func (o *options) startFunction(ctx context.Context, w *workplace, t target, c console.Console) (*runtimeapi.Function, error) {
	if o.listen == "" {
		return w.start(ctx, o, t, c)
	}
	config := o.configOf(t, c)
	if !o.timeoutSet {
		config.Timeout = 0 // as long as it can be
	}
	return runtimeapi.Start(runtimeapi.Attach(o.listen), config)
}

// warm starts an environment of a function, so that one that cannot run is
// known before anybody waits for it.
func (o *options) warm(ctx context.Context, f *runtimeapi.Function) error {
	err := f.Warm(ctx, 1)
	var failed *runtimeapi.InitError
	if !errors.As(err, &failed) {
		return nil
	}
	if failed.Status == runtimeapi.StatusTimeout {
		if config := f.Config(); config.Timeout > config.InitTimeout {
			return nil // the invocation may succeed in it
		}
		return fmt.Errorf("INIT did not end within %v: %w", f.Config().InitTimeout, errNeverAsks)
	}
	return fmt.Errorf("INIT failed: %s", failed.Payload)
}

var errNeverAsks = errors.New("it never asked for an invocation: does its main call handler.Start or lambda.Start?")

func (o *options) announce(c console.Console, addr string, functions map[string]*runtimeapi.Function) {
	for _, t := range o.targets {
		c.Note(fmt.Sprintf("%s: http://%s/2015-03-31/functions/%s/invocations", t.name, addr, t.name))
		if o.listen != "" {
			c.Note("start the function with these variables, in a debugger or not:")
			for _, v := range functions[t.name].Environ() {
				name, value, _ := strings.Cut(v, "=")
				c.Note("export " + name + "='" + value + "'")
			}
			c.Note("export LAMBDA_TASK_ROOT=\"$PWD\"")
		}
	}
	if o.front == "" {
		return
	}
	c.Note(fmt.Sprintf("%s: http://%s/", front.Fronts[o.front], addr))
	if _, port, err := net.SplitHostPort(addr); err == nil && len(o.targets) > 1 {
		for _, t := range o.targets {
			c.Note(fmt.Sprintf("%s: http://%s.localhost:%s/", t.name, t.name, port))
		}
	}
}

// rebuild builds a function again whenever its source changes. The returned
// channel is closed when it has stopped.
func (o *options) rebuild(ctx context.Context, w *workplace, t target, f *runtimeapi.Function, c console.Console) <-chan struct{} {
	done := make(chan struct{})
	if !t.isDir() {
		close(done)
		return done
	}
	go func() {
		defer close(done)
		source, err := watch.New(ctx, t.path)
		if err != nil {
			if ctx.Err() == nil {
				c.Problem(fmt.Sprintf("%s: its source is not watched: %v", t.name, err))
			}
			return
		}
		for source.Wait(ctx, o.watchInterval) == nil {
			begun := time.Now()
			p, err := w.program(ctx, o, t)
			switch {
			case ctx.Err() != nil:
			case err != nil:
				c.Problem(fmt.Sprintf("%s: the old build goes on: %v", t.name, err))
			default:
				if err := f.Update(p); err != nil {
					if !errors.Is(err, runtimeapi.ErrClosed) {
						c.Problem(err.Error())
					}
					return
				}
				c.Note(fmt.Sprintf("%s: rebuilt in %v", t.name, time.Since(begun).Round(time.Millisecond)))
			}
		}
	}()
	return done
}

func fronts() string {
	var names []string
	for name := range front.Fronts {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
