package reference_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/lambdatune/lambdatune/filter/internal/reference"
)

func TestConformance(t *testing.T) {
	f, err := os.Open("../../../../shared/vectors/filter-conformance.jsonl.gz")
	if err != nil {
		t.Skip("no conformance vectors here: ", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	rows, wrong := 0, 0
	for lines.Scan() {
		var row struct {
			Pattern string
			Event   *string
			Match   *bool
			Error   string
			Flaky   bool
			Tags    []string
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		if row.Flaky || slices.Contains(row.Tags, "flaky") {
			continue
		}
		rows++
		p, err := reference.Compile([]byte(row.Pattern))
		if (err != nil) != (row.Error == "pattern") {
			t.Errorf("Compile(%s) = %v, want error %q", row.Pattern, err, row.Error)
			wrong++
			continue
		}
		if err != nil || row.Event == nil {
			continue
		}
		got, err := p.Match([]byte(*row.Event))
		if (err != nil) != (row.Error == "event") || err == nil && got != *row.Match {
			wrong++
			t.Errorf("%s\n%s\n= %v, %v, want %v %q %v", row.Pattern, *row.Event, got, err, row.Match, row.Error, row.Tags)
		}
	}
	t.Logf("%d of %d rows agree", rows-wrong, rows)
}
