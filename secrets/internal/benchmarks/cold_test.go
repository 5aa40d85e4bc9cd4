package benchmarks

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/secrets/secretstest"
)

var cold = flag.Int("cold", 3, "processes to start of each program")

// TestCold starts processes that fetch one secret each and logs the medians, in
// the format of benchmarks.
// It asserts only that each does: times are for a quiet machine.
func TestCold(t *testing.T) {
	srv := secretstest.NewServer()
	defer srv.Close()
	srv.Put("orders/db", `{"username":"app","password":"secret"}`)
	programs := []string{"coldraw", "coldlambdatune", "coldcachinggo"}
	dir := t.TempDir()
	env := append(os.Environ(), "AWS_REGION="+srv.Region, "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=key", "AWS_SESSION_TOKEN=",
		"AWS_ENDPOINT_URL="+srv.URL, "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true")
	for _, p := range programs {
		out, err := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, p), "./"+p).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	took := make(map[string][]time.Duration)
	for range *cold {
		for _, p := range programs {
			cmd := exec.CommandContext(t.Context(), filepath.Join(dir, p))
			cmd.Env = env
			begun := time.Now()
			out, err := cmd.CombinedOutput()
			took[p] = append(took[p], time.Since(begun))
			if err != nil || strings.TrimSpace(string(out)) != "app" {
				t.Fatalf("%s: %v: %s", p, err, out)
			}
		}
	}
	median := func(p string) time.Duration {
		d := took[p]
		slices.Sort(d)
		return d[len(d)/2]
	}
	for _, p := range programs {
		info, err := os.Stat(filepath.Join(dir, p))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("BenchmarkCold/%s %d %d ns %d ns-over-raw %.2f MB", p, *cold, median(p), median(p)-median("coldraw"), float64(info.Size())/1e6)
	}
}
