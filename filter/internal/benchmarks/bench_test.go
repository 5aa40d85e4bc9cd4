package benchmarks

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/bytedance/sonic"
	"github.com/lambdatune/lambdatune/filter"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
	"quamina.net/go/quamina"
)

func parse(b *testing.B, patterns ...string) *filter.Criteria {
	c, err := filter.Parse(filter.Generic, patterns...)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func BenchmarkMatch(b *testing.B) {
	for _, s := range shapes {
		for _, size := range sizes {
			event := s.event(size.bytes, middle)
			run := func(by string, match func() (bool, error)) {
				b.Run(s.name+"/"+size.name+"/by="+by, func(b *testing.B) {
					b.ReportAllocs()
					b.SetBytes(int64(len(event)))
					for b.Loop() {
						if ok, err := match(); !ok || err != nil {
							b.Fatal(ok, err)
						}
					}
				})
			}
			c := parse(b, s.pattern)
			run("filter", func() (bool, error) { return c.Match(event) })
			run("valid", func() (bool, error) { err := jsonscan.Valid(event); return err == nil, err })
			if s.quamina {
				q := newQuamina(b, s.pattern)
				run("quamina", func() (bool, error) { m, err := q.MatchesForEvent(event); return len(m) == 1, err })
			}
			run("sonic", func() (bool, error) { return s.check(sonic.Unmarshal, event) })
			run("json", func() (bool, error) { return s.check(json.Unmarshal, event) })
		}
	}
}

// BenchmarkPosition is Match where the fields are early or late in the event, or
// not there at all.
func BenchmarkPosition(b *testing.B) {
	for _, s := range shapes {
		if !s.quamina {
			continue
		}
		c, q := parse(b, s.pattern), newQuamina(b, s.pattern)
		for _, size := range sizes {
			for _, at := range []struct {
				name   string
				before float64
				want   bool
			}{{"early", early, true}, {"middle", middle, true}, {"late", late, true}, {"absent", middle, false}} {
				event := s.event(size.bytes, at.before)
				if !at.want {
					without := s
					without.fields = `"other":{"status":"paid"},"region":"none"`
					event = without.event(size.bytes, at.before)
				}
				b.Run(s.name+"/"+size.name+"/"+at.name+"/by=filter", func(b *testing.B) {
					for b.Loop() {
						if ok, err := c.Match(event); ok != at.want || err != nil {
							b.Fatal(ok, err)
						}
					}
				})
				b.Run(s.name+"/"+size.name+"/"+at.name+"/by=quamina", func(b *testing.B) {
					for b.Loop() {
						if m, err := q.MatchesForEvent(event); (len(m) == 1) != at.want || err != nil {
							b.Fatal(m, err)
						}
					}
				})
			}
		}
	}
}

func newQuamina(b *testing.B, pattern string) *quamina.Quamina {
	q, err := quamina.New()
	if err != nil {
		b.Fatal(err)
	}
	// It takes anything-but and exists in fields of their own, as here.
	if err := q.AddPattern("p", pattern); err != nil {
		b.Fatal(err)
	}
	return q
}

// BenchmarkPatterns is the cost of ten patterns against one, over 1 KB.
func BenchmarkPatterns(b *testing.B) {
	s := shapes[1]
	event := s.event(1024, middle)
	for _, n := range []struct {
		name     string
		patterns []string
	}{{"1", []string{s.pattern}}, {"10", tenPatterns(s.pattern)}} {
		c := parse(b, n.patterns...)
		b.Run("patterns="+n.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if ok, err := c.Match(event); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

// BenchmarkSplit takes 10 of 100 messages of 1 KB out of a raw event.
func BenchmarkSplit(b *testing.B) {
	payload := sqsPayload(100)
	c, err := filter.Parse(filter.SQS, shapes[1].pattern)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("by=filter", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(payload)))
		for b.Loop() {
			n := 0
			for _, err := range c.Split(payload) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != 10 {
				b.Fatal(n)
			}
		}
	})
	b.Run("by=valid", func(b *testing.B) {
		b.SetBytes(int64(len(payload)))
		for b.Loop() {
			if err := jsonscan.Valid(payload); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, by := range []struct {
		name      string
		unmarshal func([]byte, any) error
	}{{"sonic", sonic.Unmarshal}, {"json", json.Unmarshal}} {
		b.Run("by="+by.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(payload)))
			for b.Loop() {
				var e events.SQSEvent
				if err := by.unmarshal(payload, &e); err != nil {
					b.Fatal(err)
				}
				n := 0
				for i := range e.Records {
					var body struct{ Status, Region string }
					if err := by.unmarshal([]byte(e.Records[i].Body), &body); err != nil {
						b.Fatal(err)
					}
					s, r := body.Status, body.Region
					if (s == "paid" || s == "settled" || s == "refunded") && (r == "eu-west-1" || r == "eu-central-1") {
						n++
					}
				}
				if n != 10 {
					b.Fatal(n)
				}
			}
		})
	}
}

func sqsPayload(n int) []byte {
	records := make([]string, n)
	for i := range records {
		status := "open"
		if i%10 == 3 {
			status = "paid"
		}
		head := fmt.Sprintf(`{"orderId":"o-%08d","status":"%s","region":"eu-west-1"`, i, status)
		body, err := json.Marshal(head + filler(1024-len(head)) + "}")
		if err != nil {
			panic(err)
		}
		records[i] = fmt.Sprintf(`{"messageId":"19dd0b57-b21e-4ac1-bd88-%012d","receiptHandle":"AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a","body":%s,`+
			`"attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1523232000000","SenderId":"123456789012","ApproximateFirstReceiveTimestamp":"1523232000001"},`+
			`"messageAttributes":{},"md5OfBody":"7b270e59b47ff90a553787216d55d91d","eventSource":"aws:sqs",`+
			`"eventSourceARN":"arn:aws:sqs:us-east-1:123456789012:MyQueue","awsRegion":"us-east-1"}`, i, body)
	}
	return []byte(`{"Records":[` + strings.Join(records, ",") + `]}`)
}

// BenchmarkCompile compiles ten patterns.
func BenchmarkCompile(b *testing.B) {
	patterns := tenPatterns(shapes[4].pattern)
	b.ReportAllocs()
	for b.Loop() {
		parse(b, patterns...)
	}
}

// BenchmarkRecord matches a record of each source with 1 KB of data.
func BenchmarkRecord(b *testing.B) {
	payload := sqsPayload(4)
	record, err := jsonscan.Find(payload, "Records")
	if err != nil {
		b.Fatal(err)
	}
	a := jsonscan.WalkArray(record, 0)
	for range 4 {
		a.Next()
	}
	message := a.Value()
	c, err := filter.Parse(filter.SQS, shapes[1].pattern)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("SQS", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(message)))
		for b.Loop() {
			if ok, err := c.MatchRecord(message); !ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
}
