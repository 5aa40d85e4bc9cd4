package s3select_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// The worked examples of S3's SQL reference.
func TestDocumentedExamples(t *testing.T) {
	f, err := os.Open("../../../shared/vectors/s3select-docs.jsonl")
	if err != nil {
		t.Skip("no conformance vectors: ", err)
	}
	defer f.Close()
	type format struct {
		CSV  *struct{ FileHeaderInfo string }
		JSON any
	}
	var c struct {
		Input               format `json:"input_format"`
		Output              format `json:"output_format"`
		Data, SQL, Expected string
	}
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); n++ {
		c.Input, c.Output = format{}, format{}
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		q := s3select.Query{SQL: c.SQL}
		if c.Input.CSV != nil {
			q.Input.Format, q.Input.CSV.FileHeaderInfo = "CSV", c.Input.CSV.FileHeaderInfo
		} else {
			q.Input.Format, q.Input.JSON.Type = "JSON", c.Input.JSON.(string)
		}
		q.Output.Format = "JSON"
		if c.Output.CSV != nil {
			q.Output.Format = "CSV"
		}
		var out strings.Builder
		if _, err := q.Run(t.Context(), strings.NewReader(c.Data), &out); err != nil {
			t.Errorf("%s: %v", c.SQL, err)
		} else if out.String() != c.Expected {
			t.Errorf("%s:\n got %q\nwant %q", c.SQL, out.String(), c.Expected)
		}
	}
	if n < 50 {
		t.Errorf("only %d examples", n)
	}
}
