package s3select_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// shelves is a bucket of several objects, by key, that lists them, a page at a
// time. It is its client's transport: thousands of ranges need no sockets.
type shelves struct {
	objects map[string]*bucket
	page    int // keys of a page
	lists   int
}

func shelve(data map[string][]byte) *shelves {
	s := &shelves{objects: map[string]*bucket{}, page: 1000}
	for key, b := range data {
		s.put(key, b)
	}
	return s
}

func (s *shelves) put(key string, data []byte) {
	s.objects[key] = &bucket{data: data, etag: `"of ` + strconv.Itoa(len(data)) + `"`}
}

func (s *shelves) client() *s3.Client {
	return s3.New(s3.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://localhost"), UsePathStyle: true, HTTPClient: s,
		Credentials:      credentials.NewStaticCredentialsProvider("id", "secret", ""),
		RetryMaxAttempts: 1,
	})
}

func (s *shelves) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	reply := w.Result()
	reply.Request = r
	return reply, r.Context().Err()
}

func (s *shelves) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("list-type") == "2" {
		s.list(w, r.URL.Query())
		return
	}
	b := s.objects[strings.TrimPrefix(r.URL.Path, "/b/")]
	if b == nil {
		s3Error(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	b.ServeHTTP(w, r)
}

func (s *shelves) list(w http.ResponseWriter, q url.Values) {
	s.lists++
	type content struct {
		Key  string
		ETag string
		Size int
	}
	reply := struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		EncodingType          string `xml:",omitempty"`
		Contents              []content
	}{EncodingType: q.Get("encoding-type")}
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		if !strings.HasPrefix(key, q.Get("prefix")) || key <= q.Get("continuation-token") && q.Get("continuation-token") != "" {
			continue
		}
		if len(reply.Contents) == s.page {
			reply.IsTruncated = true
			break
		}
		o := s.objects[key]
		reply.NextContinuationToken = key
		if reply.EncodingType == "url" {
			key = url.QueryEscape(key)
		}
		reply.Contents = append(reply.Contents, content{key, o.etag, len(o.data)})
	}
	if !reply.IsTruncated {
		reply.NextContinuationToken = ""
	}
	w.Header().Set("Content-Type", "application/xml")
	xml.NewEncoder(w).Encode(reply)
}

// throughJSON is what comes out of v's JSON.
func throughJSON[T any](t *testing.T, v T) (out T) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func each[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func keep(rows []string, row json.RawMessage) ([]string, error) {
	return append(rows, string(row)), nil
}
func join(a, b []string) ([]string, error) { return append(a, b...), nil }

// distributed runs a query as a Distributed Map would: items and results are JSON,
// the parts run in any order, some twice.
func distributed(t *testing.T, s *shelves, q s3select.Query, size int64, rnd *rand.Rand) (rows []string, items int, stats s3select.Stats) {
	t.Helper()
	client := s.client()
	plan, err := collect(q.Plan(t.Context(), client, s3select.Object{Bucket: "b"}, size))
	if err != nil {
		t.Fatal(err)
	}
	runs := slices.Clone(plan)
	for range len(plan) / 3 {
		runs = append(runs, plan[rnd.IntN(len(plan))])
	}
	rnd.Shuffle(len(runs), reflect.Swapper(runs))
	var parts []s3select.Partial[[]string]
	for _, item := range runs {
		part, err := s3select.Part(t.Context(), client, throughJSON(t, item), q, keep)
		if err != nil {
			t.Fatal(item, err)
		}
		parts = append(parts, throughJSON(t, part))
	}
	rows, err = s3select.Merge(each(plan), each(parts), join, s3select.WithStats(&stats))
	if err != nil {
		t.Fatal(err)
	}
	return rows, len(plan), stats
}

// whole runs a query over each object as it is.
func whole(t *testing.T, s *shelves, q s3select.Query) (rows []string) {
	t.Helper()
	q.Output = s3select.Output{Format: "JSON"}
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		var out bytes.Buffer
		if _, err := q.Run(t.Context(), bytes.NewReader(s.objects[key].data), &out); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			rows = append(rows, strings.TrimSuffix(line, "\n"))
		}
	}
	return rows
}

// The formats with ranges, and a maker of their records.
var rangeFormats = []struct {
	name   string
	query  s3select.Query
	header string
	delim  string
	record func(i int, pad string) string
}{
	{"JSON Lines", s3select.Query{SQL: "SELECT s.n FROM S3Object s WHERE s.n >= 0", Input: jsonLines}, "", "\n",
		func(i int, pad string) string { return fmt.Sprintf(`{"text":"%s","n":%d}`, pad, i) }},
	{"JSON Lines with CRLF", s3select.Query{SQL: "SELECT s.n, s.text FROM S3Object s", Input: jsonLines}, "", "\r\n",
		func(i int, pad string) string { return fmt.Sprintf(`{"text":"%s","n":%d}`, pad, i) }},
	{"CSV", s3select.Query{SQL: "SELECT _1, _2 FROM S3Object"}, "", "\n",
		func(i int, pad string) string { return fmt.Sprintf(`%d,%s`, i, pad) }},
	{"CSV with header and CRLF", s3select.Query{SQL: "SELECT s.n, s.text FROM S3Object s", Input: s3select.Input{CSV: s3select.CSVInput{FileHeaderInfo: "USE"}}}, "n,text\r\n", "\r\n",
		func(i int, pad string) string { return fmt.Sprintf(`%d,"%s"`, i, pad) }},
	{"CSV with a long delimiter", s3select.Query{SQL: "SELECT _1 FROM S3Object", Input: s3select.Input{CSV: s3select.CSVInput{FileHeaderInfo: "IGNORE", RecordDelimiter: "<>!"}}}, "#note<>!n<>!", "<>!",
		func(i int, pad string) string { return fmt.Sprintf(`%d,%s`, i, strings.ReplaceAll(pad, "x", "<>")) }},
}

// Whatever the objects and the size of a range, 1 byte included, every record
// comes exactly once, in order, with the header and without.
func TestPlanPartMerge(t *testing.T) {
	rounds := 10
	if raceEnabled {
		rounds = 2 // thousands of requests each
	}
	for _, f := range rangeFormats {
		t.Run(f.name, func(t *testing.T) {
			for round := range rounds {
				rnd := rand.New(rand.NewPCG(uint64(round), 3))
				objects := map[string][]byte{}
				for o := range 1 + rnd.IntN(3) {
					data := f.header
					for i := range rnd.IntN(8) {
						if rnd.IntN(4) > 0 { // else an empty record
							data += f.record(100*o+i, strings.Repeat("x", rnd.IntN(4)*rnd.IntN(12)))
						}
						data += f.delim
					}
					if rnd.IntN(2) == 0 {
						data += f.record(100*o+99, "")
					}
					objects[fmt.Sprintf("%d", o)] = []byte(data)
				}
				if round%5 == 0 {
					objects["empty"] = nil
				}
				s := shelve(objects)
				want := whole(t, s, f.query)
				for _, size := range []int64{1, 2, 3, 5 + int64(rnd.IntN(10)), 20 + int64(rnd.IntN(100)), 1 << 40} {
					got, items, stats := distributed(t, s, f.query, size, rnd)
					if !slices.Equal(got, want) {
						t.Fatalf("%q in ranges of %d bytes:\n%q, want\n%q", objects, size, got, want)
					}
					if stats.Rows != int64(len(want)) || stats.Requests < int64(items) {
						t.Fatalf("%d rows of %d items: %+v", len(want), items, stats)
					}
				}
			}
		})
	}
}

// One large object: as Reduce has it, and ranges that have no record cost no more
// than one request.
func TestPlanIsReduce(t *testing.T) {
	data := append(numberedLines(9000), `{"n":-1,"text":"`+strings.Repeat("y", 300<<10)+"\"}\n"...)
	data = append(data, numberedLines(100)...)
	s := shelve(map[string][]byte{"k": data})
	q := all
	q.SQL += " WHERE s.n <> 7"
	rows := func(n int, _ numbered) (int, error) { return n + 1, nil }
	add := func(a, b int) (int, error) { return a + b, nil }
	want, err := s3select.Reduce(t.Context(), s.client(), object, q, rows, add, s3select.WithParts(64<<10, 8))
	if err != nil || want != 9099 {
		t.Fatal(want, err)
	}
	var plan []s3select.Object
	var parts []s3select.Partial[int]
	for item, err := range q.Plan(t.Context(), s.client(), s3select.Object{Bucket: "b", Key: "k"}, 30<<10) {
		if err != nil {
			t.Fatal(err)
		}
		plan = append(plan, item)
		part, err := s3select.Part(t.Context(), s.client(), item, q, rows)
		if err != nil {
			t.Fatal(err)
		}
		if part.Stats.Records == 0 && part.Stats.Requests != 1 {
			t.Errorf("a range within a record: %+v", part.Stats)
		}
		parts = append(parts, part)
	}
	var stats s3select.Stats
	got, err := s3select.Merge(each(plan), each(parts), add, s3select.WithStats(&stats))
	if err != nil || got != want || stats.Records != 9101 || stats.BytesScanned != int64(len(data)) {
		t.Errorf("%d, want %d; %+v, %v", got, want, stats, err)
	}
}

// What cannot be read from the middle is one item, whole.
func TestPlanWholeObjects(t *testing.T) {
	lines := numberedLines(50)
	for _, c := range []struct {
		name  string
		input s3select.Input
		data  []byte
	}{
		{"GZIP", s3select.Input{Format: "JSON", Compression: "GZIP"}, gz(lines)},
		{"DOCUMENT", s3select.Input{JSON: s3select.JSONInput{Type: "DOCUMENT"}}, lines},
		{"AllowQuotedRecordDelimiter", s3select.Input{CSV: s3select.CSVInput{FileHeaderInfo: "USE", AllowQuotedRecordDelimiter: true}}, []byte("n,text\n1,\"a\nb\"\n2,c\n")},
		{"a delimiter that overlaps itself", s3select.Input{CSV: s3select.CSVInput{FileHeaderInfo: "USE", RecordDelimiter: "aba"}}, []byte("n,textaba1,xaba2,y")},
	} {
		s := shelve(map[string][]byte{"a": c.data, "b": c.data})
		q := s3select.Query{SQL: all.SQL, Input: c.input}
		got, items, _ := distributed(t, s, q, 7, rand.New(rand.NewPCG(1, 1)))
		if want := whole(t, s, q); items != 2 || !slices.Equal(got, want) || len(want) < 4 {
			t.Errorf("%s: %d items, %q, want %q", c.name, items, got, want)
		}
		item := s3select.Object{Bucket: "b", Key: "a", ETag: s.objects["a"].etag, Size: int64(len(c.data)), Start: 2, End: 9}
		var e *s3select.Error
		if _, err := s3select.Part(t.Context(), s.client(), item, q, keep); !errors.As(err, &e) || e.Code != "UnsupportedScanRangeInput" {
			t.Errorf("%s: a range of it: %v", c.name, err)
		}
	}
}

// The listing goes over pages; its keys may be what XML cannot hold. No key, no
// item; nothing is listed that nobody asks for.
func TestPlanListing(t *testing.T) {
	objects := map[string][]byte{}
	for i := range 25 {
		objects[fmt.Sprintf("day/%02d ü+%%\x01.jsonl", i)] = numberedLines(i) // the first is empty
	}
	objects["other"] = numberedLines(3)
	s := shelve(objects)
	s.page = 7
	srv := httptest.NewServer(s)
	defer srv.Close()
	client := s3.New(s3.Options{Region: "eu-west-1", BaseEndpoint: &srv.URL, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")})
	rows := 0
	keys := map[string]bool{}
	for item, err := range all.Plan(t.Context(), client, s3select.Object{Bucket: "b", Key: "day/"}, 300) {
		if err != nil {
			t.Fatal(err)
		}
		part, err := s3select.Part(t.Context(), client, throughJSON(t, item), all, keep)
		if err != nil {
			t.Fatal(err)
		}
		rows += len(part.Result)
		keys[item.Key] = true
	}
	if rows != 25*24/2 || len(keys) != 24 || s.lists != 4 {
		t.Errorf("%d rows of %d objects, in %d pages", rows, len(keys), s.lists)
	}
	if items, err := collect(all.Plan(t.Context(), client, s3select.Object{Bucket: "b", Key: "none/"}, 0)); len(items) != 0 || err != nil {
		t.Error(items, err)
	}
	s.lists = 0
	for range all.Plan(t.Context(), client, s3select.Object{Bucket: "b", Key: "day/"}, 1) {
		break
	}
	if s.lists != 1 {
		t.Errorf("the first item took %d pages", s.lists)
	}
}

func TestPlanRefuses(t *testing.T) {
	s := shelve(map[string][]byte{"k": numberedLines(9)})
	with := func(sql string) s3select.Query { return s3select.Query{SQL: sql, Input: jsonLines} }
	for _, c := range []struct {
		name  string
		query s3select.Query
		size  int64
		want  string
	}{
		{"LIMIT", with("SELECT s.n FROM S3Object s LIMIT 3"), 0, "LIMIT and aggregate functions"},
		{"AVG", with("SELECT AVG(s.n) FROM S3Object s"), 0, "LIMIT and aggregate functions"},
		{"COUNT", with("SELECT COUNT(*) FROM S3Object s"), 0, "LIMIT and aggregate functions"},
		{"SQL", with("SELECT"), 0, "ParseExpectedExpression"},
		{"size", all, -1, "may be 1 or more"},
	} {
		items, err := collect(c.query.Plan(t.Context(), s.client(), s3select.Object{Bucket: "b"}, c.size))
		if err == nil || !strings.Contains(err.Error(), c.want) || len(items) > 0 {
			t.Errorf("%s: %v, %v", c.name, items, err)
		}
	}
	// A worker that was deployed with such a query refuses, too.
	item := s3select.Object{Bucket: "b", Key: "k", ETag: s.objects["k"].etag, Size: 10, End: 10}
	if _, err := s3select.Part(t.Context(), s.client(), item, with("SELECT COUNT(*) FROM S3Object"), keep); err == nil || !strings.Contains(err.Error(), "aggregate") {
		t.Error(err)
	}
	if _, err := s3select.Part(t.Context(), s.client(), item, all, keep, s3select.WithBackend(s3select.Server)); err == nil || !strings.Contains(err.Error(), "ETag") {
		t.Error(err)
	}
}

// S3 Select is not asked, not even for a large object as it is: it cannot be told
// the ETag.
func TestPartIsLocal(t *testing.T) {
	s := shelve(map[string][]byte{"k": numberedLines(30000)})
	b := s.objects["k"]
	b.sel = func(w http.ResponseWriter, _ string) { t.Error("the server was asked"); w.Write(endEvent) }
	item := s3select.Object{Bucket: "b", Key: "k", ETag: b.etag, Size: int64(len(b.data)), End: int64(len(b.data))}
	var stats s3select.Stats
	part, err := s3select.Part(t.Context(), s.client(), item, all, keep, s3select.WithBackend(s3select.Auto), s3select.WithStats(&stats))
	if err != nil || len(part.Result) != 30000 || stats != part.Stats || stats.Rows != 30000 || stats.Backend != s3select.Local {
		t.Error(len(part.Result), stats, part.Stats, err)
	}
}

// Ranges of an object are even, cover it, and none is larger than asked for.
func FuzzPlanRanges(f *testing.F) {
	f.Add(int64(10), int64(3))
	f.Add(int64(1)<<50, int64(1)<<40)
	f.Add(int64(7), int64(7))
	f.Fuzz(func(t *testing.T, length, size int64) {
		if length < 1 || size < 1 || length/size > 1000 {
			return
		}
		at, least, most := int64(0), length, int64(0)
		for o := range s3select.Ranges(length, size) {
			if o.Start != at || o.End <= o.Start || o.End-o.Start > size {
				t.Fatalf("%d bytes by %d: %d to %d behind %d", length, size, o.Start, o.End, at)
			}
			at = o.End
			least, most = min(least, o.End-o.Start), max(most, o.End-o.Start)
		}
		if at != length || most-least > 1 {
			t.Fatalf("%d bytes by %d: up to %d, of %d to %d bytes", length, size, at, least, most)
		}
	})
}
