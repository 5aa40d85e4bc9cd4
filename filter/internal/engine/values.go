package engine

import (
	"encoding/base64"
	"slices"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// Values lists the scalars that a rule sees at a path of a record, as JSON. The
// second result is true if the path is in data of another format: text, where
// the path is a field of JSON, or the reverse. It is for explanations, so it may
// allocate.
func (p *Program) Values(record []byte, path string) (values []string, mismatch bool) {
	f := finder{layout: &p.layout, path: path}
	i := jsonscan.Space(record, 0)
	if inner, err := jsonscan.Find(record, p.layout.Inner); p.layout.Inner != "" && err == nil && inner != nil {
		record, i = inner, 0
	}
	f.find(record, i, "", false)
	return f.values, f.mismatch
}

type finder struct {
	layout   *Layout
	path     string
	values   []string
	mismatch bool
}

// find looks at the value at b[i], whose path is at. In data nothing is data
// again.
func (f *finder) find(b []byte, i int, at string, inData bool) {
	kind := jsonscan.KindAt(b, i)
	switch kind {
	case jsonscan.Object:
		for o := jsonscan.WalkObject(b, i); o.Next(); {
			name := string(o.Name(nil))
			if at != "" {
				name = at + "." + name
			} else if slices.Contains(f.layout.Hidden, name) {
				continue
			}
			f.find(b, o.Pos(), name, inData)
		}
		return
	case jsonscan.Array:
		for a := jsonscan.WalkArray(b, i); a.Next(); {
			f.find(b, a.Pos(), at, inData)
		}
		return
	}
	end, err := jsonscan.Skip(b, i)
	if err != nil {
		return
	}
	if kind == jsonscan.String && !inData {
		for _, d := range f.layout.Data {
			if d.Key == at {
				f.data(d, jsonscan.AppendString(nil, b[i:end]))
				return
			}
		}
	}
	if at == f.path {
		f.values = append(f.values, string(b[i:end]))
	}
}

func (f *finder) data(d Data, text []byte) {
	if d.Base64 {
		decoded, err := base64.StdEncoding.DecodeString(string(text))
		if err != nil {
			return
		}
		text = decoded
	}
	i := jsonscan.Space(text, 0)
	kind := jsonscan.KindAt(text, i)
	if (kind == jsonscan.Object || kind == jsonscan.Array) && jsonscan.Valid(text) == nil {
		f.mismatch = f.path == d.Key
		f.find(text, i, d.Key, true)
		return
	}
	f.mismatch = len(f.path) > len(d.Key) && f.path[:len(d.Key)+1] == d.Key+"."
	if f.path == d.Key {
		f.values = append(f.values, string(jsonscan.AppendQuoteBytes(nil, text)))
	}
}
