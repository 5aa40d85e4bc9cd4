package protobufx

import (
	"bytes"
	"context"
	"encoding/base64"
	"runtime"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/gateway/edge"
	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

// TestHostileMemory says that what is hostile is refused before memory is taken
// for it, also by an environment that has none to use again.
func TestHostileMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under -race")
	}
	quiet(t)
	bomb := bytes.Repeat([]byte{0x0a, 0}, 2_350_000)
	nested := append(protowire.AppendVarint([]byte{0x12}, 4_600_000), bytes.Repeat([]byte{0x1a, 0}, 2_300_000)...)
	people := Handle(func(_ context.Context, m *testpb.People) (*testpb.People, error) { return m, nil })
	tree := Handle(func(_ context.Context, m *testpb.Tree) (*testpb.Tree, error) { return m, nil })
	for _, c := range []struct {
		name   string
		inv    Invoker
		body   []byte
		gzip   bool
		status int
	}{
		{"empty submessages", people, bomb, false, 413},
		{"empty submessages within one", tree, nested, false, 413},
		{"empty submessages in gzip", people, zip(bomb), true, 413},
		{"zeros in gzip", people, zip(make([]byte, 40<<20)), true, 413},
		{"deep nesting", tree, deep(50_000), false, 400},
		{"deep nesting, large", tree, deep(800_000), false, 400},
		{"a size that is a lie", people, append(zip(bomb)[:2000], 0xff, 0xff, 0xff, 0), true, 400},
		{"truncated", people, wire(t, many(100))[:1234], false, 400},
		{"another type", people, bytes.Repeat([]byte{0x72, 0}, 1000), false, 400},
	} {
		r := post(c.body)
		if c.gzip {
			with(r, "Content-Encoding", "gzip")
		}
		front := edge.Config{Front: HTTPv2}
		event, err := front.AppendEvent(nil, r, c.body)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		runtime.GC() // twice: nothing is left in pools
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		payload, err := c.inv.Invoke(t.Context(), event)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if a := front.Answer(r, payload, false); a.Status != c.status {
			t.Errorf("%s: %d %q", c.name, a.Status, a.Body)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n >= 1<<20 {
			t.Errorf("%s: refused with %d bytes allocated, want less than 1 MB", c.name, n)
		}
	}
}

func TestJSONLimits(t *testing.T) {
	c, err := New(JSON(pbjson.Format{}), MaxMessages(10), MaxDepth(10))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, body string
		m          proto.Message
		status     int
	}{
		{"ten messages", `{"people":[{},{},{},{},{},{},{},{},{},{"name":"{{{{{{{{{{{"}]}`, &testpb.People{}, 0},
		{"eleven messages", `{"people":[{},{},{},{},{},{},{},{},{},{},{}]}`, &testpb.People{}, 413},
		{"values", `{"free":{"a":[1,2,3,4,5,6,7,8,9,0,1,2]}}`, &testpb.Mixed{}, 413},
		{"depth", `{"child":{"child":{"child":{"child":{"child":{"child":{"child":{"child":{"child":{"child":{"child":{}}}}}}}}}}}}`, &testpb.Tree{}, 413},
		{"brackets", `[[[[[[[[[[[[[[[[[[[[[[`, &testpb.Tree{}, 400},
		{"an unknown name", `{"nome":"s3cret"}`, &testpb.Person{}, 400},
		{"syntax", `{"name":"s3cret"`, &testpb.Person{}, 400},
		{"type", `{"id":"s3cret"}`, &testpb.Person{}, 400},
		{"null", `null`, &testpb.Person{}, 400},
	} {
		err := c.Unmarshal([]byte(tt.body), false, "application/json", tt.m)
		e, _ := err.(*Error)
		if (tt.status == 0) != (err == nil) || e != nil && e.Status != tt.status {
			t.Errorf("%s: %v", tt.name, err)
		}
		if e != nil && bytes.Contains([]byte(e.Error()), []byte("s3cret")) {
			t.Errorf("%s: the error quotes the body: %v", tt.name, err)
		}
	}
}

func TestUnmarshalBase64(t *testing.T) {
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	var p testpb.Person
	if err := c.Unmarshal([]byte("!!!!"), true, "application/protobuf", &p); err == nil || err.(*Error).Status != 400 {
		t.Errorf("%v", err)
	}
	if err := c.Unmarshal([]byte(base64.StdEncoding.EncodeToString(wire(t, joseph))), true, "", &p); err != nil || !proto.Equal(&p, joseph) {
		t.Errorf("%v, %v", &p, err)
	}
}

// FuzzScan says that the scan counts what decoding makes, and refuses nothing
// that decoding takes.
func FuzzScan(f *testing.F) {
	f.Add(deep(3))
	f.Add(wire(f, many(3)))
	f.Add(wire(f, &testpb.Tree{Name: "a", Children: []*testpb.Tree{{Name: "b", Far: []*testpb.Person{joseph}}}, Named: map[string]*testpb.Tree{"x": {}}}))
	f.Add([]byte("\n\x010\"%2#00000000000000000000000000000000000002\x01000")) // an entry without a value
	f.Fuzz(func(t *testing.T, b []byte) {
		var m testpb.Tree
		err := proto.UnmarshalOptions{RecursionLimit: 20}.Unmarshal(b, &m)
		s := scanner{left: 1 << 30}
		scanErr := s.scan(planOf(m.ProtoReflect().Descriptor()), b, 20)
		if err != nil {
			return // invalid UTF-8, say
		}
		if scanErr != nil {
			t.Fatalf("%x: decoded, but the scan says %v", b, scanErr)
		}
		if got, want := 1<<30-s.left, count(&m); got < want {
			t.Fatalf("%x: %d messages counted, %d decoded", b, got, want)
		}
		for k := range b {
			p := scanner{left: 1 << 30, partial: true}
			p.scan(planOf(m.ProtoReflect().Descriptor()), b[:k], 20) //nolint:errcheck // it must not count too many
			if p.left < s.left {
				t.Fatalf("%x: a beginning counts %d, the whole %d", b[:k], 1<<30-p.left, 1<<30-s.left)
			}
		}
	})
}

// count returns how many messages are within m.
func count(m *testpb.Tree) int {
	n := len(m.Far)
	if m.Child != nil {
		n += 1 + count(m.Child)
	}
	for _, c := range m.Children {
		n += 1 + count(c)
	}
	for _, c := range m.Named {
		n++ // the entry; its value may not be in the body at all
		if c != nil {
			n += count(c)
		}
	}
	return n
}
