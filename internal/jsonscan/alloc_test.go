package jsonscan_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

func TestNoAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	token := []byte(`"a\"b\n\u00e9 \ud83d\ude00 and a plain tail"`)
	text := string(jsonscan.AppendString(nil, token))
	buf := make([]byte, 0, 16<<10)
	deep := nestedEvent(400)
	for name, f := range map[string]func(){
		"Valid": func() {
			for _, e := range events {
				_ = jsonscan.Valid(e.json)
			}
		},
		"Skip deep": func() { _, _ = jsonscan.Skip(deep, 0) },
		"Find": func() {
			for _, e := range events {
				_, _ = jsonscan.Find(e.json, e.path...)
			}
		},
		"walks": func() {
			for _, e := range events {
				o := jsonscan.WalkObject(e.json, 0)
				for o.Next() {
					_ = o.Name(buf[:0])
					if jsonscan.KindAt(e.json, o.Pos()) != jsonscan.Array {
						_ = o.Value()
						continue
					}
					a := jsonscan.WalkArray(e.json, o.Pos())
					for a.Next() {
						_ = a.Value()
					}
					o.Resume(a.End())
				}
				if o.Err() != nil {
					t.Error(o.Err())
				}
			}
		},
		"EqualString":  func() { _ = jsonscan.EqualString(token, text) },
		"AppendString": func() { _ = jsonscan.AppendString(buf[:0], token) },
		"AppendQuote":  func() { _ = jsonscan.AppendQuote(buf[:0], text) },
		"ParseInt":     func() { _, _ = jsonscan.ParseInt([]byte("1726651439123")) },
		"ParseFloat":   func() { _, _ = jsonscan.ParseFloat([]byte("3.141592653589793115")) },
	} {
		if n := testing.AllocsPerRun(20, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
