package interop

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
)

var update = flag.Bool("update", false, "write the files of package parquet's testdata anew")

// The files that package parquet's own tests read: a writer's name, and what is in
// it as JSON.
func TestData(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(5, 5))}
	var rows []row
	var lines strings.Builder
	for i := range 40 {
		r := m.row()
		r.I32 = int32(i)
		rows = append(rows, r)
		lines.WriteString(r.line())
	}
	v1 := write(t, rows, pq.MaxRowsPerRowGroup(15), pq.Compression(&pq.Snappy), pq.DataPageVersion(1), pq.PageBufferSize(200))
	v2 := write(t, rows, pq.MaxRowsPerRowGroup(15), pq.Compression(&pq.Zstd), pq.DataPageVersion(2), pq.PageBufferSize(200))
	arrow, arrowLines := arrowFile(t, maker{rand.New(rand.NewPCG(9, 5))}, 40)
	type little struct {
		A *int64   `parquet:"a,optional,dict"`
		S string   `parquet:"s,delta"`
		L []string `parquet:"l,list"`
	}
	var small bytes.Buffer
	w := pq.NewGenericWriter[little](&small, pq.MaxRowsPerRowGroup(6), pq.Compression(&pq.Snappy))
	for range 10 {
		if _, err := w.Write([]little{{maybe(m, m.Int64N(3)), m.word(), []string{m.word()}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"small.parquet":         small.Bytes(), // for fuzzing
		"parquet-go-v1.parquet": v1, "parquet-go-v2.parquet": v2, "parquet-go.jsonl": []byte(lines.String()),
		"arrow-go.parquet": arrow, "arrow-go.jsonl": []byte(arrowLines),
	} {
		name = "../../testdata/" + name
		if *update {
			if err := os.WriteFile(name, b, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".jsonl") && !bytes.Equal(got, b) {
			t.Errorf("%s is not what these tests would write: go test -run TestData -update", name)
		}
	}
}
