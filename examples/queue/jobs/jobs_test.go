package jobs

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

func TestDo(t *testing.T) {
	var errDown, errBusy = errors.New("down"), errors.New("busy")
	good := Job{ID: "j-1", ConnectionID: "c-1", Method: "card", AmountCents: 250}
	for _, c := range []struct {
		name         string
		job          Job
		charge, tell error
		want         error
		charged      int
		told         int
		text         string
	}{
		{name: "paid", job: good, charged: 1, told: 1},
		{name: "provider down", job: good, charge: errDown, want: errDown, charged: 1, text: `charge job "j-1": down`},
		{name: "client gone", job: good, tell: ErrClientGone, charged: 1, told: 1},
		{name: "client not told", job: good, tell: errBusy, want: errBusy, charged: 1, told: 1, text: `tell the client of job "j-1": busy`},
		{name: "no id", job: Job{Method: "card", AmountCents: 1}, text: "a job without an id"},
		{name: "no method", job: Job{ID: "j-1", AmountCents: 1}, text: `job "j-1": method "": want card or transfer`},
		{name: "no amount", job: Job{ID: "j-1", Method: "transfer"}, text: `job "j-1": amountCents 0: want 1 or more`},
	} {
		t.Run(c.name, func(t *testing.T) {
			charged, told := 0, 0
			d := &Desk{
				Charge: func(_ context.Context, j Job) (Receipt, error) {
					charged++
					return Receipt{"r-" + j.ID}, c.charge
				},
				Tell: func(_ context.Context, id string, r Reply) error {
					told++
					if id != "c-1" || r != (Reply{"j-1", "r-j-1"}) {
						t.Errorf("told %q %+v", id, r)
					}
					return c.tell
				},
			}
			err := d.Do(t.Context(), c.job)
			if (err != nil) != (c.text != "") || err != nil && err.Error() != c.text || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%v, want %q", err, c.text)
			}
			if charged != c.charged || told != c.told {
				t.Errorf("charged %d times, told %d times, want %d and %d", charged, told, c.charged, c.told)
			}
		})
	}
}

// TestImports: the core logic stands on the standard library alone, without
// its HTTP.
func TestImports(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); got != "github.com/lambdatune/lambdatune/examples/queue/jobs" {
		t.Errorf("it links\n%s", got)
	}
}
