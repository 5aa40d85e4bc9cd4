package linked

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A recorder is a test whose errors are looked at.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func TestWant(t *testing.T) {
	r := &recorder{TB: t}
	Want(r, ".", "internal/linked")
	if len(r.errors) > 0 {
		t.Errorf("it links itself alone: %q", r.errors)
	}
	Want(r, "../gateway", "internal/gateway", "internal/nothing")
	if got := strings.Join(r.errors, "; "); len(r.errors) != 2 || !strings.Contains(got, "links internal/jsonscan") || !strings.Contains(got, "not link internal/nothing") {
		t.Errorf("Want tells %q", r.errors)
	}
	if std := Standard(t, "."); !slices.Contains(std, "testing") || slices.Contains(std, "net/http") || slices.Contains(std, "internal/linked") {
		t.Errorf("Standard = %q", std)
	}
}
