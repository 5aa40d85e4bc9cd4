package s3select_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// alike writes records that differ in their values, and here and there in one
// byte, a member or the order of two.
func (m maker) alike() []string {
	var names, kinds []string
	for range 1 + m.IntN(6) {
		names = append(names, m.pick(`"a"`, `"b"`, `"A"`, `"x" `, `"longername"`, `"a rather long name"`, `"\u0061"`, `"é"`, `""`))
		kinds = append(kinds, m.pick("scalar", "scalar", "object", "array", "any"))
	}
	space := m.pick("", "", "", " ", "  ")
	scalar := func() string {
		return m.pick("0", "7", "-12", "12345678", "123456789012", "1234567890123456", "-45.123456", "145.5", "1234567.1", "12345678.25", "0.5", "1e3", "-1.25E-2", "12345678901234.5",
			"null", "true", "false", `""`, `"a"`, `"b"`, `"sixteen letters."`, `"exactly8"`, `"a\"b"`, `"nine    \\"`, `"\u00e9 and more of it"`, `"ümläute überall"`)
	}
	record := func() string {
		parts := make([]string, 0, len(names))
		for i, name := range names {
			v := scalar()
			switch kinds[i] {
			case "object":
				v = `{"a":` + v + `,` + space + `"b":{"x":` + scalar() + `},"ab":[` + scalar() + `]}`
			case "array":
				v = `[` + v + space + `,{"a":` + scalar() + `}]`
			case "any":
				v = m.pick(v, "{}", "[]", "null", `{"a":{}}`, `{"x":[1]}`, m.json(2))
			}
			if m.IntN(30) > 0 {
				parts = append(parts, name+":"+space+v)
			}
		}
		if n := len(parts); n > 1 && m.IntN(20) == 0 {
			parts[n-1], parts[n-2] = parts[n-2], parts[n-1]
		}
		line := []byte("{" + space + strings.Join(parts, ","+space) + "}")
		switch m.IntN(60) {
		case 0:
			line[m.IntN(len(line))] = m.pick("\"\\,:{}[]0-.e \x01x")[0]
		case 1:
			line = line[:m.IntN(len(line))]
		case 2:
			line = append(line, m.pick(" ", "x", "}", `,"a":1`)...)
		}
		return string(line)
	}
	lines := make([]string, 2+m.IntN(12))
	for i := range lines {
		lines[i] = record()
	}
	return lines
}

// independent checks that what a record gives does not depend on those before
// it: the engine remembers how they looked.
func independent(t *testing.T, text string, lines []string) {
	t.Helper()
	q := s3select.Query{SQL: text, Input: jsonLines, Output: s3select.Output{Format: "JSON"}}
	var together, alone strings.Builder
	_, err := q.Run(t.Context(), strings.NewReader(strings.Join(lines, "\n")), &together)
	var first error
	for _, line := range lines {
		if _, first = q.Run(t.Context(), strings.NewReader(line), &alone); first != nil {
			break
		}
	}
	var got, want *s3select.Error
	errors.As(err, &got)
	errors.As(first, &want)
	if (err == nil) != (first == nil) || got != nil && (got.Code != want.Code || got.Message != want.Message) || together.String() != alone.String() {
		t.Fatalf("%s\n%s\ntogether %s %v\nalone    %s %v", text, strings.Join(lines, "\n"), together.String(), err, alone.String(), first)
	}
}

func (m maker) independentStatement() string {
	list := m.pick("*", m.path(), m.path()+", "+m.path(), "s.a.b, s.a.b.x", "s.a, s.a.b", `s."a", s.a`, "s.x[1].a", "s.x[0], s.x[1]", "s.a[0], s.a", "s.a[0], s.a.b")
	return "SELECT " + list + " FROM S3Object s" + m.pick("", " WHERE "+m.path()+m.pick(" = ", " <> ")+m.literal(), " WHERE "+m.path()+" IS NOT MISSING")
}

// alikeAgainst holds records that are alike against the reference, the valid
// ones, and against each other, all of them.
func alikeAgainst(t *testing.T, m maker) {
	t.Helper()
	text, lines := m.independentStatement(), m.alike()
	independent(t, text, lines)
	lines = slices.DeleteFunc(lines, func(line string) bool { return !json.Valid([]byte(line)) })
	against(t, text, strings.Join(lines, m.pick("\n", "\r\n", "\n\n ")))
}

func TestRecordsAreIndependent(t *testing.T) {
	for i := range *rounds {
		alikeAgainst(t, maker{rand.New(rand.NewPCG(uint64(i), 3))})
	}
}

func FuzzRecordsAreIndependent(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		alikeAgainst(t, maker{rand.New(rand.NewPCG(a, b))})
	})
}

// Many layouts, more than are remembered, with texts longer than are remembered.
func TestManyLayouts(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(4, 4))}
	for _, text := range []string{"SELECT s.id, s.o.x FROM S3Object s WHERE s.o.k = 'v'", "SELECT s.id FROM S3Object s WHERE s.o.k = 'v' AND s.a[1] = 2"} {
		var lines []string
		for range 3000 {
			var b strings.Builder
			b.WriteString(`{"id":1`)
			for range m.IntN(12) {
				b.WriteString(`,"` + strings.Repeat("k", m.IntN(20)) + string(rune('b'+m.IntN(20))) + `":` + m.json(1))
			}
			if m.IntN(500) == 0 {
				b.WriteString(`,"` + strings.Repeat("long", 10000) + `":1` + strings.Repeat(`,"n":{"n":1}`, 300))
			}
			b.WriteString(`,"a":[1,2],"o":{"z":0,"k":` + m.pick(`"v"`, `"w"`, "null") + `,"x":2}}`)
			lines = append(lines, b.String())
		}
		independent(t, text, lines)
	}
}
