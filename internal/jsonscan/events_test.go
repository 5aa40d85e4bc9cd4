package jsonscan_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// Events as the platform delivers them: compact but for the one that says
// otherwise, with the members, headers and bodies that real ones have.
var events = []struct {
	name string
	json []byte
	path []string // to a member near the end, for the lookup benchmarks
}{
	{"rest3k", restEvent(8), []string{"requestContext", "identity", "userAgent"}},
	{"rest8k", restEvent(44), []string{"requestContext", "identity", "userAgent"}},
	{"sqs", sqsEvent(10, 0), []string{"Records"}},
	{"sns-in-sqs", sqsEvent(10, 1), []string{"Records"}},
	{"kinesis", kinesisEvent(10), []string{"Records"}},
	{"numbers", numbersEvent(120), []string{"readings"}},
	{"nested", nestedEvent(400), []string{"tree", "child", "child", "id"}},
	{"pretty", indented(restEvent(6)), []string{"requestContext", "identity", "userAgent"}},
	{"escapes", escapesEvent(), []string{"message"}},
}

func marshal(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(buf.Bytes())
}

func indented(b []byte) []byte {
	var buf bytes.Buffer
	if err := json.Indent(&buf, b, "", "    "); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

type member struct {
	name  string
	value any
}

// object keeps its members in order.
type object []member

func (o object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, marshal(m.name)...)
		b = append(b, ':')
		b = append(b, marshal(m.value)...)
	}
	return append(b, '}'), nil
}

// order is a request body: an order of n items.
func order(n int) string {
	var items []any
	for i := range n {
		items = append(items, object{
			{"sku", fmt.Sprintf("SKU-%05d-%c", 7919*i%100000, 'A'+i%26)}, {"title", []string{"Espresso cup", "Filter paper, size 4", "Hand grinder", "Kettle 1.2 l"}[i%4]},
			{"quantity", 1 + i%7}, {"unitPrice", float64(199+337*i%5000) / 100}, {"gift", i%5 == 0},
		})
	}
	return string(marshal(object{
		{"orderId", "o-20260918-4711"}, {"customer", object{{"id", 88123}, {"name", "Zoë Müller"}, {"email", "zoe.mueller@example.com"}}},
		{"items", items}, {"currency", "EUR"}, {"note", "Please ring twice.\nThank you!"}, {"coupon", nil},
	}))
}

var headers = object{
	{"accept", "application/json, text/plain, */*"}, {"accept-encoding", "gzip, deflate, br, zstd"}, {"accept-language", "en-GB,en;q=0.9,de;q=0.8"},
	{"authorization", "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6IjEyMyJ9.eyJzdWIiOiI4ODEyMyIsImV4cCI6MTc5MDAwMDAwMH0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"},
	{"cache-control", "no-cache"}, {"CloudFront-Forwarded-Proto", "https"}, {"CloudFront-Is-Desktop-Viewer", "true"}, {"CloudFront-Is-Mobile-Viewer", "false"},
	{"CloudFront-Viewer-Country", "DE"}, {"content-type", "application/json"}, {"Host", "wt6mne2s9k.execute-api.eu-central-1.amazonaws.com"}, {"origin", "https://shop.example.com"},
	{"referer", "https://shop.example.com/checkout?step=3"}, {"User-Agent", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36"},
	{"Via", "2.0 08f323deadbeefa7af34d5feb414ce27.cloudfront.net (CloudFront)"}, {"X-Amz-Cf-Id", "cDehVQoZnx43VYQb9j2-nvCh-9z396Uhbp027Y2JvkCPNLmGJHqlaA=="},
	{"X-Amzn-Trace-Id", "Root=1-66eb1c2f-5f1f8d3b3a6e1f6a0c7d8e9f"}, {"X-Forwarded-For", "203.0.113.24, 70.132.1.81"}, {"X-Forwarded-Port", "443"}, {"X-Forwarded-Proto", "https"},
	{"idempotency-key", "3f0c9d6e-5d0e-4c39-9f8c-2f9e9a7c1b55"}, {"x-tenant", "blue"},
}

// restEvent is an API Gateway REST proxy event (payload 1.0): an order of n
// items as its body, and from ten items on every header twice, as the gateway
// sends them.
func restEvent(items int) []byte {
	multi := object{{"x-tenant", []string{"blue"}}}
	if items >= 10 {
		multi = nil
		for _, h := range headers {
			multi = append(multi, member{h.name, []any{h.value}})
		}
	}
	return marshal(object{
		{"resource", "/orders/{tenant}"}, {"path", "/orders/blue"}, {"httpMethod", "POST"}, {"headers", headers}, {"multiValueHeaders", multi},
		{"queryStringParameters", object{{"dryRun", "false"}, {"expand", "items,customer"}}}, {"multiValueQueryStringParameters", object{{"dryRun", []string{"false"}}, {"expand", []string{"items,customer"}}}},
		{"pathParameters", object{{"tenant", "blue"}}}, {"stageVariables", nil}, {"body", order(items)}, {"isBase64Encoded", false},
		{"requestContext", object{
			{"accountId", "123456789012"}, {"resourceId", "us4z18"}, {"stage", "prod"}, {"requestId", "41b45ea3-70b5-11e6-b7bd-69b5aaebc7d9"}, {"requestTimeEpoch", int64(1726651439123)},
			{"identity", object{
				{"cognitoIdentityPoolId", nil}, {"accountId", nil}, {"cognitoIdentityId", nil}, {"caller", nil}, {"apiKey", nil}, {"sourceIp", "203.0.113.24"},
				{"cognitoAuthenticationType", nil}, {"userArn", nil}, {"userAgent", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"}, {"user", nil},
			}},
			{"resourcePath", "/orders/{tenant}"}, {"httpMethod", "POST"}, {"apiId", "wt6mne2s9k"},
		}},
	})
}

// sqsEvent is an SQS batch whose bodies are orders, each wrapped in so many SNS
// envelopes.
func sqsEvent(n, wraps int) []byte {
	var records []any
	for i := range n {
		body := order(1 + i%3)
		for range wraps {
			body = string(marshal(object{{"Type", "Notification"}, {"MessageId", "5f1f8d3b"}, {"TopicArn", "arn:aws:sns:eu-central-1:123456789012:orders"}, {"Message", body}}))
		}
		records = append(records, object{
			{"messageId", fmt.Sprintf("059f36b4-87a3-44ab-83d2-661975830a%02d", i)}, {"receiptHandle", "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a" + strings.Repeat("Zm9vYmFy", 20)},
			{"body", body}, {"attributes", object{{"ApproximateReceiveCount", "1"}, {"SentTimestamp", "1726651439123"}, {"SenderId", "AIDAIENQZJOLO23YVJ4VO"}, {"ApproximateFirstReceiveTimestamp", "1726651439145"}}},
			{"messageAttributes", object{}}, {"md5OfBody", "e4e68fb7bd0e697a0ae8f1bb342846b3"}, {"eventSource", "aws:sqs"}, {"eventSourceARN", "arn:aws:sqs:eu-central-1:123456789012:orders"}, {"awsRegion", "eu-central-1"},
		})
	}
	return marshal(object{{"Records", records}})
}

// kinesisEvent has long plain strings: base64 data of about 1 KB a record.
func kinesisEvent(n int) []byte {
	var records []any
	for i := range n {
		records = append(records, object{
			{"kinesis", object{{"kinesisSchemaVersion", "1.0"}, {"partitionKey", fmt.Sprint("tenant-", i)}, {"sequenceNumber", "49545115243490985018280067714973144582180062593244200961"},
				{"data", base64.StdEncoding.EncodeToString([]byte(order(6)))}, {"approximateArrivalTimestamp", 1545084650.987 + float64(i)}}},
			{"eventSource", "aws:kinesis"}, {"eventName", "aws:kinesis:record"}, {"awsRegion", "eu-central-1"},
		})
	}
	return marshal(object{{"Records", records}})
}

func numbersEvent(n int) []byte {
	var readings []any
	for i := range n {
		readings = append(readings, object{{"t", 1726651439123 + int64(i)*997}, {"v", []any{float64(i*i%9973) / 128, -float64(i*31%977) / 10, i * 7 % 100, 6.02214076e23, 0}}})
	}
	return marshal(object{{"device", 4711}, {"readings", readings}})
}

func nestedEvent(depth int) []byte {
	leaf := `{"id":0}`
	for i := range depth {
		leaf = fmt.Sprintf(`{"id":%d,"tags":[[%d],"x"],"child":%s}`, i, i%10, leaf)
	}
	return []byte(`{"tree":` + leaf + `}`)
}

// escapesEvent is a stack trace in a string, and its transliteration.
func escapesEvent() []byte {
	trace := strings.Repeat("goroutine 1 [running]:\n\tmain.\"place\"(0x1)\n\t\t/src/main.go:17 +0x1d\r\n\t\"C:\\Users\\build\"\n", 60)
	ascii := strings.Repeat(`\u00e9t\u00e9 \ud83d\ude00 \u2028`, 60)
	return []byte(fmt.Sprintf(`{"message":%s,"ascii":"%s"}`, marshal(trace), ascii))
}
