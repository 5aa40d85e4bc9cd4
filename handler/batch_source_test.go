package handler

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// collect returns logic that keeps its inputs.
func collect[In any]() (Each[In], *[]In) {
	got := new([]In)
	return func(_ context.Context, in In) error {
		*got = append(*got, in)
		return nil
	}, got
}

func snsEvent(message string) []byte {
	return records(`{"EventVersion":"1.0","EventSource":"aws:sns","Sns":{"MessageId":"n-1","Message":` + quote(message) + `}}`)
}

func busEvent(detail string) string {
	return `{"version":"0","id":"e-1","detail-type":"Order Placed","source":"shop","detail":` + detail + `}`
}

func notification(message string) string {
	return `{"Type":"Notification","MessageId":"n-1","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":` + quote(message) + `}`
}

func TestNotifications(t *testing.T) {
	quiet(t)
	order := `{"sku":"a\"b","quantity":2}`
	for _, c := range []struct {
		name  string
		inv   func(Each[batchOrder], ...Option) Invoker
		event []byte
		want  string // the response; what is wrong if it begins with !
	}{
		{"SNS", SNS[batchOrder], snsEvent(order), "null"},
		{"SNS in SQS", SNS[batchOrder], records(sqsRecord("1", notification(order))), failures()},
		{"SNS raw in SQS", SQS[batchOrder], records(sqsRecord("1", order)), failures()},
		{"SNS, not a notification", SNS[batchOrder], records(sqsRecord("1", order)), "!record 1: the record has no SNS message"},
		{"SNS, not JSON in SQS", SNS[batchOrder], records(sqsRecord("1", "x")), "!record 1: the body is not JSON"},
		{"SNS, other message", SNS[batchOrder], snsEvent("x"), "!record n-1: invalid JSON"},
		{"SNS of EventBridge's", SNS[batchOrder], []byte(busEvent(order)), "!an event of aws:events, which SNS does not take"},
		{"EventBridge", EventBridge[batchOrder], []byte(busEvent(order)), "null"},
		{"EventBridge in SQS", EventBridge[batchOrder], records(sqsRecord("1", busEvent(order))), failures()},
		{"EventBridge in SNS", EventBridge[batchOrder], snsEvent(busEvent(order)), "null"},
		{"EventBridge without detail", EventBridge[batchOrder], records(sqsRecord("1", `{}`)), "!record 1: the record has no EventBridge detail"},
		{"EventBridge, other detail", EventBridge[batchOrder], []byte(busEvent(`7`)), "!record e-1: invalid JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, got := collect[batchOrder]()
			out, err := c.inv(f).Invoke(t.Context(), c.event)
			if problem, bad := strings.CutPrefix(c.want, "!"); bad {
				if err == nil || !strings.Contains(err.Error(), problem) || len(*got) != 0 {
					t.Errorf("%s, %v, %v", out, err, *got)
				}
				return
			}
			if string(out) != c.want || err != nil || !reflect.DeepEqual(*got, []batchOrder{{`a"b`, 2}}) {
				t.Errorf("%s, %v, %v", out, err, *got)
			}
		})
	}
}

type s3Object struct {
	Bucket, Key, ETag, EventName string
	Size                         int64
	VersionID                    string `json:"versionId"`
}

func TestS3(t *testing.T) {
	quiet(t)
	object := func(key string) string {
		return `{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"` + key + `","size":1024,"eTag":"e","versionId":"v"}}}`
	}
	want := func(key string) s3Object { return s3Object{"b", key, "e", "ObjectCreated:Put", 1024, "v"} }
	event := string(records(object("a+b%2Fc%C3%A9"), object("d")))
	for _, c := range []struct {
		name  string
		event []byte
		want  []s3Object
		out   string
	}{
		{"S3", []byte(event), []s3Object{want("a b/cé"), want("d")}, "null"},
		{"in SQS", records(sqsRecord("1", event)), []s3Object{want("a b/cé"), want("d")}, failures()},
		{"in SNS", snsEvent(event), []s3Object{want("a b/cé"), want("d")}, "null"},
		{"in SNS in SQS", records(sqsRecord("1", notification(event))), []s3Object{want("a b/cé"), want("d")}, failures()},
		{"test event", records(sqsRecord("1", `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`)), nil, failures()},
		{"half a message", records(sqsRecord("1", string(records(object("a"), object("stop"), object("c")))), sqsRecord("2", event)), []s3Object{want("a"), want("stop"), want("a b/cé"), want("d")}, failures("1")},
		{"broken key", records(sqsRecord("1", string(records(object("%zz")))), sqsRecord("2", string(records(object("d"))))), []s3Object{want("d")}, failures("1")},
		{"no S3", records(sqsRecord("1", `{"sku":"x"}`), sqsRecord("2", string(records(object("d"))))), []s3Object{want("d")}, failures("1")},
	} {
		var got []s3Object
		out, err := S3(func(_ context.Context, o s3Object) error {
			got = append(got, o)
			if o.Key == "stop" {
				return fmt.Errorf("stopped")
			}
			return nil
		}).Invoke(t.Context(), c.event)
		if string(out) != c.out || err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %s, %v, %+v", c.name, out, err, got)
		}
	}
}

type streamItem struct {
	ID     string            `dynamodbav:"pk" json:"id"`
	Count  int               `json:"count"`
	Price  float64           `dynamodbav:"price"`
	Paid   bool              `json:"paid"`
	Note   *string           `json:"note"`
	Tags   []string          `json:"tags"`
	Sizes  []int             `json:"sizes"`
	Data   []byte            `json:"data"`
	Blobs  [][]byte          `json:"blobs"`
	Lines  []streamLine      `json:"lines"`
	Labels map[string]string `json:"labels"`
	At     time.Time         `json:"at" dynamodbav:"at,unixtime"`
	Code   int               `json:"code" dynamodbav:",string"`
	Any    any               `json:"any"`
	Hidden string            `json:"hidden" dynamodbav:"-"`
	streamBase
}

type streamLine struct {
	SKU string `json:"sku" dynamodbav:"s"`
}

type streamBase struct {
	Owner string `json:"owner" dynamodbav:"o"`
}

type streamChange struct {
	EventName string `json:"eventName"`
	Keys      struct {
		ID string `json:"pk"`
	}
	NewImage *streamItem
	OldImage *streamItem
}

func streamRecord(seq, name, keys, images string) string {
	return `{"eventID":"x","eventName":"` + name + `","eventSource":"aws:dynamodb","dynamodb":{"Keys":` + keys + `,` + images + `"SequenceNumber":"` + seq + `","StreamViewType":"NEW_AND_OLD_IMAGES"}}`
}

const streamImage = `{"pk":{"S":"a\"1"},"count":{"N":"3"},"price":{"N":"1.5"},"paid":{"BOOL":true},"note":{"NULL":true},"tags":{"SS":["x","y"]},"sizes":{"NS":["1","2"]},` +
	`"data":{"B":"AAEqQQ=="},"blobs":{"BS":["AAEq"]},"lines":{"L":[{"M":{"s":{"S":"L1"}}},{"M":{"s":{"S":"L2"}}}]},"labels":{"M":{"k":{"S":"v"},"sku":{"S":"w"}}},` +
	`"at":{"N":"1700000000"},"code":{"S":"42"},"any":{"M":{"deep":{"L":[{"N":"1"},{"BOOL":false}]}}},"hidden":{"S":"no"},"id":{"S":"not this"},"o":{"S":"me"},"unknown":{"S":"u"}}`

func TestDynamoDBImages(t *testing.T) {
	quiet(t)
	f, got := collect[streamChange]()
	out, err := DynamoDB(f).Invoke(t.Context(), records(
		streamRecord("1", "INSERT", `{"pk":{"S":"a"}}`, `"NewImage":`+streamImage+`,`),
		streamRecord("2", "REMOVE", `{"pk":{"S":"b"}}`, `"OldImage":{"pk":{"S":"b"}},`),
		streamRecord("3", "MODIFY", `{"pk":{"S":"c"}}`, ``)))
	if err != nil || string(out) != failures() || len(*got) != 3 {
		t.Fatalf("%s, %v, %d changes", out, err, len(*got))
	}
	want := &streamItem{
		ID: `a"1`, Count: 3, Price: 1.5, Paid: true, Tags: []string{"x", "y"}, Sizes: []int{1, 2}, Data: []byte{0, 1, 42, 65}, Blobs: [][]byte{{0, 1, 42}},
		Lines: []streamLine{{"L1"}, {"L2"}}, Labels: map[string]string{"k": "v", "sku": "w"}, At: time.Unix(1700000000, 0).UTC(), Code: 42,
		Any: map[string]any{"deep": []any{1.0, false}}, streamBase: streamBase{"me"},
	}
	if c := (*got)[0]; c.EventName != "INSERT" || c.Keys.ID != "a" || c.OldImage != nil || !reflect.DeepEqual(c.NewImage, want) {
		t.Errorf("%+v\nwant %+v", c.NewImage, want)
	}
	if c := (*got)[1]; c.EventName != "REMOVE" || c.NewImage != nil || c.OldImage == nil || c.OldImage.ID != "b" {
		t.Errorf("%+v", c)
	}
	if c := (*got)[2]; c.NewImage != nil || c.OldImage != nil || c.Keys.ID != "c" {
		t.Errorf("%+v", c)
	}
}

func TestDynamoDBPoison(t *testing.T) {
	quiet(t)
	for _, c := range []struct{ image, want string }{
		{`{"count":{"N":"x"}}`, "NewImage: an N must hold a number"},
		{`{"count":{"N":3}}`, "an N must be a string"},
		{`{"count":{"S":"3"}}`, `invalid JSON of member "NewImage.count": a string where an integer`},
		{`{"count":{"Q":"3"}}`, `an attribute of the unknown type "Q"`},
		{`{"count":"3"}`, "an object"},
		{`{"count":{}}`, "an object with one member"},
		{`{"count":{"N":"3","S":"x"}}`, "an object with one member"},
		{`{"paid":{"BOOL":"true"}}`, "a BOOL must be true or false"},
		{`{"pk":{"S":1}}`, "must be a string"},
		{`{"at":{"N":"1.5"}}`, "a unixtime must be"},
		{`{"any":` + strings.Repeat(`{"L":[`, 70) + strings.Repeat(`]}`, 70) + `}`, "nest too deep"},
		{`[]`, "an object"},
	} {
		f, got := collect[streamChange]()
		out, err := DynamoDB(f).Invoke(t.Context(), records(streamRecord("7", "INSERT", `{"pk":{"S":"a"}}`, `"NewImage":`+c.image+`,`)))
		if err == nil || !strings.HasPrefix(err.Error(), "record 7: ") || !strings.Contains(err.Error(), c.want) || len(*got) != 0 {
			t.Errorf("%s: %s, %v, want %s", c.image, out, err, c.want)
		}
	}
}

// An item's records stay in order however its keys are written.
func TestDynamoDBKeyOrder(t *testing.T) {
	quiet(t)
	var order []string
	inv := DynamoDB(func(ctx context.Context, _ struct{ Keys json.RawMessage }) error {
		r, _ := RecordFrom(ctx)
		order = append(order, r.Key)
		return fmt.Errorf("refused")
	}, OnFailure(FailureRules{ContinueOtherKeys: true}))
	_, err := inv.Invoke(t.Context(), records(
		streamRecord("1", "INSERT", `{ "b":{"N":"1"} , "a":{"S":"x"} }`, ``), streamRecord("2", "INSERT", `{"a":{"S":"x"},"b":{"N":"1"}}`, ``)))
	if err == nil || len(order) != 1 {
		t.Errorf("%q, %v: the second record of an item ran after the first one had failed", order, err)
	}
}
