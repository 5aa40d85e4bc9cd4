package report_test

import (
	"bytes"
	"os"
	"runtime"
	"testing"

	"github.com/lambdatune/lambdatune/examples/lab/report"
)

// The picture that the README shows is of the figures beside it, drawn as this
// package draws. UPDATE=1 draws it anew.
func TestPublished(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("a coordinate may be rounded otherwise")
	}
	f, err := os.Open("../lab.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := report.ReadJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range r.Simulation.Agreements {
		if !a.Holds() {
			t.Errorf("the simulation disagrees with what was measured: %+v", a)
		}
	}
	var b bytes.Buffer
	if err := report.SVG(&b, r); err != nil {
		t.Fatal(err)
	}
	const file = "../lab.svg"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s is not what is drawn of lab.json", file)
	}
}
