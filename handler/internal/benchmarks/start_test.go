package benchmarks

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkStart measures how long hello functions take from spawn to their
// first request for an invocation, and their processor time until then. One
// iteration starts each of them once, in turn; medians are reported, and ratios
// of medians to the first, which is aws-lambda-go alone. Quiet figures need
// many iterations:
//
//	go test -run '^$' -bench Start -benchtime 300x
func BenchmarkStart(b *testing.B) {
	asked := make(chan time.Time)
	hang := make(chan struct{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	api := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/2018-06-01/runtime/invocation/next" {
			asked <- time.Now()
		}
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})}
	go api.Serve(listener)
	defer api.Close()
	defer close(hang)

	names := []string{"bare", "json", "http"}
	spawn, cpu := make([][]time.Duration, len(names)), make([][]time.Duration, len(names))
	dir := b.TempDir()
	for _, name := range names {
		build := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, name), "./hello/"+name)
		if out, err := build.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
	for b.Loop() {
		for i, name := range names {
			cmd := exec.Command(filepath.Join(dir, name))
			cmd.Env = append(os.Environ(), "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String())
			begin := time.Now()
			if err := cmd.Start(); err != nil {
				b.Fatal(err)
			}
			spawn[i] = append(spawn[i], (<-asked).Sub(begin))
			cmd.Process.Kill() //nolint:errcheck // Wait tells
			cmd.Wait()         //nolint:errcheck // killed
			cpu[i] = append(cpu[i], cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		}
	}
	b.ReportMetric(0, "ns/op")
	median := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[len(d)/2])
	}
	for i, name := range names {
		b.ReportMetric(median(spawn[i])/1e6, name+"-ms")
		if i > 0 {
			b.ReportMetric(median(spawn[i])/median(spawn[0]), name+"-spawn-ratio")
			b.ReportMetric(median(cpu[i])/median(cpu[0]), name+"-cpu-ratio")
		}
	}
}
