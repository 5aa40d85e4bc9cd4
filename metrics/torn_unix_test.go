//go:build unix

package metrics_test

import (
	"bufio"
	"context"
	"flag"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/metrics"
	"github.com/lambdatune/lambdatune/metrics/emftest"
)

var tornLines = flag.Int("torn", 2000, "how many lines TestTornLines writes per case; 1,000,000 by hand")

// TestTornLines has 8 goroutines write documents to a pipe to which others write as
// well: through a file of their own if lines are short enough for the kernel to keep
// them apart, else through the same locked writer.
func TestTornLines(t *testing.T) {
	for _, test := range []struct {
		name     string
		property int // bytes that make the line long
		shared   bool
		share    int // of the lines
	}{
		{"short", 10, false, 1},
		{"4096 bytes", 3934, false, 1},
		{"60 KB", 60_000, true, 50},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			fd, err := syscall.Dup(int(w.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			foreign := os.NewFile(uintptr(fd), "foreign")
			var out, logs io.Writer = w, foreign
			if test.shared {
				out = metrics.LockedWriter(w)
				logs = out
			}
			m := newMetrics(t, out, metrics.WithMaxLine(65_535))
			logger := slog.New(slog.NewJSONHandler(logs, nil))

			total := max(8, *tornLines/test.share)
			property := strings.Repeat("p", test.property)
			var writers sync.WaitGroup
			for g := range 8 {
				writers.Go(func() {
					for i := g; i < total; i += 8 {
						rec := m.Begin(context.Background())
						rec.Property("p", property)
						rec.Count("n", i)
						if err := rec.End(); err != nil {
							t.Error(err)
						}
					}
				})
			}
			stop := make(chan struct{})
			var others sync.WaitGroup
			logged := 0
			others.Go(func() {
				for text := strings.Repeat("l", min(test.property, 3990)); ; logged++ {
					select {
					case <-stop:
						return
					default:
						logger.Info(text)
					}
				}
			})
			done := make(chan struct{})
			go func() {
				writers.Wait()
				close(stop)
				others.Wait()
				w.Close()
				foreign.Close()
				close(done)
			}()

			seen := make([]bool, total)
			documents, lines := 0, 0
			in := bufio.NewReaderSize(r, 1<<20)
			longest := 0
			for {
				line, err := in.ReadString('\n')
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				longest = max(longest, len(line))
				if strings.HasPrefix(line, `{"time":`) && strings.HasSuffix(line, "l\"}\n") && strings.Count(line, "{") == 1 {
					lines++
					continue
				}
				doc, err := emftest.Parse([]byte(line), time.Now())
				if err != nil {
					t.Fatalf("torn: %v in %.300q", err, line)
				}
				i := int(doc.Metrics[0].Values[0])
				if seen[i] || len(doc.Metrics) != 1 {
					t.Fatalf("document %d came twice", i)
				}
				seen[i] = true
				documents++
			}
			<-done
			r.Close()
			if longest > 4096 && !test.shared {
				t.Errorf("the longest line has %d bytes", longest)
			}
			if documents != total || lines != logged {
				t.Errorf("%d of %d documents, %d of %d log lines", documents, total, lines, logged)
			}
			t.Logf("%d documents and %d log lines, the longest of %d bytes, none torn", documents, lines, longest)
		})
	}
}
