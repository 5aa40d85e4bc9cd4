// Package random makes patterns and events for tests. Its alphabet is small, so
// that patterns meet the events they are tried on, and has what is hard: keys
// with dots, repeated keys, arrays in arrays, numbers of many spellings,
// escapes, case foldings, addresses.
package random

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A Source makes patterns and events.
type Source struct {
	*rand.Rand
	// Narrow is for the joints of arrays: two or three keys, two numbers, many
	// arrays of objects, much existence.
	Narrow bool
}

// New returns a Source that makes the same sequence for the same seed.
func New(seed uint64) *Source { return &Source{Rand: rand.New(rand.NewPCG(seed, 8))} }

var (
	keys = []string{"a", "b", "c", "a", "b", "c", "d", "a.b", "b.c", "", "a.", ".b", ".", "é", "\uFFFD", "", "😀", "long-name-of-a-field",
		"$or", "e", "f", "g", "h", "i", "j"}
	texts = []string{"", "x", "y", "xy", "yx", "X", "xY", "xyx", "xx", "ß", "SS", "ss", "ẞ", "ſ", "k", "K", "\u212A", "é", "É", "İ", "i\u0307",
		"ŉ", "ʼN", "😀", "??", "\uFFFD", "300", "true", "a*b", `\`, `*`, `"`, "\n", "\u0000", "/", "10.0.0.1", "010.0.0.1", "10.0.0.2", "::1",
		"0:0:0:0:0:0:0:1", "::ffff:a00:1", "::FFFF:0a00:0001", "256.0.0.1", "1.2.3", ":", "::", "1::", ":::", "08:23", "abcdefghijklmnop", "abcdefgh"}
	numbers = []string{"0", "-0", "0.0", "1", "2", "3", "-1", "300", "300.0", "3.0e2", "3E+2", "30000e-2", "0.1", "1e-1", "0.10", "1e23",
		"9007199254740992", "9007199254740993", "0.1234567890123456789", "123456789012345678", "5e9", "5000000001", "1.7976931348623157e308",
		"1e400", "1E400", "1e-400", "5e-324", "4.9e-324", "2.5", "2.50", "99999999999999999999", "0.000001", "1.0000000000000000000000"}
	wilds  = []string{"*", "x*", "*x", "x*y", "*x*", "", "x", `\*`, `\\`, `a\*b`, "*y*x*", "é*", "*x*x*", "x*x", "*"}
	bad    = []string{"**", `\`, `\x`, "x**", "x", "10.0.0.1/33", "10.0.0.1", "::/129", "/", "1/1"}
	blocks = []string{"10.0.0.0/24", "10.0.0.0/8", "0.0.0.0/0", "10.0.0.1/32", "::/0", "::1/128", "10.0.0.3/31", "::ffff:0:0/8"}
)

func pick[T any](r *Source, list []T) T { return list[r.IntN(len(list))] }

// one is true once in n times.
func (r *Source) one(n int) bool { return r.IntN(n) == 0 }

// Quote writes a JSON string, with needless escapes now and then.
func (r *Source) Quote(s string) string {
	escape := r.one(6)
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '/' && r.one(2):
			b.WriteString(`\/`)
		case c < ' ' || escape && c < 0x10000 && r.one(2):
			fmt.Fprintf(&b, `\u%04x`, c)
		case c > 0xFFFF && escape:
			c -= 0x10000
			fmt.Fprintf(&b, `\u%04X\u%04x`, 0xD800+c>>10, 0xDC00+c&0x3FF)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func (r *Source) space() string {
	if r.one(8) {
		return pick(r, []string{" ", "\n", "\t ", "\r\n  "})
	}
	return ""
}

// Event makes an event.
func (r *Source) Event() []byte {
	e := r.space() + r.object(0) + r.space()
	switch {
	case r.one(30):
		return r.Damage([]byte(e))
	case r.one(60):
		return []byte(strings.Replace(e, "x", "\xff", 1))
	}
	return []byte(e)
}

// Record makes a record with data as the text of a, in base64 in b, and the
// fields of an event. Some are inside c.
func (r *Source) Record() []byte {
	var parts []string
	if !r.one(10) {
		parts = append(parts, `"a":`+r.space()+r.data(false))
	}
	if !r.one(4) {
		parts = append(parts, `"b":`+r.space()+r.data(true))
	}
	for range r.IntN(3) {
		parts = append(parts, r.Quote(pick(r, []string{"d", "e", "d.x", "e.a", "f"}))+":"+r.value(3))
	}
	r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	e := "{" + strings.Join(parts, ","+r.space()) + "}"
	if r.one(2) {
		e = `{"g":` + r.value(3) + `,"c":` + e + `}`
	}
	if r.one(40) {
		return r.Damage([]byte(e))
	}
	return []byte(e)
}

func (r *Source) data(encoded bool) string {
	text := ""
	switch r.IntN(12) {
	case 0:
		text = pick(r, texts)
	case 1:
		if r.one(2) {
			return `[[` + r.scalar() + `,"{"],[` + r.object(3) + `,"x"]]`
		}
		return r.scalar()
	case 2:
		text = r.array(2)
	default:
		text = string(r.Event())
	}
	if r.one(10) {
		text = string(r.Damage([]byte(text)))
	}
	if encoded {
		b := base64.StdEncoding.EncodeToString([]byte(text))
		if r.one(40) {
			b = string(r.Damage([]byte(b)))
		}
		return r.Quote(b)
	}
	if r.one(2) {
		b, err := json.Marshal(text)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	return r.Quote(text)
}

// Damage changes, removes or adds a few bytes.
func (r *Source) Damage(b []byte) []byte {
	for range 1 + r.IntN(2) {
		if len(b) == 0 {
			return b
		}
		i := r.IntN(len(b))
		switch r.IntN(4) {
		case 0:
			b = b[:i]
		case 1:
			b = append(b[:i:i], b[i+1:]...)
		case 2:
			b[i] = pick(r, []byte(`{}[]",:\0e-.ntf `+"\x00\xff"))
		default:
			b = append(b[:i:i], append([]byte{pick(r, []byte(`{}[]",:\0e-.ntf `))}, b[i:]...)...)
		}
	}
	return b
}

func (r *Source) object(depth int) string {
	var b strings.Builder
	b.WriteString("{" + r.space())
	for i := range r.IntN(5) {
		if i > 0 {
			b.WriteString("," + r.space())
		}
		b.WriteString(r.Quote(r.key()) + r.space() + ":" + r.space() + r.value(depth+1) + r.space())
	}
	return b.String() + "}"
}

func (r *Source) key() string {
	if r.Narrow {
		return keys[r.IntN(2+r.IntN(2))]
	}
	if r.one(3) {
		return pick(r, keys)
	}
	return keys[r.IntN(3)]
}

func (r *Source) value(depth int) string {
	if depth < 5 {
		switch r.IntN(4) {
		case 0:
			return r.object(depth)
		case 1:
			return r.array(depth)
		}
	}
	return r.scalar()
}

func (r *Source) array(depth int) string {
	var b strings.Builder
	b.WriteString("[" + r.space())
	objects := r.one(2) || r.Narrow && r.one(2)
	for i := range r.IntN(4) {
		if i > 0 {
			b.WriteString(r.space() + ",")
		}
		if objects {
			b.WriteString(r.object(depth + 1))
		} else {
			b.WriteString(r.value(depth + 1))
		}
	}
	return b.String() + r.space() + "]"
}

func (r *Source) scalar() string {
	if r.Narrow {
		return strconv.Itoa(1 + r.IntN(2))
	}
	switch r.IntN(8) {
	case 0:
		return pick(r, []string{"null", "true", "false"})
	case 1, 2, 3:
		return pick(r, numbers)
	case 4:
		return numbers[3+r.IntN(3)]
	case 5, 6:
		return r.Quote(texts[1+r.IntN(3)])
	}
	return r.Quote(pick(r, texts))
}

// Pattern makes a pattern, which is now and then invalid.
func (r *Source) Pattern() string {
	p := r.space() + r.fields(0, false) + r.space()
	if r.one(40) {
		return string(r.Damage([]byte(p)))
	}
	return p
}

func (r *Source) fields(depth int, inOr bool) string {
	var b strings.Builder
	b.WriteString("{")
	n := 1 + r.IntN(3)
	if r.one(200) {
		n = 0
	}
	for i := range n {
		if i > 0 {
			b.WriteString("," + r.space())
		}
		switch {
		case depth < 3 && r.one(10):
			b.WriteString(`"$or":[`)
			branches := 2 + r.IntN(2)
			if r.one(30) {
				branches = 1
			}
			for k := range branches {
				if k > 0 {
					b.WriteString(",")
				}
				b.WriteString(r.fields(depth+1, true))
			}
			b.WriteString("]")
			continue
		case inOr && r.one(60):
			b.WriteString(pick(r, []string{`"numeric"`, `"="`, `"prefix"`, `"regex"`, `"date after"`}))
		default:
			b.WriteString(r.Quote(r.key()))
		}
		b.WriteString(r.space() + ":" + r.space())
		switch {
		case depth < 3 && r.one(3):
			b.WriteString(r.fields(depth+1, inOr))
		case r.one(300):
			b.WriteString(r.scalar())
		default:
			b.WriteString(r.leaf())
		}
	}
	return b.String() + "}"
}

func (r *Source) leaf() string {
	n := 1
	if r.one(3) {
		n = r.atLeast(4)
		if r.one(50) {
			n = 0
		}
		if r.one(20) {
			n = 12
		}
	}
	items := make([]string, n)
	for i := range items {
		items[i] = r.item()
	}
	return "[" + strings.Join(items, ","+r.space()) + "]"
}

func (r *Source) item() string {
	if r.Narrow {
		switch r.IntN(5) {
		case 0:
			return `{"exists":true}`
		case 1, 2:
			return `{"exists":false}`
		}
		return r.scalar()
	}
	switch r.IntN(12) {
	case 0, 1, 2, 3:
		return r.scalar()
	case 4:
		return `{"exists":` + pick(r, []string{"true", "false", "false", "true", "1"}[:4+r.IntN(20)/19]) + `}`
	case 5:
		return `{"numeric":` + r.comparison() + `}`
	case 6, 7:
		return `{"anything-but":` + r.but() + `}`
	case 8:
		op := pick(r, []string{"prefix", "suffix"})
		if r.one(3) {
			return `{"` + op + `":{"equals-ignore-case":` + r.text() + `}}`
		}
		return `{"` + op + `":` + r.text() + `}`
	case 9:
		return `{"equals-ignore-case":` + r.text() + `}`
	case 10:
		return `{"wildcard":` + r.Quote(pick(r, wilds)) + `}`
	}
	if r.one(30) {
		return `{"` + pick(r, []string{"wildcard", "cidr"}) + `":` + r.Quote(pick(r, bad)) + `}`
	}
	switch r.IntN(40) {
	case 0, 1, 2, 3:
		return `{"exactly":` + r.text() + `}`
	case 4:
		return `{"` + pick(r, []string{"Prefix", "regexp", "x", "", "$or"}) + `":` + r.text() + `}`
	case 5:
		return `{"prefix":` + r.text() + `,"suffix":"x"}`
	}
	return `{"cidr":` + r.Quote(pick(r, blocks)) + `}`
}

func (r *Source) atLeast(n int) int { return 1 + r.IntN(n) }

// text is a string, seldom something else.
func (r *Source) text() string {
	if r.one(150) {
		return r.value(4)
	}
	if r.one(2) {
		return r.Quote(texts[1+r.IntN(6)])
	}
	return r.Quote(pick(r, texts))
}

func (r *Source) comparison() string {
	low, high := r.IntN(5)-1, 0
	high = low + 1 + r.IntN(3)
	a, b := strconv.Itoa(low), strconv.Itoa(high)
	if r.one(8) {
		a = pick(r, numbers)
	}
	if r.one(16) {
		b = pick(r, numbers)
	}
	if r.one(2) {
		return `["` + pick(r, []string{"=", "<", "<=", ">", ">="}) + `",` + a + `]`
	}
	if r.one(30) {
		return pick(r, []string{`[]`, `1`, `["="]`, `[">",1,"<"]`, `["<",1,">",0]`, `[">",1,"<",2,3]`, `["==",1]`, `[1,2]`})
	}
	return `["` + pick(r, []string{">", ">="}) + `",` + a + `,"` + pick(r, []string{"<", "<="}) + `",` + b + `]`
}

func (r *Source) but() string {
	item := r.text
	if r.one(3) {
		item = func() string { return pick(r, numbers[:16]) }
	}
	list := func() string {
		if r.one(2) {
			return item()
		}
		n := r.atLeast(3)
		if r.one(20) {
			n = 12
		}
		items := make([]string, n)
		for i := range items {
			items[i] = item()
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	switch r.IntN(8) {
	case 0, 1:
		return `{"` + pick(r, []string{"prefix", "suffix", "equals-ignore-case", "prefix", "suffix", "equals-ignore-case", "prefix", "suffix", "equals-ignore-case", "numeric"}) + `":` + list() + `}`
	case 2:
		return `{"wildcard":` + r.Quote(pick(r, wilds)) + `}`
	case 3:
		if r.one(10) {
			return pick(r, []string{"null", "true", "[]", "{}", `["x",1]`, `{"prefix":[]}`, `[null]`})
		}
	}
	return list()
}
