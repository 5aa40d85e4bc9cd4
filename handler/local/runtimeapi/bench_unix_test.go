//go:build unix

package runtimeapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// BenchmarkInvoke is the whole way of a no-op invocation on bare aws-lambda-go:
// the function's processes and this one share the machine.
func BenchmarkInvoke(b *testing.B) {
	for _, environments := range []int{1, 4} {
		b.Run("environments="+strconv.Itoa(environments), func(b *testing.B) {
			f, err := runtimeapi.Start(command("noop"), runtimeapi.Config{Concurrency: environments})
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			if err := f.Warm(context.Background(), environments); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			own, children := cpu(b)
			b.ResetTimer()
			var left atomic.Int64
			left.Store(int64(b.N))
			done := make(chan error, environments)
			for range environments {
				go func() {
					for left.Add(-1) >= 0 {
						res, err := f.Invoke(context.Background(), runtimeapi.Invocation{Payload: []byte(`{}`)})
						if err != nil || res.Status != runtimeapi.StatusSuccess {
							done <- err
							return
						}
					}
					done <- nil
				}()
			}
			for range environments {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			n := float64(b.N)
			b.ReportMetric(n/b.Elapsed().Seconds(), "invocations/s")
			ownAfter, _ := cpu(b)
			f.Close() // a process's time counts when it has ended
			_, childrenAfter := cpu(b)
			b.ReportMetric(float64(ownAfter-own)/n, "own-cpu-ns/op")
			b.ReportMetric(float64(childrenAfter-children)/n, "function-cpu-ns/op")
		})
	}
}

// BenchmarkFloor is what any server of the Runtime API pays in Go: net/http
// answers the two requests of an invocation, and there is nothing behind it.
func BenchmarkFloor(b *testing.B) {
	next, over := make(chan struct{}, 1), make(chan struct{})
	answered := make(chan struct{}, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-next:
		case <-over:
			return
		}
		w.Header()["Lambda-Runtime-Aws-Request-Id"] = []string{"8476a536-e9f4-11e8-9739-2dfe598c3fcd"}
		w.Header()["Lambda-Runtime-Deadline-Ms"] = []string{strconv.FormatInt(time.Now().Add(time.Minute).UnixMilli(), 10)}
		io.WriteString(w, "{}")
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusAccepted)
		answered <- struct{}{}
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "FUNCTION=noop", "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(srv.URL, "http://"))
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	next <- struct{}{}
	<-answered
	own, children := cpu(b)
	b.ReportAllocs()
	for b.Loop() {
		next <- struct{}{}
		<-answered
	}
	n := float64(b.N)
	b.ReportMetric(n/b.Elapsed().Seconds(), "invocations/s")
	ownAfter, _ := cpu(b)
	close(over)
	c.Process.Kill()
	c.Wait()
	_, childrenAfter := cpu(b)
	b.ReportMetric(float64(ownAfter-own)/n, "own-cpu-ns/op")
	b.ReportMetric(float64(childrenAfter-children)/n, "function-cpu-ns/op")
}

// cpu is the processor time of this process and of its children that ended.
func cpu(b *testing.B) (own, children time.Duration) {
	b.Helper()
	used := func(who int) time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return used(syscall.RUSAGE_SELF), used(syscall.RUSAGE_CHILDREN)
}
