package protobufx

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
	"github.com/lambdatune/lambdatune/protobufx/internal/base64"
)

// An Advice is how large a message is in each encoding, exactly. A body crosses
// two hops: between the function and its front, where it is the inside of a JSON
// string (base64, or JSON with its quotes escaped) and counts against the limits
// of Lambda; and between the front and the client, where it is what it is and
// counts as traffic.
type Advice struct {
	// Message is the message's full name.
	Message string
	// Encodings are protobuf, protobuf+gzip, json and json+gzip in this order;
	// the last two only where a format was given.
	Encodings []Encoding
	// Client and Front are the encodings that are smallest on the hop to the
	// client, and on that to the front: indexes in Encodings. Among equals it is
	// the first.
	Client, Front int
}

// An Encoding is one row of an [Advice].
type Encoding struct {
	Name   string // protobuf, protobuf+gzip, json or json+gzip
	Client int    // bytes between the front and the client
	Front  int    // bytes between the function and the front, without the envelope
	// PerAnswer is how many times the message fits into one answer, in whole
	// messages, with an envelope of 200 bytes: 6,291,556 bytes, 1 MB on ALB.
	PerAnswer, PerAnswerALB int
}

// Advise measures m. The one option that counts is [JSON], without which there is
// protobuf alone; gzip is at the level that [CompressMin] uses. It encodes m in
// every way: it is for samples at design time, not for answers at run time.
//
// What is smallest is not always what is fastest: gzip takes tens of times as
// long as encoding does.
func Advise(m proto.Message, opts ...Option) (Advice, error) {
	c, err := New(opts...)
	if err != nil {
		return Advice{}, err
	}
	a := Advice{Message: string(m.ProtoReflect().Descriptor().FullName())}
	b := make([]byte, c.size(m))
	if err := c.marshalTo(b, m); err != nil {
		return Advice{}, err
	}
	a.add("protobuf", len(b), base64.EncodedLen(len(b)))
	z := gzipLen(b)
	a.add("protobuf+gzip", z, base64.EncodedLen(z))
	if c.json != nil {
		if b, err = c.json.AppendMarshal(nil, m); err != nil {
			return Advice{}, err
		}
		a.add("json", len(b), len(jsonscan.AppendQuoteBytes(nil, b))-len(`""`))
		z := gzipLen(b)
		a.add("json+gzip", z, base64.EncodedLen(z))
	}
	return a, nil
}

func (a *Advice) add(name string, client, front int) {
	const envelope = 200
	e := Encoding{Name: name, Client: client, Front: front}
	e.PerAnswer = (gateway.MaxPayload - envelope) / max(front, 1)
	e.PerAnswerALB = (gateway.MaxALB - envelope) / max(front, 1)
	a.Encodings = append(a.Encodings, e)
	i := len(a.Encodings) - 1
	if client < a.Encodings[a.Client].Client {
		a.Client = i
	}
	if front < a.Encodings[a.Front].Front {
		a.Front = i
	}
}

func gzipLen(b []byte) int {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	w.Write(b) //nolint:errcheck // memory takes all
	w.Close()
	return out.Len()
}

// String is a table, with the smallest of each hop marked, and one line of
// advice.
func (a Advice) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%-14s %12s %12s %12s\n", a.Message, "", "to client", "to front", "per 6 MB")
	for i, e := range a.Encodings {
		mark := func(best int) byte {
			if best == i {
				return '*'
			}
			return ' '
		}
		fmt.Fprintf(&b, "%-14s %11d%c %11d%c %12d\n", e.Name, e.Client, mark(a.Client), e.Front, mark(a.Front), e.PerAnswer)
	}
	client, front := a.Encodings[a.Client], a.Encodings[a.Front]
	if a.Client == a.Front {
		fmt.Fprintf(&b, "use %s: the smallest on both hops", client.Name)
	} else {
		fmt.Fprintf(&b, "use %s for clients' traffic, %s for Lambda's limits", client.Name, front.Name)
	}
	first := a.Encodings[0]
	if plain := 2; len(a.Encodings) > plain {
		j := a.Encodings[plain]
		fmt.Fprintf(&b, "; without gzip %s, by %+.0f %% to clients and %+.0f %% to the front",
			smaller(first, j), percent(first.Client, j.Client), percent(first.Front, j.Front))
	}
	b.WriteByte('\n')
	return b.String()
}

func smaller(p, j Encoding) string {
	if p.Client <= j.Client {
		return "protobuf"
	}
	return "json"
}

// percent is how much larger a is than b.
func percent(a, b int) float64 { return (float64(a)/float64(max(b, 1)) - 1) * 100 }
