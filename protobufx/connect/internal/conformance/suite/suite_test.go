package suite

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

var result = regexp.MustCompile(`(?m)^(\d+) passed, (\d+) failed.*$`)

func TestSuite(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the suite, which takes a minute")
	}
	server := filepath.Join(t.TempDir(), "server")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", server, "./server").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, front := range []string{"rest", "httpv1", "httpv2", "url", "alb", "albmulti"} {
		t.Run(front, func(t *testing.T) {
			args := []string{"tool", "connectconformance", "--conf", "config.yaml", "--mode", "server"}
			if front == "alb" {
				args = append(args, "--known-failing", "@known-failing-alb.txt")
			}
			cmd := exec.CommandContext(t.Context(), "go", append(args, "--", server, front)...)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Run(); err != nil {
				t.Errorf("%v\n%s", err, out.Bytes())
			}
			line := result.Find(out.Bytes())
			if line == nil || bytes.HasPrefix(line, []byte("0 ")) {
				t.Errorf("nothing was tested:\n%s", out.Bytes())
			}
			t.Logf("%s", line)
		})
	}
}
