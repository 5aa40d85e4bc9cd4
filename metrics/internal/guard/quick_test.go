package guard

import (
	"bytes"
	"strconv"
	"testing"
	"time"
)

func document(directives, members string) string {
	return `{"_aws":{"Timestamp":` + strconv.FormatInt(time.Now().UnixMilli(), 10) + `,"CloudWatchMetrics":[` + directives + `]}` + members + `}`
}

var documents = []struct {
	text  string
	quick bool
}{
	{document(`{"Namespace":"n","Dimensions":[["d"]],"Metrics":[{"Name":"a","Unit":"Count"},{"Name":"b","StorageResolution":1}]}`, `,"d":"x","a":1,"b":-2.5e3,"p":{"q":[1,"\n"]}`), true},
	{document(`{"Namespace":"n","Dimensions":[[],["d"],["d","e"]],"Metrics":[{"Name":"a"}]}`, `,"d":"x","a":1,"e":"y"`), true},
	{document(`{"Namespace":"n","Dimensions":[["d"],["e"]],"Metrics":[{"Name":"a"}]}`, `,"d":"x","a":1,"e":"y"`), false},
	{document(`{"Namespace":"n","Dimensions":null,"Metrics":[{"Name":"a"}]}`, `,"a":1`), false},
	{document(`{"Namespace":"n","Dimensions":[[]],"Metrics":[{"Name":"a"},{"Name":"a"}]}`, `,"a":1`), false},
	{document(`{"Namespace":"n","Dimensions":[[]],"Metrics":[{"Name":"a"}]}`, `,"a":[1,2]`), false},
	{document(`{"Namespace":"n","Dimensions":[[]],"Metrics":[{"Name":"a"}]}`, `,"a":1e300`), false},
	{document(`{"Namespace":"n","Dimensions":[[]],"Metrics":[{"Name":"a"}]}`, `,"a":1,"p":1,"p":2`), false},
	{document(`{"Namespace":"n","Dimensions":[["a"]],"Metrics":[{"Name":"a"}]}`, `,"a":1`), false},
	{document(`{"Namespace":"n","Dimensions":[[]],"Metrics":[{"Name":"a","Unit":"Parsecs"}]}`, `,"a":1`), false},
	{document(``, ``), false},
	{`{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]}}`, false},
	{`{"a":1}`, false},
	{`{`, false},
}

func TestQuick(t *testing.T) {
	for _, test := range documents {
		if got := quick([]byte(test.text)); got != test.quick {
			t.Errorf("quick(%s) = %v", test.text, got)
		}
		if test.quick && testing.AllocsPerRun(10, func() { quick([]byte(test.text)) }) > 2 {
			t.Errorf("quick(%s) allocates", test.text)
		}
	}
}

// FuzzQuick: what passes quickly, the thorough way would not have changed.
func FuzzQuick(f *testing.F) {
	for _, test := range documents {
		f.Add([]byte(test.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		text = bytes.TrimSpace(text)
		if len(text) == 0 || text[0] != '{' || !quick(text) {
			return
		}
		doc, err := parseGuarded(text)
		if err != nil || doc == nil {
			t.Fatalf("passed quickly: %s, which is no document: %v", text, err)
		}
		var rejected rejections
		doc.check(&rejected)
		if doc.changed || len(rejected) > 0 {
			t.Errorf("passed quickly: %s, which has %v", text, rejected)
		}
	})
}
