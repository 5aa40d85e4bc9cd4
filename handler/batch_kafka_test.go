package handler

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// kafkaRecord has a tombstone's form if value is empty.
func kafkaRecord(partition, offset int, value string) string {
	r := fmt.Sprintf(`{"topic":"orders","partition":%d,"offset":%d,"timestamp":1545084650987,"timestampType":"CREATE_TIME","key":"azE=","headers":[{"trace":[97,-1]},{"trace":[]}]`, partition, offset)
	if value != "" {
		r += `,"value":"` + base64.StdEncoding.EncodeToString([]byte(value)) + `"`
	}
	return r + "}"
}

func kafkaEvent(source string, partitions ...[]string) []byte {
	var p []string
	for i, records := range partitions {
		p = append(p, fmt.Sprintf(`"orders-%d":[%s]`, i, strings.Join(records, ",")))
	}
	return []byte(`{"eventSource":` + quote(source) + `,"bootstrapServers":"b:9092","records":{` + strings.Join(p, ",") + `}}`)
}

func TestKafkaResponses(t *testing.T) {
	r := kafkaRecord
	for _, c := range []struct {
		name    string
		event   []byte
		opts    []Option
		wantErr string
		seen    string
	}{
		{"nothing", kafkaEvent("aws:kafka"), nil, "", ""},
		{"empty partition", kafkaEvent("aws:kafka", nil, []string{r(1, 7, sku("a"))}), nil, "", "a"},
		{"all done", kafkaEvent("aws:kafka", []string{r(0, 1, sku("a")), r(0, 2, sku("b"))}, []string{r(1, 1, sku("c"))}), nil, "", "a b c"},
		{"self-managed", kafkaEvent("SelfManagedKafka", []string{r(0, 1, sku("a"))}), nil, "", "a"},
		{"tombstone", kafkaEvent("aws:kafka", []string{r(0, 1, sku("a")), r(0, 2, ""), r(0, 3, sku("b"))}), nil, "", "a  b"},
		{"one fails", kafkaEvent("aws:kafka", []string{r(0, 1, sku("a")), r(0, 2, sku("bad")), r(0, 3, sku("c"))}, []string{r(1, 1, sku("d"))}), nil, "3 of 4 records are not done; 1 failed by themselves; record orders-0:2: refused", "a bad"},
		{"one fails, others go on", kafkaEvent("aws:kafka", []string{r(0, 1, sku("bad")), r(0, 2, sku("b"))}, []string{r(1, 1, sku("c"))}), []Option{OnFailure(FailureRules{ContinueOtherKeys: true, ReturnAllIDs: true})}, "record orders-0:1: refused", "bad c"},
		{"one panics", kafkaEvent("aws:kafka", []string{r(0, 1, sku("panic"))}), nil, "boom", "panic"},
		{"poison", kafkaEvent("aws:kafka", []string{r(0, 1, `{"sku":7}`), r(0, 2, sku("b"))}), nil, "record orders-0:1: invalid JSON", ""},
		{"poison dropped, then a tombstone", kafkaEvent("aws:kafka", []string{r(0, 1, `{"sku":"x","quantity":"y"}`), r(0, 2, "")}), []Option{OnPoison(func(context.Context, []byte, error) error { return nil })}, "", ""},
		{"no base64", []byte(`{"eventSource":"aws:kafka","records":{"t-0":[{"offset":1,"value":"!"}]}}`), nil, "record t-0:1: the data is not base64", ""},
		{"no string", []byte(`{"eventSource":"aws:kafka","records":{"t-0":[{"value":{}}]}}`), nil, "record 0 of the batch, which has no ID: the record has no data that is a string", ""},
		{"no object", []byte(`{"eventSource":"aws:kafka","records":[]}`), nil, "array per partition", ""},
		{"no array", []byte(`{"eventSource":"aws:kafka","records":{"t-0":{}}}`), nil, "array per partition", ""},
		{"unknown source", kafkaEvent("aws:rabbit", []string{r(0, 1, sku("a"))}), nil, "no known source", ""},
		{"another source", records(sqsRecord("1", sku("a"))), nil, "an event of aws:sqs, which Kafka does not take", ""},
		{"broken", []byte(`{"records":{"t-0":[{"value":"x"`), nil, "invalid JSON", ""},
		{"twice", []byte(`{"records":{},"records":{}}`), nil, "two members with records", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			quiet(t)
			f, seen := skuIs("bad")
			out, err := Kafka(f, c.opts...).Invoke(t.Context(), c.event)
			if c.wantErr == "" && (string(out) != "null" || err != nil) || c.wantErr != "" && (out != nil || err == nil || !strings.Contains(err.Error(), c.wantErr)) {
				t.Errorf("%s, %v, want %s", out, err, c.wantErr)
			}
			if got := strings.Join(*seen, " "); got != c.seen {
				t.Errorf("logic saw %q, want %q", got, c.seen)
			}
		})
	}
}

func TestKafkaRecord(t *testing.T) {
	var got []Record
	var values []*batchOrder
	_, err := Kafka(func(ctx context.Context, in *batchOrder) error {
		r, _ := RecordFrom(ctx)
		got, values = append(got, r), append(values, in)
		return nil
	}).Invoke(t.Context(), kafkaEvent("aws:kafka", []string{kafkaRecord(0, 15, sku("a")), kafkaRecord(0, 16, ""), `{"offset":17,"value":null}`}))
	if err != nil || len(got) != 3 {
		t.Fatalf("%v, %v", got, err)
	}
	headers := []KafkaHeader{{"trace", []byte("a\xff")}, {"trace", []byte{}}}
	want := []Record{
		{"aws:kafka", "orders-0:15", "k1", []byte(kafkaRecord(0, 15, sku("a"))), headers, false},
		{"aws:kafka", "orders-0:16", "k1", []byte(kafkaRecord(0, 16, "")), headers, true},
		{"aws:kafka", "orders-0:17", "", []byte(`{"offset":17,"value":null}`), nil, true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if values[0] == nil || values[0].SKU != "a" || values[1] != nil || values[2] != nil {
		t.Errorf("values %v", values)
	}
}

// Partitions run at the same time, each in order.
func TestKafkaOrder(t *testing.T) {
	quiet(t)
	var partitions [][]string
	for p := range 4 {
		var records []string
		for i := range 20 {
			records = append(records, kafkaRecord(p, i, fmt.Sprint(p*100+i)))
		}
		partitions = append(partitions, records)
	}
	seen := make([][]int, 4) // each written by whoever has the partition's record
	_, err := Kafka(func(_ context.Context, in int) error {
		seen[in/100] = append(seen[in/100], in%100)
		if in == 210 {
			return errors.New("refused")
		}
		return nil
	}, Concurrency(4), OnFailure(FailureRules{ContinueOtherKeys: true})).Invoke(t.Context(), kafkaEvent("aws:kafka", partitions...))
	if err == nil || !strings.Contains(err.Error(), "10 of 80 records are not done; 1 failed") {
		t.Errorf("%v", err)
	}
	for p, s := range seen {
		if want := map[bool]int{true: 11, false: 20}[p == 2]; len(s) != want || !slices.IsSorted(s) {
			t.Errorf("partition %d: %v", p, s)
		}
	}
}
