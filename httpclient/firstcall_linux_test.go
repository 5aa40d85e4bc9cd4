package httpclient_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/httpclient"
	"github.com/lambdatune/lambdatune/httpclient/internal/freeze"
)

const firstCallEnv = "LAMBDATUNE_FIRST_CALL"

// firstCall is the process of a function: INIT at full CPU, then, at the share
// of a small function, the first call.
func firstCall(mode, url string) {
	fatal := func(err error) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	client := httpclient.New(httpclient.Options{})
	switch mode {
	case "net/http default, cold":
		client = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	case "New, after Prewarm":
		if err := httpclient.Prewarm(context.Background(), client, []string{url}, 1); err != nil {
			fatal(err)
		}
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		fatal(err)
	}
	start := time.Now()
	if err := call(context.Background(), client, http.MethodGet, url); err != nil {
		fatal(err)
	}
	fmt.Println(time.Since(start).Nanoseconds())
	os.Exit(0)
}

// systemRoots are where distributions keep them; the first is Amazon Linux's.
var systemRoots = []string{"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"}

// TestFirstCall makes the first HTTPS call at the CPU share of a function of
// 128 MB: cold, and after Prewarm. LAMBDATUNE_FULL=1 makes more of them.
func TestFirstCall(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("starts processes with little CPU")
	}
	n := 3
	if os.Getenv("LAMBDATUNE_FULL") == "1" {
		n = 25
	}
	srv := newCounted(t, true, true)
	// The server's certificate among all others, in the place of the system's.
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	for _, path := range systemRoots {
		if roots, err := os.ReadFile(path); err == nil {
			bundle = append(roots, bundle...)
			break
		}
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	median := make(map[string]time.Duration)
	for _, mode := range []string{"net/http default, cold", "New, cold", "New, after Prewarm"} {
		var took []time.Duration
		means := ""
		for range n {
			t.Run(mode, func(t *testing.T) {
				d, m := throttledCall(t, mode, srv.URL, path)
				took, means = append(took, d), m
			})
		}
		if len(took) != n {
			t.Fatal("some calls are missing")
		}
		slices.Sort(took)
		median[mode] = took[n/2]
		t.Logf("128 MB by %s, %d roots", means, bytes.Count(bundle, []byte("BEGIN CERT")))
		t.Logf("BenchmarkFirstCall/%s %d %d p50-ns %d worst-ns", strings.ReplaceAll(mode, " ", "_"), n, took[n/2], took[n-1])
	}
	// The ratio is about 200; this much less still means that it works.
	if warm, cold := median["New, after Prewarm"], median["New, cold"]; warm > cold/4 {
		t.Errorf("the first call takes %v after Prewarm, %v cold", warm, cold)
	}
}

func throttledCall(t *testing.T, mode, url, roots string) (time.Duration, string) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), firstCallEnv+"="+mode, "LAMBDATUNE_URL="+url, "SSL_CERT_FILE="+roots)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	hear := func() string {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%q, %v", line, err)
		}
		return strings.TrimSpace(line)
	}
	hear()
	means := freeze.Throttle(t, cmd.Process.Pid, 128.0/1769)
	fmt.Fprintln(stdin, "go")
	ns, err := strconv.ParseInt(hear(), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ns), means
}
