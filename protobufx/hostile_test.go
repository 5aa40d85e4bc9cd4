package protobufx

import (
	"bytes"
	"context"
	"encoding/base64"
	"runtime"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

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
	list := wire(t, many(135_000)) // 4.5 MB
	objects := append(append([]byte(`{"people":[`), bytes.Repeat([]byte("{},"), 1_400_000)...), "{}]}"...)
	people := Handle(func(_ context.Context, m *testpb.People) (*testpb.People, error) { return m, nil }, JSON(pbjson.Format{}))
	person := Handle(echo)
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
		{"several members of gzip", people, append(zip(make([]byte, 40<<20)), zip(wire(t, joseph))...), true, 400},
		{"deep nesting", tree, deep(50_000), false, 400},
		{"deep nesting, large", tree, deep(800_000), false, 400},
		{"a size that is a lie", people, append(zip(bomb)[:2000], 0xff, 0xff, 0xff, 0), true, 400},
		{"truncated", people, wire(t, many(100))[:1234], false, 400},
		{"truncated, large", people, list[:len(list)-1], false, 400},
		{"another type", people, bytes.Repeat([]byte{0x72, 0}, 1000), false, 400},
		{"another type, large", people, bytes.Repeat([]byte{0x72, 0}, 2_350_000), false, 400},
		{"another type without messages, large", person, bytes.Repeat([]byte{0x72, 0}, 2_350_000), false, 400},
		{"no protobuf, large", people, make([]byte, 4_600_000), false, 400},
		{"no protobuf in gzip", people, zip(make([]byte, 6_000_000)), true, 400},
		{"empty objects", people, objects, false, 413},
		{"empty objects in gzip", people, zip(objects), true, 413},
	} {
		r := post(c.body)
		if c.body[0] == '{' || bytes.Contains([]byte(c.name), []byte("objects")) {
			with(r, "Content-Type", "application/json")
		}
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

// nest is a message type whose field 1 is a list of groups of its own type, and 2
// one of messages of it.
func nest(t testing.TB) protoreflect.MessageDescriptor {
	t.Helper()
	field := func(name string, n int32, encoding descriptorpb.FeatureSet_MessageEncoding) *descriptorpb.FieldDescriptorProto {
		return &descriptorpb.FieldDescriptorProto{
			Name: &name, Number: &n, TypeName: proto.String(".nest.Nest"),
			Type:    descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(),
			Label:   descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum(),
			Options: &descriptorpb.FieldOptions{Features: &descriptorpb.FeatureSet{MessageEncoding: encoding.Enum()}},
		}
	}
	fd, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("nest.proto"), Package: proto.String("nest"),
		Syntax: proto.String("editions"), Edition: descriptorpb.Edition_EDITION_2023.Enum(),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Nest"), Field: []*descriptorpb.FieldDescriptorProto{
			field("groups", 1, descriptorpb.FeatureSet_DELIMITED),
			field("messages", 2, descriptorpb.FeatureSet_LENGTH_PREFIXED),
		}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return fd.Messages().Get(0)
}

// TestGroups says that groups are counted as messages are, that their ends are
// seen, and that a field in the other encoding is no message.
func TestGroups(t *testing.T) {
	md := nest(t)
	c, err := New(MaxMessages(1000), MaxDepth(50))
	if err != nil {
		t.Fatal(err)
	}
	groups := func(n int) []byte {
		return append(bytes.Repeat([]byte{0x0b}, n), bytes.Repeat([]byte{0x0c}, n)...)
	}
	for _, tt := range []struct {
		name   string
		body   []byte
		status int
	}{
		{"a thousand", bytes.Repeat([]byte{0x0b, 0x0c}, 1000), 0},
		{"one more", bytes.Repeat([]byte{0x0b, 0x0c}, 1001), 413},
		{"within one", append(append([]byte{0x0b}, bytes.Repeat([]byte{0x0b, 0x0c}, 1000)...), 0x0c), 413},
		{"messages within a group", append(append([]byte{0x0b}, bytes.Repeat([]byte{0x12, 0}, 1000)...), 0x0c), 413},
		{"messages after a group", append([]byte{0x0b, 0x0c}, bytes.Repeat([]byte{0x12, 0}, 1000)...), 413},
		{"49 deep", groups(49), 0},
		{"50 deep", groups(50), 400},
		{"100,000 deep", groups(100_000), 400},
		{"another end", append(bytes.Repeat([]byte{0x0b, 0x0c}, 999), 0x0b, 0x14), 400},
		{"no end", append(bytes.Repeat([]byte{0x0b, 0x0c}, 999), 0x0b), 400},
		{"an end without a beginning", append(bytes.Repeat([]byte{0x0b, 0x0c}, 999), 0x0c), 400},
		{"unknown groups", bytes.Repeat([]byte{0x0b, 0x1b, 0x1b, 0x1c, 0x1c, 0x0c}, 900), 0},
		{"a list of groups as messages", append([]byte{0x0b, 0x0c}, bytes.Repeat([]byte{0x0a, 1, 0xff}, 2000)...), 0},
	} {
		err := c.Unmarshal([]byte(base64.StdEncoding.EncodeToString(tt.body)), true, "", dynamicpb.NewMessage(md))
		e, _ := err.(*Error)
		if (tt.status == 0) != (err == nil) || e != nil && e.Status != tt.status {
			t.Errorf("%s: %v, want status %d", tt.name, err, tt.status)
		}
	}
}

// TestGroupsOnce says that what is within many groups is looked at once, not once
// for each of them.
func TestGroupsOnce(t *testing.T) {
	const depth = 90
	filler := bytes.Repeat([]byte{0x18, 1}, 50_000) // an unknown field
	body := append(bytes.Repeat([]byte{0x0b}, depth), filler...)
	body = append(body, bytes.Repeat([]byte{0x0c}, depth)...)
	p := planOf(nest(t))
	s := scanner{left: 1000}
	if err := s.scan(p, body, 100); err != nil || s.left != 1000-depth {
		t.Errorf("%v, %d groups counted", err, 1000-s.left)
	}
	// A beginning is counted as far as it goes, which needs no group to end.
	s = scanner{left: 10, partial: true}
	if err := s.scan(p, body[:depth], 100); err != errMessages {
		t.Errorf("beginning: %v", err)
	}
}

// FuzzGroups is FuzzScan for groups.
func FuzzGroups(f *testing.F) {
	f.Add([]byte{0x0b, 0x12, 2, 0x0b, 0x0c, 0x0b, 0x0c, 0x0c})
	f.Add([]byte{0x0a, 2, 0xff, 0xff, 0x13, 0x0b, 0x0c, 0x14})
	f.Fuzz(func(t *testing.T, b []byte) {
		m := dynamicpb.NewMessage(nest(t))
		p := planOf(m.Descriptor())
		s := scanner{left: 1 << 30}
		scanErr := s.scan(p, b, 20)
		if err := (proto.UnmarshalOptions{RecursionLimit: 20}).Unmarshal(b, m); err != nil {
			return
		}
		if scanErr != nil {
			t.Fatalf("%x: decoded, but the scan says %v", b, scanErr)
		}
		if got, want := 1<<30-s.left, countAny(m); got != want {
			t.Fatalf("%x: %d messages counted, %d decoded", b, got, want)
		}
	})
}

func countAny(m protoreflect.Message) (n int) {
	m.Range(func(_ protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		for i := range v.List().Len() {
			n += 1 + countAny(v.List().Get(i).Message())
		}
		return true
	})
	return n
}
