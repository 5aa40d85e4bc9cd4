package engine

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
)

// A follower finds s.id and s.o."k", or s.id and another step of s.o. It stops once
// it has them: with a third unquoted name it would not.
type follower struct {
	finder
	p plan
}

var quotedK = sql.Step{Kind: sql.Member, Name: sql.Name{Text: "k", Quoted: true}}

func newFollower() *follower { return newFollowerOf(quotedK) }

func named(name string) sql.Step { return sql.Step{Kind: sql.Member, Name: sql.Name{Text: name}} }

func newFollowerOf(last ...sql.Step) *follower {
	f := new(follower)
	f.p.root.add([]sql.Step{named("id")}, 0)
	for _, step := range last {
		f.p.root.add([]sql.Step{named("o"), step}, 1)
	}
	f.p.finish()
	f.slots = make([][]byte, 2)
	return f
}

func (f *follower) take(t *testing.T, record string) {
	t.Helper()
	clear(f.slots)
	if err := f.find(&f.p, []byte(record), 0); err != nil {
		t.Fatalf("%s: %v", record, err)
	}
}

// knows reports whether the record's layout is known, and so needs no walk.
func (f *follower) knows(record string) bool {
	f.b, f.plan = []byte(record), &f.p
	return f.steps(f.both[0], 0)
}

// A step's text is found exactly where it stands, whatever its length.
func TestStepMatches(t *testing.T) {
	for n := range 50 {
		text := []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[:n])
		l := newLayouts()
		s := &l.steps[l.step(0, text, -1, noEnd)]
		for after := range 12 {
			b := append(bytes.Clone(text), "0123456789ab"[:after]...)
			b = b[:len(b):len(b)]
			if !s.matches(b) {
				t.Fatalf("%q is not found in %q", text, b)
			}
			for i := range n {
				b[i] ^= 0x20
				if s.matches(b) {
					t.Fatalf("%q is found in %q", text, b)
				}
				b[i] ^= 0x20
				if short := text[:i:i]; s.matches(short) {
					t.Fatalf("%q is found in %q", text, short)
				}
			}
		}
	}
}

// What was walked once is followed from then on, whatever came between.
func TestLayoutsAreFollowed(t *testing.T) {
	records := []string{
		`{"id":1,"o":{"k":2}}`,
		`{"id":1,"o":{"k":2},"more":[]}`,
		`{"o":{"k":2},"id":1}`,
		`{"z":1,"id":1}`,
		`{"z":{"y":1},"id":1,"o":{"k":2}}`, // longer than the text before it, and it starts with that
		`{"z":{"y":1,"x":{"w":[1,2]}},"id":1,"o":{}}`,
		`{"z":{},"id":1,"o":null}`,
		`{"id":1}`,
		`{"id":1 }`,
		`{"id":1,"o":{"k":2},"c":{"ID":1}}`, // the walk goes on to its end
		`{"id":1,"o":{"k":2},"c":{"ID":1},"d":3}`,
		`{"id":1,"o":{"k":2},"d":3,"e":{"ID":1}}`,
		`{"id":1,"o":{"k":2},"d":3,"e":4}`, // starts as the one before it, and ends early
		`{}`,
		`null`,
		`{"deep":` + strings.Repeat(`{"n":`, 30) + "1" + strings.Repeat("}", 30) + `,"id":1,"o":{"k":2}}`,
	}
	for round := range 40 {
		rnd := rand.New(rand.NewPCG(uint64(round), 5))
		rnd.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		f := newFollower()
		for _, r := range records {
			f.take(t, r)
		}
		for _, r := range records {
			other := strings.NewReplacer(":1", ":[true]", ":2", `:"twö"`).Replace(r)
			if !f.knows(r) || !f.knows(other) {
				t.Fatalf("round %d: %s or %s is not known", round, r, other)
			}
			if f.knows(r[:len(r)-1]+" ") && strings.Contains(r, "ID") {
				t.Fatalf("%s is known without its end", r)
			}
		}
	}
	// Elements are values.
	g := newFollowerOf(sql.Step{Kind: sql.Index, Index: 1})
	g.take(t, `{"id":1,"o":[1,2]}`)
	if !g.knows(`{"id":1,"o":["one",{"two":2}]}`) {
		t.Error("an element is text")
	}
	// Objects at great depth are not looked into: these have one layout.
	f := newFollower()
	deep := func(name string) string {
		return strings.Repeat(`{"n":`, 12) + `{"` + name + `":1}` + strings.Repeat("}", 12)
	}
	f.take(t, `{"z":`+deep("a")+`,"id":1,"o":{"k":2}}`)
	if !f.knows(`{"z":` + deep("b") + `,"id":1,"o":{"k":2}}`) {
		t.Error("objects are looked into at any depth")
	}
}

// Records that are all different cost a bounded memory, and after a while no
// more than their walk.
func TestLayoutsOfDifferentRecords(t *testing.T) {
	for _, c := range []struct {
		name   string
		record func(i int) string
	}{
		{"names", func(i int) string { return fmt.Sprintf(`{"n%d":1,"id":1,"o":{"k":2}}`, i) }},
		{"objects", func(i int) string { return fmt.Sprintf(`{"z":{"n%d":1},"id":1,"o":{"k":2}}`, i) }},
		{"many values", func(i int) string {
			return fmt.Sprintf(`{"n%d":1%s,"id":1,"o":{"k":2}}`, i, strings.Repeat(`,"v":0`, 100))
		}},
		{"long text", func(i int) string {
			return fmt.Sprintf(`{"n%d%s":1,"id":1,"o":{"k":2}}`, i, strings.Repeat("long", 1000))
		}},
		{"too many values", func(i int) string {
			return fmt.Sprintf(`{"n%d":1%s,"id":1,"o":{"k":2}}`, i, strings.Repeat(`,"v":0`, 2*maxValues))
		}},
		{"too long text", func(i int) string {
			return fmt.Sprintf(`{"n%d%s":1,"id":1,"o":{"k":2}}`, i, strings.Repeat("long", maxText/4))
		}},
	} {
		f := newFollower()
		f.take(t, c.record(0))
		l := f.both[0]
		tried := 0
		const n = 5000
		for i := range n {
			if l.pause == 0 {
				tried++
			}
			f.take(t, c.record(i))
			if len(l.steps) > maxSteps || len(l.text) > maxText || len(l.walk) > maxValues {
				t.Fatalf("%s: %d steps, %d bytes of text, %d values", c.name, len(l.steps), len(l.text), len(l.walk))
			}
			if string(f.slots[0]) != "1" || string(f.slots[1]) != "2" {
				t.Fatalf("%s: %q", c.name, f.slots)
			}
		}
		switch {
		case c.name == "objects":
			if !l.flat || l.pause > 0 || !f.knows(c.record(n)) {
				t.Errorf("%s: they are not given up first", c.name)
			}
		case tried > n/4:
			t.Errorf("%s: %d of %d are tried", c.name, tried, n)
		default:
			// Then they are all alike: a pause ends.
			for range 20 * maxCredit {
				f.take(t, `{"id":1,"o":{"k":2}}`)
			}
			if !f.knows(`{"id":1,"o":{"k":2}}`) {
				t.Errorf("%s: no record is tried any more", c.name)
			}
		}
	}
}

// A few records that differ do not make the layout of the others forgotten.
func TestLayoutsSurviveStrangers(t *testing.T) {
	f := newFollower()
	for i := range 10000 {
		f.take(t, `{"id":1,"o":{"k":2}}`)
		if i%10 == 0 {
			f.take(t, fmt.Sprintf(`{"n%d":1,"id":1}`, i))
		}
		if l := f.both[0]; l.flat || l.pause > 0 {
			t.Fatalf("given up after %d records", i)
		}
	}
}

// The walk ends where nothing can be found any more, also what is of another kind.
func TestWalkStops(t *testing.T) {
	f := newFollowerOf(quotedK, sql.Step{Kind: sql.Index})
	for _, record := range []string{`{"id":1,"o":{"k":2},not read`, `{"id":1,"o":[2],not read`, `{"id":1,"o":{},not read`, `{"id":1,"o":2,not read`, `{"o":{},"id":1,not read`} {
		f.take(t, record)
	}
}
