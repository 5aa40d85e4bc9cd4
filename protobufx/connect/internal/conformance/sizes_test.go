package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestSizes builds the same function in several ways, as functions are shipped.
func TestSizes(t *testing.T) {
	dir := t.TempDir()
	size := func(program string) float64 {
		bin := filepath.Join(dir, program)
		cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-tags=lambda.norpc", "-trimpath", "-ldflags=-s -w",
			"-o", bin, "./testdata/sizes/"+program)
		cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		info, err := os.Stat(bin)
		if err != nil {
			t.Fatal(err)
		}
		mb := float64(info.Size()) / 1e6
		t.Logf("%-14s %.2f MB", program, mb)
		return mb
	}
	ours, handle := size("connect"), size("protobufx")
	withJSON, theirs := size("connect-json"), size("connectgo")
	// Files grow in steps of 0.066 MB.
	if ours > handle+0.14 {
		t.Errorf("connect costs %.2f MB over protobufx.Handle, want 0.14 at most", ours-handle)
	}
	if withJSON >= theirs {
		t.Errorf("%.2f MB with JSON, connect-go and its adapter have %.2f", withJSON, theirs)
	}
}
