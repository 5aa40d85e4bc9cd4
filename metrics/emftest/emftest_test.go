package emftest_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/metrics/emftest"
)

var now = time.UnixMilli(1_790_000_000_123)

// doc returns a document with the directive and root members.
func doc(directive, members string) string {
	if members != "" {
		members = "," + members
	}
	return `{"_aws":{"Timestamp":1790000000123,"CloudWatchMetrics":[` + directive + `]}` + members + `}`
}

func directive(dimensions, metrics string) string {
	return `{"Namespace":"n","Dimensions":` + dimensions + `,"Metrics":` + metrics + `}`
}

func list(n int, element string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, element, i)
	}
	return b.String()
}

func TestValidate(t *testing.T) {
	one := directive(`[["d"]]`, `[{"Name":"a","Unit":"Count"}]`)
	for _, test := range []struct {
		name, line string
		want       string // part of the error; "": valid
	}{
		{"usual", doc(one, `"d":"x","a":1`), ""},
		{"newline", doc(one, `"d":"x","a":1`) + "\n", ""},
		{"no dimensions", doc(directive(`[[]]`, `[{"Name":"a"}]`), `"a":1`), ""},
		{"no metrics", doc("", ""), ""},
		{"any property", doc(one, `"d":"x","a":1,"p":{"q":[null,true,"ü\u0000"]}`), ""},
		{"array", doc(directive(`[[]]`, `[{"Name":"a"}]`), `"a":[`+list(100, "%d")+`]`), ""},
		{"counts", doc(directive(`[[]]`, `[{"Name":"a"}]`), `"a":{"Values":[1,2.5],"Counts":[3,4]}`), ""},
		{"two directives", doc(one+","+directive(`[[],["d"]]`, `[{"Name":"b","StorageResolution":1}]`), `"d":"x","a":1,"b":2`), ""},
		{"100 metrics", doc(directive(`[[]]`, `[`+list(100, `{"Name":"m%d"}`)+`]`), list(100, `"m%d":1`)), ""},
		{"30 dimensions", doc(directive(`[[`+list(30, `"d%d"`)+`]]`, `[{"Name":"a"}]`), `"a":1,`+list(30, `"d%d":"x"`)), ""},
		{"255 characters", doc(directive(`[[]]`, `[{"Name":"`+strings.Repeat("é", 255)+`"}]`), `"`+strings.Repeat("é", 255)+`":1`), ""},

		{"text around", "x" + doc(one, `"d":"x","a":1`), "exactly one JSON object"},
		{"two values", doc(one, `"d":"x","a":1`) + "{}", "more than one"},
		{"two lines", doc(one, `"d":"x","a":1`) + "\n{}", "more than one line"},
		{"torn", doc(one, `"d":"x","a":1`)[:60] + "}", ""},
		{"invalid UTF-8", doc(one, "\"d\":\"x\",\"a\":1,\"p\":\"\xff\""), "UTF-8"},
		{"member twice", doc(one, `"d":"x","a":1,"a":2`), `"a" occurs twice`},
		{"nested member twice", doc(one, `"d":"x","a":1,"p":{"q":1,"q":1}`), `"q" occurs twice`},
		{"metadata", `{"_aws":[]}`, "no object"},
		{"no timestamp", `{"_aws":{"CloudWatchMetrics":[]}}`, "no Timestamp"},
		{"broken timestamp", `{"_aws":{"Timestamp":1790000000123.5,"CloudWatchMetrics":[]}}`, "no integer"},
		{"text timestamp", `{"_aws":{"Timestamp":"1790000000123","CloudWatchMetrics":[]}}`, "no integer"},
		{"old", strings.Replace(doc(one, `"d":"x","a":1`), "1790000000123", strconv.FormatInt(now.Add(-14*24*time.Hour-time.Millisecond).UnixMilli(), 10), 1), "14 days"},
		{"future", strings.Replace(doc(one, `"d":"x","a":1`), "1790000000123", strconv.FormatInt(now.Add(2*time.Hour+time.Millisecond).UnixMilli(), 10), 1), "2 hours"},
		{"unknown member", `{"_aws":{"Timestamp":1790000000123,"CloudWatchMetrics":[],"Extra":1}}`, `"Extra"`},
		{"no directives", `{"_aws":{"Timestamp":1790000000123,"CloudWatchMetrics":null}}`, "no array"},
		{"null dimensions", doc(directive(`null`, `[{"Name":"a"}]`), `"a":1`), "Dimensions is no array"},
		{"no sets", doc(directive(`[]`, `[{"Name":"a"}]`), `"a":1`), "0 elements"},
		{"31 dimensions", doc(directive(`[[`+list(31, `"d%d"`)+`]]`, `[{"Name":"a"}]`), `"a":1,`+list(31, `"d%d":"x"`)), "31 elements"},
		{"dimension without value", doc(one, `"a":1`), "has no value"},
		{"dimension that is a number", doc(one, `"a":1,"d":5`), "no string"},
		{"empty dimension value", doc(one, `"a":1,"d":""`), "empty"},
		{"long dimension value", doc(one, `"a":1,"d":"`+strings.Repeat("x", 1025)+`"`), "1025 characters"},
		{"dimension value that is not ASCII", doc(one, `"a":1,"d":"ü"`), "not allowed"},
		{"long dimension name", doc(directive(`[["`+strings.Repeat("x", 251)+`"]]`, `[]`), `"`+strings.Repeat("x", 251)+`":"v"`), "251 characters"},
		{"dimension name with colon", doc(directive(`[[":d"]]`, `[]`), `":d":"v"`), "colon"},
		{"dimension twice in a set", doc(directive(`[["d","d"]]`, `[]`), `"d":"v"`), "twice"},
		{"set twice", doc(directive(`[["d","e"],["e","d"]]`, `[]`), `"d":"v","e":"v"`), "twice"},
		{"101 metrics", doc(directive(`[[]]`, `[`+list(101, `{"Name":"m%d"}`)+`]`), list(101, `"m%d":1`)), "101 elements"},
		{"101 values", doc(directive(`[[]]`, `[{"Name":"a"}]`), `"a":[`+list(101, "%d")+`]`), "101 elements"},
		{"no values", doc(directive(`[[]]`, `[{"Name":"a"}]`), `"a":[]`), "0 elements"},
		{"metric twice", doc(directive(`[[]]`, `[{"Name":"a"},{"Name":"a"}]`), `"a":1`), "defined twice"},
		{"unit", doc(directive(`[[]]`, `[{"Name":"a","Unit":"Parsecs"}]`), `"a":1`), "not allowed"},
		{"empty unit", doc(directive(`[[]]`, `[{"Name":"a","Unit":""}]`), `"a":1`), "empty"},
		{"resolution", doc(directive(`[[]]`, `[{"Name":"a","StorageResolution":5}]`), `"a":1`), "not 1 or 60"},
		{"text resolution", doc(directive(`[[]]`, `[{"Name":"a","StorageResolution":"1"}]`), `"a":1`), "not 1 or 60"},
		{"no name", doc(directive(`[[]]`, `[{"Unit":"Count"}]`), `"a":1`), "no Name"},
		{"empty name", doc(directive(`[[]]`, `[{"Name":""}]`), `"":1`), "empty"},
		{"long name", doc(directive(`[[]]`, `[{"Name":"`+strings.Repeat("x", 256)+`"}]`), `"`+strings.Repeat("x", 256)+`":1`), "256 characters"},
		{"reserved name", doc(directive(`[[]]`, `[{"Name":"_aws"}]`), ``), "no target"},
		{"no target", doc(directive(`[[]]`, `[{"Name":"a"}]`), ``), "no target"},
		{"text target", doc(directive(`[[]]`, `[{"Name":"a"}]`), `"a":"1"`), "no number"},
		{"null value", doc(directive(`[[]]`, `[{"Name":"a"}]`), `"a":[1,null]`), "no number"},
		{"out of range", doc(directive(`[[]]`, `[{"Name":"a"}]`), `"a":1e109`), "2^360"},
		{"infinite", doc(directive(`[[]]`, `[{"Name":"a"}]`), `"a":1e999`), "2^360"},
		{"unequal counts", doc(directive(`[[]]`, `[{"Name":"a"}]`), `"a":{"Values":[1,2],"Counts":[1]}`), "1 counts"},
		{"zero count", doc(directive(`[[]]`, `[{"Name":"a"}]`), `"a":{"Values":[1],"Counts":[0]}`), "positive integer"},
		{"other object", doc(directive(`[[]]`, `[{"Name":"a"}]`), `"a":{"Max":1}`), `"Max"`},
		{"namespace", strings.Replace(doc(one, `"d":"x","a":1`), `"n"`, `"AWS/n"`, 1), "belongs to AWS"},
		{"namespace characters", strings.Replace(doc(one, `"d":"x","a":1`), `"n"`, `"n!"`, 1), "not allowed"},
		{"no namespace", doc(`{"Dimensions":[[]],"Metrics":[]}`, ""), "no Namespace"},
		{"too long", doc(one, `"d":"x","a":1,"p":"`+strings.Repeat("x", 1<<20)+`"`), "bytes"},

		{"log line", `{"level":"INFO","msg":"hello"}`, emftest.ErrNotEMF.Error()},
		{"text line", `hello`, emftest.ErrNotEMF.Error()},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := emftest.Validate([]byte(test.line), now)
			if test.name == "torn" {
				if err == nil || errors.Is(err, emftest.ErrNotEMF) {
					t.Errorf("torn document: %v", err)
				}
				return
			}
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// failing records what assertions say.
type failing struct {
	testing.TB
	failures int
}

func (f *failing) Helper()               {}
func (f *failing) Error(...any)          { f.failures++ }
func (f *failing) Errorf(string, ...any) { f.failures++ }

func TestCapture(t *testing.T) {
	stamp := strconv.FormatInt(time.Now().UnixMilli(), 10)
	line := strings.Replace(doc(directive(`[["d"],[]]`, `[{"Name":"a","Unit":"Count"},{"Name":"h"}]`), `"d":"x","a":[1,2],"h":{"Values":[7],"Counts":[3]},"p":"q"`), "1790000000123", stamp, 1)
	var c emftest.Capture
	fmt.Fprintln(&c, line)
	fmt.Fprintln(&c, "a log line")
	c.AssertValid(t)
	c.AssertValues(t, "a", []float64{2, 1}, "d", "x")
	c.AssertValues(t, "a", []float64{1, 2})
	c.AssertValues(t, "h", []float64{7, 7, 7})
	c.AssertValues(t, "none", nil)
	if m := c.Metrics("a"); len(m) != 1 || !m[0].Under() || m[0].Under("d", "y") || m[0].Under("d") || m[0].Unit != "Count" || m[0].StorageResolution != 60 {
		t.Errorf("%+v", m)
	}
	if docs, err := c.Documents(); err != nil || len(docs) != 1 || docs[0].Members["p"] != "q" || docs[0].Line != line {
		t.Errorf("%v %v", docs, err)
	}
	f := &failing{}
	c.AssertValues(f, "a", []float64{1}, "d", "x")
	c.AssertValues(f, "a", []float64{1, 2}, "d", "y")
	c.AssertValues(f, "none", []float64{1})
	if f.failures != 3 {
		t.Errorf("%d of 3 wrong assertions fail", f.failures)
	}
	for _, writes := range [][]string{{line}, {line[:50], line[50:] + "\n"}, {`{"_aws":{` + "\n"}} {
		c.Reset()
		for _, w := range writes {
			c.Write([]byte(w))
		}
		f := &failing{}
		c.AssertValid(f)
		if f.failures != 1 {
			t.Errorf("%.30q is accepted", writes)
		}
	}
}
