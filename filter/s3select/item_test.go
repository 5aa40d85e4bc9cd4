package s3select_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

func TestItemJSON(t *testing.T) {
	for _, o := range []s3select.Object{
		{Bucket: "b", Key: "k"},
		{Bucket: "b", Key: "a \"key\" <ü>\n&\x01", VersionID: "v", ETag: `"e"`, Size: 1 << 50, Start: 1<<50 - 2, End: 1<<50 - 1, ExpectedBucketOwner: "123456789012"},
	} {
		if got := throughJSON(t, o); got != o {
			t.Errorf("%+v, want %+v", got, o)
		}
	}
	const want = `{"version":1,"bucket":"logs","key":"2026/05/01.jsonl","etag":"\"1\"","size":100,"start":50,"end":100}`
	b, err := json.Marshal(s3select.Object{Bucket: "logs", Key: "2026/05/01.jsonl", ETag: `"1"`, Size: 100, Start: 50, End: 100})
	if err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
	if b, err := json.Marshal(s3select.Object{Bucket: "b", Key: "\xff"}); err == nil {
		t.Errorf("a key that JSON cannot hold: %s", b)
	}
}

func TestHostileItems(t *testing.T) {
	for _, c := range []struct{ item, want string }{
		{`{}`, "version 0"},
		{`null`, "version 0"},
		{`[]`, "cannot unmarshal"},
		{`{"version":2,"bucket":"b","key":"k","parts":7}`, "version 2, this function reads version 1"},
		{`{"version":1,"bucket":"b","key":"k","parts":7}`, `unknown field "parts"`},
		{`{"version":1,"bucket":"b"}`, "no bucket or no key"},
		{`{"version":1,"bucket":"b","key":"k","start":-1}`, "below 0"},
		{`{"version":1,"bucket":"b","key":"k","end":-1}`, "below 0"},
		{`{"version":1,"bucket":"b","key":"k","size":-1}`, "below 0"},
		{`{"version":1,"bucket":"b","key":"k","start":5,"end":4,"size":9}`, "the end must be behind the start"},
		{`{"version":1,"bucket":"b","key":"k","end":10,"size":9}`, "the object ends before"},
		{`{"version":1,"bucket":"b","key":"k","start":9,"size":9}`, "the object ends before"},
		{`{"version":1,"bucket":"b","key":"k","start":1.5}`, "cannot unmarshal"},
		{`{"version":1,"bucket":"b","key":"k","start":99999999999999999999}`, "cannot unmarshal"},
	} {
		o := s3select.Object{Bucket: "before"}
		if err := json.Unmarshal([]byte(c.item), &o); err == nil || !strings.Contains(err.Error(), c.want) || o.Bucket != "before" {
			t.Errorf("%s: %+v, %v", c.item, o, err)
		}
	}
	// What is an Object, but no item of a plan.
	s := shelve(map[string][]byte{"k": numberedLines(10)})
	size := int64(len(s.objects["k"].data))
	good := s3select.Object{Bucket: "b", Key: "k", ETag: s.objects["k"].etag, Size: size, End: size}
	for name, change := range map[string]func(*s3select.Object){
		"no ETag":            func(o *s3select.Object) { o.ETag = "" },
		"no end":             func(o *s3select.Object) { o.End = 0 },
		"no size":            func(o *s3select.Object) { o.Size = 0 },
		"no bucket":          func(o *s3select.Object) { o.Bucket = "" },
		"end < start":        func(o *s3select.Object) { o.Start, o.End = 5, 4 },
		"another ETag":       func(o *s3select.Object) { o.ETag = `"two"` },
		"smaller than it is": func(o *s3select.Object) { o.Size, o.End = size-1, size-1 },
		"larger than it is":  func(o *s3select.Object) { o.Size, o.End = size+1, size+1 },
		"behind its end":     func(o *s3select.Object) { o.Size, o.Start, o.End = size+99, size+9, size+99 },
		"another key":        func(o *s3select.Object) { o.Key = "none" },
	} {
		item := good
		change(&item)
		part, err := s3select.Part(t.Context(), s.client(), item, all, keep)
		if err == nil || len(part.Result) > 0 || part.Item.Key != "" {
			t.Errorf("%s: %+v, %v", name, part, err)
		}
		if wrong := strings.HasPrefix(name, "another ETag") || strings.Contains(name, "it is"); wrong && !errors.Is(err, s3select.ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if part, err := s3select.Part(t.Context(), s.client(), good, all, keep); err != nil || len(part.Result) != 10 {
		t.Error(part, err)
	}
}

// Whatever decodes as an item encodes to the same, and gives the rows of its range
// or an error.
func FuzzItem(f *testing.F) {
	data := numberedLines(12)
	s := shelve(map[string][]byte{"k": data})
	client := s.client()
	for _, o := range []s3select.Object{
		{Start: 0, End: int64(len(data))}, {Start: 100, End: 200}, {Start: 120, End: 121}, {Start: int64(len(data)) - 1, End: int64(len(data))},
	} {
		o.Bucket, o.Key, o.ETag, o.Size = "b", "k", s.objects["k"].etag, int64(len(data))
		b, err := json.Marshal(o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"version":1,"bucket":"b","key":"k","etag":"","size":-417,"start":-9223372036854775808,"end":9223372036854775807}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var item s3select.Object
		if json.Unmarshal(b, &item) != nil {
			return
		}
		if again := throughJSON(t, item); again != item {
			t.Fatalf("%+v became %+v", item, again)
		}
		part, err := s3select.Part(t.Context(), client, item, all, func(n int, _ numbered) (int, error) { return n + 1, nil })
		if err != nil {
			return
		}
		want, at := 0, int64(0)
		for line := range bytes.Lines(data) {
			if at >= item.Start && at < item.End {
				want++
			}
			at += int64(len(line))
		}
		if part.Result != want || part.Item != item {
			t.Errorf("%+v: %d rows, want %d", item, part.Result, want)
		}
	})
}
