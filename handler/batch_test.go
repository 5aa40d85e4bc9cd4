package handler

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

type batchOrder struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// quote is s in JSON.
func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func records(r ...string) []byte { return []byte(`{"Records":[` + strings.Join(r, ",") + `]}`) }

func sqsRecord(id, body string) string {
	return `{"messageId":` + quote(id) + `,"receiptHandle":"r","body":` + quote(body) + `,"attributes":{"SentTimestamp":"1"},` +
		`"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:orders"}`
}

func fifoRecord(id, group, body string) string {
	return `{"messageId":` + quote(id) + `,"body":` + quote(body) + `,"attributes":{"MessageGroupId":` + quote(group) + `},` +
		`"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:orders.fifo"}`
}

func kinesisRecord(seq, key, data string) string {
	return `{"kinesis":{"partitionKey":` + quote(key) + `,"sequenceNumber":` + quote(seq) + `,"data":"` + base64.StdEncoding.EncodeToString([]byte(data)) +
		`"},"eventSource":"aws:kinesis","eventSourceARN":"arn:aws:kinesis:eu-west-1:1:stream/orders"}`
}

func failures(ids ...string) string {
	var items []string
	for _, id := range ids {
		items = append(items, `{"itemIdentifier":"`+id+`"}`)
	}
	return `{"batchItemFailures":[` + strings.Join(items, ",") + `]}`
}

// quiet sends what the package logs to b instead of standard error.
func quiet(t *testing.T) *bytes.Buffer {
	b := new(bytes.Buffer)
	log.SetOutput(b)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	return b
}

// skuIs fails orders of those SKUs, and panics for "panic".
func skuIs(bad ...string) (Each[batchOrder], *[]string) {
	var mu sync.Mutex
	seen := new([]string)
	return func(_ context.Context, o batchOrder) error {
		mu.Lock()
		*seen = append(*seen, o.SKU)
		mu.Unlock()
		if o.SKU == "panic" {
			panic("boom")
		}
		if slices.Contains(bad, o.SKU) {
			return errors.New("refused")
		}
		return nil
	}, seen
}

func sku(s string) string { return `{"sku":` + quote(s) + `}` }

func TestSQSResponses(t *testing.T) {
	for _, c := range []struct {
		name    string
		event   []byte
		opts    []Option
		want    string // the response
		wantErr string // or a part of the error
		seen    string
	}{
		{"nothing", records(), nil, failures(), "", ""},
		{"all done", records(sqsRecord("1", sku("a")), sqsRecord("2", sku("b"))), nil, failures(), "", "a b"},
		{"one fails", records(sqsRecord("1", sku("a")), sqsRecord("2", sku("bad")), sqsRecord("3", sku("c"))), nil, failures("2"), "", "a bad c"},
		{"one panics", records(sqsRecord("1", sku("panic")), sqsRecord("2", sku("b"))), nil, failures("1"), "", "panic b"},
		{"one does not decode", records(sqsRecord("1", `{"sku":7}`), sqsRecord("2", sku("b"))), nil, failures("1"), "", "b"},
		{"one is null", records(sqsRecord("1", `null`), sqsRecord("2", sku("b"))), nil, failures("1"), "", "b"},
		{"one has trailing text", records(sqsRecord("1", sku("a")+" x"), sqsRecord("2", sku("b"))), nil, failures("1"), "", "b"},
		{"unknown member", records(sqsRecord("1", `{"sku":"a","x":1}`), sqsRecord("2", sku("b"))), []Option{DisallowUnknownFields()}, failures("1"), "", "b"},
		{"body missing", records(`{"messageId":"1"}`, sqsRecord("2", sku("b"))), nil, failures("1"), "", "b"},
		{"all fail", records(sqsRecord("1", sku("bad")), sqsRecord("2", sku("bad"))), nil, "", "2 of 2 records are not done; 2 failed by themselves; record 1: refused; record 2: refused", "bad bad"},
		{"all fail, IDs wanted", records(sqsRecord("1", sku("bad")), sqsRecord("2", sku("bad"))), []Option{OnFailure(FailureRules{ReturnAllIDs: true})}, failures("1", "2"), "", "bad bad"},
		{"no ID to name", records(sqsRecord("", sku("bad")), sqsRecord("2", sku("b"))), nil, "", "record 0 of the batch, which has no ID: refused", "bad b"},
		{"no ID, nothing to name", records(sqsRecord("", sku("a")), sqsRecord("2", sku("b"))), nil, failures(), "", "a b"},
		{"ID with escapes", records(sqsRecord("1\"\n", sku("bad")), sqsRecord("2", sku("b"))), nil, failures(`1\"\n`), "", "bad b"},
		{"fifo ends a group", records(fifoRecord("1", "g", sku("a")), fifoRecord("2", "g", sku("bad")), fifoRecord("3", "h", sku("c")), fifoRecord("4", "g", sku("d"))), nil, failures("2", "4"), "", "a bad c"},
		{"fifo poison ends a group", records(fifoRecord("1", "g", `{`), fifoRecord("2", "g", sku("b")), fifoRecord("3", "h", sku("c"))), nil, failures("1", "2"), "", "c"},
		{"another source", records(kinesisRecord("1", "k", "{}")), nil, "", "an event of aws:kinesis, which SQS does not take", ""},
		{"two sources", records(sqsRecord("1", sku("a")), kinesisRecord("1", "k", "{}")), nil, "", "different sources", ""},
		{"source denies its form", []byte(`{"Records":[{"messageId":"1","body":"{}","eventSource":"aws:kinesis"}]}`), nil, "", "no known source", ""},
		{"no records", []byte(`{"x":1}`), nil, "", "no array Records", ""},
		{"no array", []byte(`{"Records":null}`), nil, "", "no array Records", ""},
		{"broken", []byte(`{"Records":[{"body":"x"`), nil, "", "invalid JSON", ""},
		{"broken within", []byte(`{"Records":[{"kinesis":{"data":x}}]}`), nil, "", "invalid JSON", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			quiet(t)
			f, seen := skuIs("bad")
			out, err := SQS(f, c.opts...).Invoke(t.Context(), c.event)
			if string(out) != c.want || (err == nil) != (c.wantErr == "") || err != nil && !strings.Contains(err.Error(), c.wantErr) {
				t.Errorf("%s, %v, want %s, %s", out, err, c.want, c.wantErr)
			}
			if got := strings.Join(*seen, " "); got != c.seen {
				t.Errorf("logic saw %q, want %q", got, c.seen)
			}
		})
	}
}

func TestStreamResponses(t *testing.T) {
	r := kinesisRecord
	for _, c := range []struct {
		name    string
		event   []byte
		opts    []Option
		want    string
		wantErr string
		seen    string
	}{
		{"all done", records(r("1", "k", sku("a")), r("2", "k", sku("b"))), nil, failures(), "", "a b"},
		{"stops", records(r("1", "k", sku("a")), r("2", "k", sku("bad")), r("3", "l", sku("c"))), nil, failures("2"), "", "a bad"},
		{"first fails", records(r("1", "k", sku("bad")), r("2", "l", sku("b"))), nil, "", "record 1: refused", "bad"},
		{"first fails, ID wanted", records(r("1", "k", sku("bad")), r("2", "l", sku("b"))), []Option{OnFailure(FailureRules{ReturnAllIDs: true})}, failures("1"), "", "bad"},
		{"others go on", records(r("1", "k", sku("bad")), r("2", "l", sku("b")), r("3", "k", sku("c"))), []Option{OnFailure(FailureRules{ContinueOtherKeys: true})}, failures("1"), "", "bad b"},
		{"not base64", records(r("1", "k", sku("a")), strings.Replace(r("2", "k", sku("a")), `"data":"`, `"data":"*`, 1)), nil, failures("2"), "", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			quiet(t)
			f, seen := skuIs("bad")
			out, err := Kinesis(f, c.opts...).Invoke(t.Context(), c.event)
			if string(out) != c.want || (err == nil) != (c.wantErr == "") || err != nil && !strings.Contains(err.Error(), c.wantErr) {
				t.Errorf("%s, %v, want %s, %s", out, err, c.want, c.wantErr)
			}
			if got := strings.Join(*seen, " "); got != c.seen {
				t.Errorf("logic saw %q, want %q", got, c.seen)
			}
		})
	}
}

func TestKeepAndPoison(t *testing.T) {
	var poison []string
	keep := Keep(func(record []byte) (bool, error) {
		if bytes.Contains(record, []byte("odd")) {
			return false, errors.New("odd")
		}
		return !bytes.Contains(record, []byte("skip")), nil
	})
	ask := OnPoison(func(ctx context.Context, record []byte, err error) error {
		r, ok := RecordFrom(ctx)
		if !ok || string(r.Raw) != string(record) {
			t.Errorf("record %v, %v", r, ok)
		}
		poison = append(poison, r.ID+" "+err.Error())
		switch r.ID {
		case "3":
			return nil
		case "4":
			panic("poison")
		}
		return err
	})
	quiet(t)
	f, seen := skuIs()
	out, err := SQS(f, keep, ask).Invoke(t.Context(), records(
		sqsRecord("1", sku("skip")), sqsRecord("2", sku("odd")), sqsRecord("3", `[]`), sqsRecord("4", `{`), sqsRecord("5", sku("e"))))
	if string(out) != failures("2", "4") || err != nil {
		t.Errorf("%s, %v", out, err)
	}
	if len(*seen) != 1 || (*seen)[0] != "e" {
		t.Errorf("logic saw %v", *seen)
	}
	want := []string{"2 odd", "3 invalid JSON at offset 0: an array where an object is expected", "4 invalid JSON at offset 1"}
	if len(poison) != 3 || poison[0] != want[0] || poison[1] != want[1] || !strings.HasPrefix(poison[2], want[2]) {
		t.Errorf("poison %q", poison)
	}
}

func TestRecordFrom(t *testing.T) {
	var kept context.Context
	event := records(fifoRecord("m-1", "g", sku("a")))
	_, err := SQS(func(ctx context.Context, _ batchOrder) error {
		child, cancel := context.WithCancel(ctx)
		defer cancel()
		kept = child
		r, ok := RecordFrom(child)
		if !ok || r.Source != "aws:sqs" || r.ID != "m-1" || r.Key != "g" || !json.Valid(r.Raw) || !bytes.Contains(event, r.Raw) {
			t.Errorf("%+v, %v", r, ok)
		}
		return nil
	}).Invoke(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := RecordFrom(kept); ok {
		t.Errorf("after the batch: %+v", r)
	}
	if _, ok := RecordFrom(t.Context()); ok {
		t.Error("a record without a batch")
	}
}

// withDeadline is the context of an invocation that ends after d.
func withDeadline(t *testing.T, d time.Duration) context.Context {
	end := time.Now().Add(d)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	t.Cleanup(cancel)
	return invocation.NewContext(ctx, invocation.Value{Start: time.Now(), Deadline: end})
}

func TestBatchDeadline(t *testing.T) {
	quiet(t)
	batch := records(sqsRecord("1", sku("a")), sqsRecord("2", sku("b")), sqsRecord("3", sku("c")), sqsRecord("4", sku("d")))
	t.Run("nothing begins in the reserve", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			out, err := SQS(func(context.Context, batchOrder) error {
				time.Sleep(440 * time.Millisecond)
				return nil
			}, DeadlineReserve(200*time.Millisecond)).Invoke(withDeadline(t, time.Second), batch)
			if string(out) != failures("3", "4") || err != nil {
				t.Errorf("%s, %v", out, err)
			}
		})
	})
	t.Run("logic that heeds its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			out, err := SQS(func(ctx context.Context, o batchOrder) error {
				if o.SKU == "b" {
					<-ctx.Done()
					return ctx.Err()
				}
				return nil
			}, DeadlineReserve(200*time.Millisecond)).Invoke(withDeadline(t, time.Second), batch)
			if string(out) != failures("2", "3", "4") || err != nil || time.Since(start) != 800*time.Millisecond {
				t.Errorf("%s, %v after %v", out, err, time.Since(start))
			}
		})
	})
	t.Run("logic that does not", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			release := make(chan struct{})
			seen := 0
			inv := SQS(func(ctx context.Context, o batchOrder) error {
				seen++
				if o.SKU == "b" {
					<-release
					if _, ok := RecordFrom(ctx); ok || ctx.Err() == nil {
						t.Error("the record outlives its batch")
					}
				}
				return nil
			}, DeadlineReserve(200*time.Millisecond))
			event := bytes.Clone(batch)
			out, err := inv.Invoke(withDeadline(t, time.Second), event)
			clear(event) // as the runtime may
			if string(out) != failures("2", "3", "4") || err != nil || time.Since(start) != 900*time.Millisecond {
				t.Errorf("%s, %v after %v", out, err, time.Since(start))
			}
			close(release)
			synctest.Wait()
			if seen != 2 {
				t.Errorf("logic ran %d times: it must not begin with the rest", seen)
			}
		})
	})
	t.Run("too late for all", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx := withDeadline(t, time.Second)
			time.Sleep(2 * time.Second)
			f, seen := skuIs()
			out, err := SQS(f).Invoke(ctx, batch)
			if out != nil || err == nil || len(*seen) != 0 {
				t.Errorf("%s, %v, %v", out, err, *seen)
			}
		})
	})
}

func TestBatchPanicExits(t *testing.T) {
	quiet(t)
	f, _ := skuIs()
	ctx := context.WithValue(t.Context(), exitKey{}, true)
	out, err := SQS(f).Invoke(ctx, records(sqsRecord("1", sku("a")), sqsRecord("2", sku("panic")), sqsRecord("3", sku("c"))))
	if _, ok := errors.AsType[*PanicError](err); !ok || out != nil {
		t.Errorf("%s, %v", out, err)
	}
}

func TestBatchLogs(t *testing.T) {
	logged := quiet(t)
	f, _ := skuIs("bad")
	secret := "4111-1111"
	_, err := SQS(f).Invoke(t.Context(), records(sqsRecord("m-1", sku("bad")), sqsRecord("m-2", `{"sku":"`+secret+`","quantity":"x"}`), sqsRecord("m-3", sku("c"))))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"record m-1: refused", `record m-2: invalid JSON of member \"quantity\"`, "2 of 3 records are not done; 2 failed by themselves"} {
		if !strings.Contains(logged.String(), want) {
			t.Errorf("not logged: %s in\n%s", want, logged)
		}
	}
	if strings.Contains(logged.String(), secret) {
		t.Errorf("a body is logged: %s", logged)
	}
}

type outOfStock struct{}

func (outOfStock) Error() string     { return "out of stock" }
func (outOfStock) ErrorType() string { return "OutOfStock" }

func TestBatchErrorType(t *testing.T) {
	quiet(t)
	one := sqsRecord("1", sku("a"))
	for _, c := range []struct {
		event []byte
		err   error
		want  string
	}{
		{records(one), outOfStock{}, "OutOfStock"},
		{records(one), io.EOF, "errorString"},
		{records(one, one), outOfStock{}, "BatchProcessingError"},
	} {
		_, err := SQS(func(context.Context, batchOrder) error { return c.err }).Invoke(t.Context(), c.event)
		if got := errorType(err); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%v is %s, want %s", err, got, c.want)
		}
	}
}

func TestBatchConfiguration(t *testing.T) {
	f := func(context.Context, batchOrder) error { return nil }
	for _, c := range []struct {
		inv  Invoker
		want string
	}{
		{SQS(f, Concurrency(0)), "0 is out of range: it must be 1 to 10000"},
		{SQS(f, Concurrency(10001)), "10001 is out of range"},
		{SQS(f, Keep(nil)), "a function is needed"},
		{SQS(f, OnPoison(nil)), "a function is needed"},
		{SQS(f, Route("/x")), "Route is not an option of a batch adapter"},
		{SQS[batchOrder](nil), "SQS: the logic is nil"},
		{SQS(Discard[int, int](nil)), "SQS: the logic is nil"},
		{DynamoDB(f), "DynamoDB: the input must be a struct with a field for NewImage, OldImage or Keys"},
		{JSON(func(context.Context, int) (int, error) { return 0, nil }, Concurrency(2)), "Concurrency is not an option of JSON"},
	} {
		if err := configErrorOf(c.inv); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
		if _, err := c.inv.Invoke(t.Context(), records()); err == nil {
			t.Errorf("%s: it is invoked all the same", c.want)
		}
	}
}

func TestCPUs(t *testing.T) {
	for mb, want := range map[string]int{"": 1, "x": 1, "128": 1, "1769": 1, "1770": 2, "3008": 2, "10240": 6} {
		t.Setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", mb)
		if got := cpus(); got != want {
			t.Errorf("%s MB: %d, want %d", mb, got, want)
		}
	}
}

// keeps is an input that could alias what it is decoded from.
type keeps struct {
	Raw   json.RawMessage `json:"raw"`
	Bytes []byte          `json:"bytes"`
	Text  string          `json:"text"`
	List  []string        `json:"list"`
}

func TestNothingAliases(t *testing.T) {
	quiet(t)
	for _, workers := range []int{1, 4} {
		var mu sync.Mutex
		got := map[string]keeps{}
		inv := SQS(func(_ context.Context, k keeps) error {
			mu.Lock()
			defer mu.Unlock()
			got[k.Text] = k
			return nil
		}, Concurrency(workers))
		var event []string
		for i := range 50 {
			event = append(event, sqsRecord(fmt.Sprint(i), fmt.Sprintf(`{"raw":{"n":"%02d"},"bytes":"%s","text":"t%02d","list":["a%02d","b"]}`, i, base64.StdEncoding.EncodeToString([]byte{byte(i), 1, 2}), i, i)))
		}
		payload := records(event...)
		if out, err := inv.Invoke(t.Context(), payload); err != nil || string(out) != failures() {
			t.Fatalf("%s, %v", out, err)
		}
		clear(payload)
		for i := range 50 {
			k := got[fmt.Sprintf("t%02d", i)]
			if string(k.Raw) != fmt.Sprintf(`{"n":"%02d"}`, i) || !bytes.Equal(k.Bytes, []byte{byte(i), 1, 2}) || k.List[0] != fmt.Sprintf("a%02d", i) {
				t.Errorf("record %d became %+v", i, k)
			}
		}
	}
}

// Several invocations at once share an adapter, and nothing else.
func TestBatchesAtOnce(t *testing.T) {
	quiet(t)
	inv := SQS(func(ctx context.Context, o batchOrder) error {
		if r, ok := RecordFrom(ctx); !ok || r.ID != o.SKU {
			return fmt.Errorf("record %q has the order of %q", r.ID, o.SKU)
		}
		if strings.HasSuffix(o.SKU, "-7") {
			return errors.New("refused")
		}
		return nil
	}, Concurrency(3))
	ctx := withDeadline(t, time.Hour)
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for n := range 50 {
				var recs []string
				for i := range 10 {
					id := fmt.Sprintf("%d-%d-%d", g, n, i)
					recs = append(recs, sqsRecord(id, sku(id)))
				}
				out, err := inv.Invoke(ctx, records(recs...))
				if want := failures(fmt.Sprintf("%d-%d-7", g, n)); string(out) != want || err != nil {
					t.Errorf("%s, %v, want %s", out, err, want)
				}
			}
		})
	}
	all.Wait()
}
