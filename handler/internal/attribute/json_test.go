package attribute

import (
	"bytes"
	"encoding/json"
	"io"
)

func newReader(b []byte) io.Reader { return bytes.NewReader(b) }

// hasDuplicates reports whether an object has a name twice: DynamoDB writes none,
// and what counts then is left open.
func hasDuplicates(b []byte) bool {
	d := json.NewDecoder(bytes.NewReader(b))
	var names []map[string]bool // of open objects, nil for arrays
	isName := false
	for {
		t, err := d.Token()
		if err != nil {
			return false
		}
		switch t := t.(type) {
		case json.Delim:
			switch t {
			case '{':
				names, isName = append(names, map[string]bool{}), true
				continue
			case '[':
				names, isName = append(names, nil), false
				continue
			}
			names = names[:len(names)-1]
		case string:
			if isName {
				if names[len(names)-1][t] {
					return true
				}
				names[len(names)-1][t] = true
				isName = false
				continue
			}
		}
		isName = len(names) > 0 && names[len(names)-1] != nil
	}
}
