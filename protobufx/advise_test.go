package protobufx

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/protobufx/internal/testpb"
	"github.com/lambdatune/lambdatune/protobufx/pbjson"
)

// shapes are payloads of many kinds, each in three sizes and one.
func shapes() map[string]proto.Message {
	r := rand.New(rand.NewPCG(1, 2))
	uuid := func() []byte {
		b := make([]byte, 16)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	words := strings.Fields("the quick brown fox jumps over a lazy dog while <it> & others \"look\" on in wonder")
	kinds := map[string]func(*testpb.Mixed){
		"text":     func(m *testpb.Mixed) { m.Text += words[r.IntN(len(words))] + " " },
		"blob":     func(m *testpb.Mixed) { m.Blob = append(m.Blob, uuid()...) },
		"doubles":  func(m *testpb.Mixed) { m.Doubles = append(m.Doubles, float64(r.IntN(1e6))/1e4) },
		"small":    func(m *testpb.Mixed) { m.Doubles = append(m.Doubles, float64(r.IntN(9))) },
		"ints":     func(m *testpb.Mixed) { m.Ints = append(m.Ints, int64(r.IntN(10))) },
		"stamps":   func(m *testpb.Mixed) { m.Stamps = append(m.Stamps, 1767225600000+uint64(len(m.Stamps))*60000) },
		"uuid":     func(m *testpb.Mixed) { m.Texts = append(m.Texts, fmt.Sprintf("%x", uuid())) },
		"uuids":    func(m *testpb.Mixed) { m.Blobs = append(m.Blobs, uuid()) },
		"deltas":   func(m *testpb.Mixed) { m.Deltas = append(m.Deltas, int64(r.IntN(200)-100)) },
		"quotes":   func(m *testpb.Mixed) { m.Text += "\"\\\n\u2028" },
		"labelled": func(m *testpb.Mixed) { m.Labels[fmt.Sprint("key-", len(m.Labels))] = words[r.IntN(len(words))] },
	}
	out := map[string]proto.Message{"Person": joseph, "People": many(200), "empty": &testpb.Mixed{}}
	for name, add := range kinds {
		for _, n := range []int{1, 20, 1000} {
			m := &testpb.Mixed{Labels: map[string]string{}}
			for range n {
				add(m)
			}
			out[fmt.Sprint(name, " ", n)] = m
		}
	}
	return out
}

// TestAdvise compares every prediction with an answer that is really built.
func TestAdvise(t *testing.T) {
	all := shapes()
	if len(all) < 30 {
		t.Fatalf("%d shapes", len(all))
	}
	c, err := New(JSON(pbjson.Format{}), Deterministic())
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range all {
		a, err := Advise(m, JSON(pbjson.Format{}), Deterministic())
		if err != nil {
			t.Fatal(err)
		}
		body := func(contentType string) (inEnvelope, decoded int) {
			out, err := c.AppendResponse(nil, HTTPv2, 200, contentType, m)
			if err != nil {
				t.Fatal(err)
			}
			var v struct {
				Body            string
				IsBase64Encoded bool
			}
			if err := json.Unmarshal(out, &v); err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(string(out), `"body":"`)
			if v.IsBase64Encoded {
				b, _ := base64.StdEncoding.DecodeString(v.Body)
				return len(rest) - 2, len(b)
			}
			return len(rest) - 2, len(v.Body)
		}
		wantFront, wantClient := 0, 0
		for i, e := range a.Encodings {
			var front, client int
			switch e.Name {
			case "protobuf":
				front, client = body("application/protobuf")
			case "json":
				front, client = body("application/json")
			default:
				var raw []byte
				if e.Name == "protobuf+gzip" {
					raw = wire(t, m)
				} else if raw, err = (pbjson.Format{}).AppendMarshal(nil, m); err != nil {
					t.Fatal(err)
				}
				client = gzipLen(raw)
				front = base64.StdEncoding.EncodedLen(client)
			}
			if e.Front != front || e.Client != client {
				t.Errorf("%s, %s: %d and %d, want %d and %d", name, e.Name, e.Client, e.Front, client, front)
			}
			if front < a.Encodings[wantFront].Front {
				wantFront = i
			}
			if client < a.Encodings[wantClient].Client {
				wantClient = i
			}
		}
		if a.Front != wantFront || a.Client != wantClient {
			t.Errorf("%s: %s and %s are not the smallest", name, a.Encodings[a.Client].Name, a.Encodings[a.Front].Name)
		}
		if s := a.String(); strings.Count(s, "*") != 2 {
			t.Errorf("%s: %s", name, s)
		}
	}
}
