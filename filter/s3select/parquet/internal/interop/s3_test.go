package interop

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	pq "github.com/parquet-go/parquet-go"

	"github.com/lambdatune/lambdatune/filter/s3select"
	"github.com/lambdatune/lambdatune/filter/s3select/parquet"
)

// A bucket is an S3 endpoint on localhost for the SDK's real client: ranged GETs,
// of the last bytes too, with If-Match, and a SELECT that is refused.
type bucket struct {
	mu       sync.Mutex
	data     []byte
	etag     string
	change   int // the object changes after so many GETs
	cut      bool
	ranges   [][2]int
	selected string
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fail := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
	}
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(r.Body)
		b.selected = string(body)
		fail(http.StatusMethodNotAllowed, "MethodNotAllowed")
		return
	}
	if b.change > 0 && len(b.ranges) >= b.change {
		b.etag = `"two"`
	}
	if m := r.Header.Get("If-Match"); m != "" && m != b.etag {
		fail(http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	from, to, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
	start, _ := strconv.Atoi(from)
	end, _ := strconv.Atoi(to)
	if end++; from == "" {
		start, end = max(len(b.data)-end+1, 0), len(b.data)
	}
	end = min(end, len(b.data))
	if start >= end {
		fail(http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
		return
	}
	b.ranges = append(b.ranges, [2]int{start, end})
	w.Header().Set("ETag", b.etag)
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, end-1, len(b.data)))
	w.Header().Set("Content-Length", strconv.Itoa(end-start))
	w.WriteHeader(http.StatusPartialContent)
	if b.cut && len(b.ranges) > 1 {
		end = start + (end-start)/2
	}
	w.Write(b.data[start:end])
}

func (b *bucket) client(t testing.TB) *s3.Client {
	b.etag = `"one"`
	srv := httptest.NewServer(b)
	t.Cleanup(srv.Close)
	return s3.New(s3.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(srv.URL), UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
}

// fetched is what has been asked for, without the first request.
func (b *bucket) fetched() (n int) {
	for _, r := range b.ranges[1:] {
		n += r[1] - r[0]
	}
	return n
}

type wide struct {
	C0, C1, C2, C3, C4, C5, C6, C7, C8, C9 int64
}

const groupRows = 20_000

// wideFile has row groups of ten columns with 160 kB each; C3 rises from row group
// to row group.
func wideFile(t testing.TB, groups int) []byte {
	var b bytes.Buffer
	w := pq.NewGenericWriter[wide](&b, pq.MaxRowsPerRowGroup(groupRows), pq.Compression(&pq.Uncompressed))
	r := rand.New(rand.NewPCG(1, 2))
	v := func() int64 { return int64(r.Uint64()) }
	for g := range groups {
		rows := make([]wide, groupRows)
		for i := range rows {
			rows[i] = wide{v(), v(), v(), int64(g*1000) + r.Int64N(1000), v(), v(), v(), int64(g*groupRows + i), v(), v()}
		}
		if _, err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// owner says which chunk has a byte: row group and column.
func owner(t testing.TB, file []byte) func(at int) (group, column int) {
	f, err := pq.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return func(at int) (int, int) {
		for g, rg := range f.Metadata().RowGroups {
			for c, chunk := range rg.Columns {
				m := chunk.MetaData
				start := m.DataPageOffset
				if m.DictionaryPageOffset > 0 {
					start = m.DictionaryPageOffset
				}
				if int64(at) >= start && int64(at) < start+m.TotalCompressedSize {
					return g, c
				}
			}
		}
		return -1, -1
	}
}

func rowsOf(t testing.TB, b *bucket, sql string, opts ...s3select.Option) ([]string, s3select.Stats, error) {
	var stats s3select.Stats
	var rows []string
	q := s3select.Query{SQL: sql, Input: s3select.Input{Format: "PARQUET", Parquet: parquet.Read}}
	opts = append(opts, s3select.WithStats(&stats))
	for row, err := range s3select.Raw(t.Context(), b.client(t), s3select.Object{Bucket: "b", Key: "k"}, q, opts...) {
		if err != nil {
			return rows, stats, err
		}
		rows = append(rows, string(row))
	}
	return rows, stats, nil
}

// Only chunks that the query needs are asked for.
func TestFetchesWhatIsNeeded(t *testing.T) {
	file := wideFile(t, 5)
	chunkOf := owner(t, file)
	const chunk = groupRows * 8
	for _, c := range []struct {
		sql         string
		rows        int
		groups      string // row groups that may be asked for
		columns     string
		most, least int // chunks
	}{
		{"SELECT s.C7 FROM S3Object s WHERE s.C3 >= 3000 AND s.C3 < 4000", groupRows, "3", "3 7", 2, 2},
		{"SELECT s.C7 FROM S3Object s WHERE s.C3 = 2500.5", 0, "2", "3", 1, 1},
		{"SELECT s.C7 FROM S3Object s WHERE s.C3 = -1", 0, "", "", 0, 0},
		{"SELECT s.C7 FROM S3Object s WHERE s.C3 IS NULL", 0, "", "", 0, 0},
		{"SELECT s.C7 FROM S3Object s WHERE s.C3 IN (1500, 1501, 1502) OR s.C3 BETWEEN 1600 AND 1700", -1, "1", "3 7", 2, 2},
		{"SELECT s.C7 FROM S3Object s WHERE s.C3 < 1000 LIMIT 5", 5, "0", "3 7", 2, 2},
		{"SELECT COUNT(*) AS n FROM S3Object s", 1, "", "", 0, 0},
		{"SELECT MAX(s.C7) AS n FROM S3Object s", 1, "0 1 2 3 4", "7", 5, 4},
		{"SELECT COUNT(s.C0), COUNT(s.C1) FROM S3Object s WHERE s.C2 <> 0", 1, "0 1 2 3 4", "0 1 2", 15, 14},
	} {
		for _, opts := range [][]s3select.Option{nil, {s3select.WithParts(64<<10, 2)}} {
			b := &bucket{data: file}
			rows, stats, err := rowsOf(t, b, c.sql, opts...)
			if err != nil || c.rows >= 0 && len(rows) != c.rows {
				t.Errorf("%s: %d rows, %v", c.sql, len(rows), err)
				continue
			}
			tail := b.ranges[0][0]
			for _, r := range b.ranges[1:] {
				for at := r[0]; at < r[1]; at += 100 {
					g, col := chunkOf(at)
					if g < 0 || !strings.Contains(c.groups, strconv.Itoa(g)) || !strings.Contains(c.columns, strconv.Itoa(col)) {
						t.Fatalf("%s: bytes %d to %d were fetched: row group %d, column %d", c.sql, r[0], r[1], g, col)
					}
				}
				if len(opts) > 0 && r[1]-r[0] > 64<<10 {
					t.Errorf("%s: %d bytes at once", c.sql, r[1]-r[0])
				}
			}
			n := b.fetched()
			if limited := strings.Contains(c.sql, "LIMIT"); n > c.most*(chunk+8192) || !limited && n < c.least*chunk-(len(file)-tail) || n == 0 != (c.most == 0) {
				t.Errorf("%s: %d bytes were fetched besides the tail", c.sql, n)
			}
			if got := int64(n + len(file) - tail); stats.BytesScanned > got || stats.BytesScanned < got-(256<<10) || stats.Requests != int64(len(b.ranges)) {
				t.Errorf("%s: %+v, but %d bytes in %d requests", c.sql, stats, got, len(b.ranges))
			}
		}
	}
}

// Neighbours come in one request.
func TestCoalesced(t *testing.T) {
	b := &bucket{data: wideFile(t, 2)}
	if _, _, err := rowsOf(t, b, "SELECT COUNT(*) FROM S3Object s WHERE s.C1 = s.C2 OR s.C3 < 500"); err != nil || len(b.ranges) != 3 {
		t.Errorf("%v, %v", b.ranges, err)
	}
}

// The rows are the same as from a file, whatever the parts are.
func TestSameFromS3(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(3, 3))}
	rows := make([]row, 3000)
	for i := range rows {
		rows[i] = m.row()
	}
	file := write(t, rows, pq.MaxRowsPerRowGroup(1000))
	for range 20 {
		sql := m.statement()
		want, _, wantErr := run(t, sql, "PARQUET", bytes.NewReader(file))
		for _, opts := range [][]s3select.Option{nil, {s3select.WithParts(64<<10, 1)}} {
			got, _, err := rowsOf(t, &bucket{data: file}, sql, opts...)
			if code(err) != code(wantErr) || err == nil && strings.Join(append(got, ""), "\n") != want {
				t.Fatalf("%s: %v, from a file %v", sql, err, wantErr)
			}
		}
	}
}

func TestChanged(t *testing.T) {
	for after := 1; after < 6; after++ {
		b := &bucket{data: wideFile(t, 3), change: after}
		if _, _, err := rowsOf(t, b, "SELECT s.C0 FROM S3Object s WHERE s.C9 <> 0 AND s.C5 > 0", s3select.WithParts(64<<10, 2)); !errors.Is(err, s3select.ErrChanged) {
			t.Errorf("after %d requests: %v", after, err)
		}
	}
}

func TestCutOff(t *testing.T) {
	b := &bucket{data: wideFile(t, 1), cut: true}
	if _, _, err := rowsOf(t, b, "SELECT s.C0 FROM S3Object s WHERE s.C9 <> 0"); !errors.Is(err, s3select.ErrTruncated) {
		t.Error(err)
	}
	if _, _, err := rowsOf(t, &bucket{}, "SELECT s.C0 FROM S3Object s"); code(err) != "ParquetParsingError" {
		t.Error(err)
	}
}

// S3 is told the format, and where it refuses the query runs here.
func TestAuto(t *testing.T) {
	b := &bucket{data: wideFile(t, 1)}
	rows, stats, err := rowsOf(t, b, "SELECT s.C7 FROM S3Object s LIMIT 2", s3select.WithBackend(s3select.Auto))
	if err != nil || len(rows) != 2 || stats.Backend != s3select.Local {
		t.Error(rows, stats, err)
	}
	if !strings.Contains(b.selected, "<Parquet></Parquet>") || !strings.Contains(b.selected, "<OutputSerialization><JSON>") || !strings.Contains(b.selected, "<CompressionType>NONE<") {
		t.Error(b.selected)
	}
}
