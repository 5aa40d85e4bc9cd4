package awsclient_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/lambdatune/lambdatune/httpclient/awsclient"
	"github.com/lambdatune/lambdatune/httpclient/internal/freeze"
)

func TestMain(m *testing.M) { freeze.Main(m, kinds()) }

// kinds are the HTTP clients that are frozen, each beneath a DynamoDB client.
func kinds() map[string]freeze.Kind {
	short := awsclient.Options{IdleTimeout: time.Second}
	replaying := func(opts awsclient.Options) aws.HTTPClient {
		c, err := awsclient.NewReplaying(opts)
		if err != nil {
			panic(err)
		}
		return c
	}
	kinds := make(map[string]freeze.Kind)
	for name, client := range map[string]func() aws.HTTPClient{
		"SDK default":             func() aws.HTTPClient { return awshttp.NewBuildableClient() },
		"New":                     func() aws.HTTPClient { return awsclient.New(awsclient.Options{}) },
		"NewReplaying":            func() aws.HTTPClient { return replaying(awsclient.Options{}) },
		"New, limit 1s":           func() aws.HTTPClient { return awsclient.New(short) },
		"New, limit 1s in-region": func() aws.HTTPClient { return awsclient.New(short) },
		"NewReplaying, limit 1s":  func() aws.HTTPClient { return replaying(short) },
	} {
		kinds[name] = func(url string) func(context.Context) error {
			mode := aws.DefaultsModeLegacy
			if strings.HasSuffix(name, "in-region") {
				mode = aws.DefaultsModeInRegion
			}
			return getItem(newDynamoDB(url, client(), mode))
		}
	}
	return kinds
}

// TestThaw makes the first call after a thaw with a real DynamoDB client, one
// call at a time. In CI the far side forgets at 2 s and the freeze takes 3 s,
// with an idle limit of 1 s; LAMBDATUNE_FULL=1 adds 5 s and 6 s with default
// options, and more trials.
func TestThaw(t *testing.T) {
	if testing.Short() {
		t.Skip("freezes for 3 s")
	}
	n, defaults := 40, 2
	if os.Getenv("LAMBDATUNE_FULL") == "1" {
		n, defaults = 200, 40
		thaw(t, 5*time.Second, 6*time.Second, defaults, n, "New", "NewReplaying")
	}
	thaw(t, 2*time.Second, 3*time.Second, defaults, n, "New, limit 1s", "New, limit 1s in-region", "NewReplaying, limit 1s")
}

// thaw makes the trials with all far sides, frozen at the same time.
func thaw(t *testing.T, forget, frozen time.Duration, defaults, n int, ours ...string) {
	t.Helper()
	skip := freeze.NoNamespaces(t)
	trials := make(map[freeze.FarSide]*freeze.Frozen)
	cells := make(map[freeze.FarSide][]freeze.Cell)
	for _, side := range freeze.FarSides {
		if skip != "" && side.NeedsNamespace() {
			continue
		}
		for _, kind := range ours {
			cells[side] = append(cells[side], freeze.Cell{Kind: kind, N: n})
		}
		if side == freeze.BlackHole {
			defaults = 1 // which takes all its time
		}
		cells[side] = append(cells[side], freeze.Cell{Kind: "SDK default", N: defaults})
		trials[side] = freeze.Begin(t, freeze.Trial{
			FarSide: side, Forget: forget, Freeze: frozen, Timeout: 3 * time.Second, Serial: true, Cells: cells[side],
		})
	}
	for _, side := range freeze.FarSides {
		var outcomes []freeze.Outcome
		if f := trials[side]; f != nil {
			outcomes = f.Thaw()
		}
		t.Run(fmt.Sprintf("%v/%v", frozen, side), func(t *testing.T) {
			if trials[side] == nil {
				t.Skip(skip)
			}
			report(t, cells[side], outcomes)
		})
	}
}

// report prints failures and latencies in the format of benchmarks, and fails
// the test for those of our clients.
func report(t *testing.T, cells []freeze.Cell, outcomes []freeze.Outcome) {
	t.Helper()
	for _, cell := range cells {
		var took []time.Duration
		var sum time.Duration
		failed, why := 0, error(nil)
		for _, o := range outcomes {
			if o.Kind != cell.Kind {
				continue
			}
			took = append(took, o.Took)
			sum += o.Took
			if o.Err != "" {
				failed++
				why = errors.New(o.Err)
			}
		}
		if len(took) != cell.N {
			t.Fatalf("%s: %d outcomes of %d", cell.Kind, len(took), cell.N)
		}
		slices.Sort(took)
		t.Logf("Benchmark%s/%s %d %d failed %d trials %d mean-ns %d p50-ns %d p99-ns", strings.TrimPrefix(t.Name(), "Test"),
			strings.ReplaceAll(cell.Kind, " ", "_"), cell.N, failed, cell.N, sum/time.Duration(len(took)), took[len(took)/2], took[(len(took)*99-1)/100])
		if failed > 0 && cell.Kind != "SDK default" {
			t.Errorf("%s: %d of %d failed after the thaw: %v", cell.Kind, failed, cell.N, why)
		}
	}
}
