package s3select_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// item is a range of an object of 100 bytes.
func item(key string, start, end int64) s3select.Object {
	return s3select.Object{Bucket: "b", Key: key, ETag: `"1"`, Size: 100, Start: start, End: end}
}

func result(o s3select.Object, a string) s3select.Partial[string] {
	return s3select.Partial[string]{Item: o, Result: a, Stats: s3select.Stats{Rows: 1}}
}

func concat(a, b string) (string, error) { return "(" + a + b + ")", nil }

func TestMerge(t *testing.T) {
	plan := []s3select.Object{item("x", 0, 50), item("x", 50, 100), item("y", 0, 100), item("z", 0, 30), item("z", 30, 100)}
	var parts []s3select.Partial[string]
	for i, o := range plan {
		parts = append(parts, result(o, strconv.Itoa(i)))
	}
	// Any order, each once.
	for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 2, 0, 4, 0, 1, 4, 3, 3, 2}} {
		var some []s3select.Partial[string]
		for _, i := range order {
			some = append(some, parts[i])
		}
		var stats s3select.Stats
		got, err := s3select.Merge(each(plan), each(some), concat, s3select.WithStats(&stats))
		if got != "((((01)2)3)4)" || err != nil || stats.Rows != 5 {
			t.Errorf("%v: %s, %v, %+v", order, got, err, stats)
		}
	}
	if got, err := s3select.Merge(each[s3select.Object](nil), each[s3select.Partial[string]](nil), concat); got != "" || err != nil {
		t.Error(got, err)
	}

	other := item("x", 0, 50)
	other.ETag = `"2"`
	elsewhere := func(o s3select.Object) s3select.Object { o.Bucket = "c"; return o }
	for _, c := range []struct {
		name  string
		plan  []s3select.Object
		parts []s3select.Partial[string]
		want  []string
	}{
		{"missing", plan, []s3select.Partial[string]{parts[0], parts[2], parts[3]}, []string{"no result of 2 items: s3://b/x, ETag \"1\", bytes 50 to 100 of 100; s3://b/z, ETag \"1\", bytes 30 to 100"}},
		{"none", plan, nil, []string{"no result of 5 items"}},
		{"of another plan", plan, append(slices.Clone(parts), result(item("x", 50, 60), "")), []string{"results of 1 items that the plan has not: s3://b/x, ETag \"1\", bytes 50 to 60"}},
		{"of another object", plan, append(parts[1:5:5], result(other, "")), []string{"no result of 1 items", `has not: s3://b/x, ETag "2"`}},
		{"of nothing", plan, []s3select.Partial[string]{{Result: "x"}}, []string{"not that of an item"}},
		{"without a plan", nil, parts[:1], []string{"results of 1 items that the plan has not"}},
		{"an overlap", []s3select.Object{item("x", 0, 50), item("x", 49, 100)}, nil, []string{"bytes 49 to 100 of 100, but not once all that is before it"}},
		{"a gap", []s3select.Object{item("x", 0, 50), item("x", 51, 100)}, nil, []string{"bytes 51 to 100 of 100, but not once"}},
		{"twice the same", []s3select.Object{plan[0], plan[0]}, parts[:1], []string{"nothing of an object behind s3://b/x"}},
		{"twice the object", []s3select.Object{plan[2], item("q", 0, 100), plan[2]}, nil, []string{"s3://b/y, ETag \"1\", bytes 0 to 100 of 100 more than once"}},
		{"no start", []s3select.Object{plan[1]}, nil, []string{"bytes 50 to 100 of 100, but not once"}},
		{"no end", []s3select.Object{plan[2], plan[3]}, nil, []string{"nothing of an object behind s3://b/z"}},
		{"another state in between", []s3select.Object{other, plan[1]}, nil, []string{"bytes 50 to 100 of 100, but not once"}},
		{"two buckets", []s3select.Object{plan[0], elsewhere(plan[1])}, nil, []string{"s3://c/x, ETag \"1\", bytes 50 to 100 of 100, but not once"}},
		{"no item", []s3select.Object{{Bucket: "b", Key: "k"}}, nil, []string{"an item of a plan has"}},
	} {
		got, err := s3select.Merge(each(c.plan), each(c.parts), concat)
		if got != "" || err == nil {
			t.Errorf("%s: %s, %v", c.name, got, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v lacks %s", c.name, err, want)
			}
		}
		if missing := strings.Contains(err.Error(), "no result of"); missing != errors.Is(err, s3select.ErrTruncated) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestMergePassesErrorsOn(t *testing.T) {
	plan := []s3select.Object{item("x", 0, 50), item("x", 50, 100)}
	parts := []s3select.Partial[string]{result(plan[0], "a"), result(plan[1], "b")}
	broken := errors.New("broken")
	if _, err := s3select.Merge(failing(plan[:1], broken), each(parts), concat); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := s3select.Merge(each(plan), failing(parts[:1], broken), concat); !errors.Is(err, broken) {
		t.Error(err)
	}
	if got, err := s3select.Merge(each(plan), each(parts), func(a, b string) (string, error) { return a, broken }); !errors.Is(err, broken) || got != "" {
		t.Error(got, err)
	}
}

// failing yields what is there, then an error.
func failing[T any](some []T, err error) func(func(T, error) bool) {
	return func(yield func(T, error) bool) {
		for _, v := range some {
			if !yield(v, nil) {
				return
			}
		}
		var zero T
		yield(zero, err)
	}
}

// A million names the first of what is missing, not all.
func TestMergeNamesTheFirst(t *testing.T) {
	plan := func(yield func(s3select.Object, error) bool) {
		for i := range 5000 {
			if !yield(item(fmt.Sprint(i), 0, 100), nil) {
				return
			}
		}
	}
	_, err := s3select.Merge(plan, each[s3select.Partial[string]](nil), concat)
	if err == nil || !strings.Contains(err.Error(), "5000 items") || !strings.Contains(err.Error(), "and 4990 more") || len(err.Error()) > 2000 {
		t.Error(err)
	}
}

// A listing of many pages, made up as it is asked for.
type endless struct{ pages int }

func (e endless) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	page, _ := strconv.Atoi(aws.ToString(in.ContinuationToken))
	out := &s3.ListObjectsV2Output{IsTruncated: aws.Bool(page+1 < e.pages)}
	for i := range 1000 {
		out.Contents = append(out.Contents, types.Object{Key: aws.String(fmt.Sprintf("%d/%d", page, i)), Size: aws.Int64(1000), ETag: aws.String(`"e"`)})
	}
	out.NextContinuationToken = aws.String(strconv.Itoa(page + 1))
	return out, nil
}

// Planning a million objects takes the memory of a page.
func TestPlanMemory(t *testing.T) {
	if raceEnabled || testing.Short() {
		t.Skip("lists a million objects")
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	items, peak := 0, uint64(0)
	for o, err := range all.Plan(t.Context(), endless{1000}, s3select.Object{Bucket: "b"}, 500) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(io.Discard, o.Key)
		if items++; items%100000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
	}
	if grown := int64(peak) - int64(before.HeapAlloc); items != 2e6 || grown > 2<<20 {
		t.Errorf("%d items, %d KB more memory", items, grown>>10)
	}
}
