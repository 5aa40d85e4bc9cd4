package samples_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/lambdatune/lambdatune/handler/local/internal/samples"
)

// TestEvents: each sample has only members that AWS's own Go types know, and
// nothing of it is lost in them.
func TestEvents(t *testing.T) {
	types := map[string]any{
		"sqs": &events.SQSEvent{}, "kinesis": &events.KinesisEvent{}, "dynamodb": &events.DynamoDBEvent{}, "s3": &events.S3Event{},
		"eventbridge": &events.EventBridgeEvent{}, "sns": &events.SNSEvent{}, "apigw-rest": &events.APIGatewayProxyRequest{},
		"apigw-http": &events.APIGatewayV2HTTPRequest{}, "url": &events.LambdaFunctionURLRequest{}, "alb": &events.ALBTargetGroupRequest{},
	}
	if names := samples.Names(); len(names) != len(types) {
		t.Errorf("%d samples: %s, want %d", len(names), names, len(types))
	}
	for name, v := range types {
		b, err := samples.Event(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, v); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		json.Unmarshal(b, &want)
		json.Unmarshal(again, &got)
		lost(t, name, want, got)
	}
}

// lost reports what is in want and not in got. What AWS's types leave out on
// purpose is allowed.
func lost(t *testing.T, path string, want, got any) {
	t.Helper()
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok && len(w) > 0 {
			t.Errorf("%s is lost", path)
			return
		}
		for k, v := range w {
			lost(t, path+"."+k, v, g[k])
		}
	case []any:
		g, _ := got.([]any)
		if len(g) != len(w) {
			t.Errorf("%s has %d elements, want %d", path, len(g), len(w))
			return
		}
		for i := range w {
			lost(t, path+"[]", w[i], g[i])
		}
	case nil:
	case bool: // a false may be left out
		if w && got != true {
			t.Errorf("%s is lost", path)
		}
	default:
		if !reflect.DeepEqual(want, got) && got == nil && !allowed(path) {
			t.Errorf("%s: %v is lost", path, want)
		}
	}
}

func allowed(path string) bool {
	for _, p := range []string{"url.routeKey", "url.requestContext.routeKey", "url.requestContext.stage", ".deploymentId"} {
		if strings.HasSuffix(path, p) {
			return true
		}
	}
	return false
}

// TestDigests: consumers may check them.
func TestDigests(t *testing.T) {
	b, _ := samples.Event("sqs")
	var e events.SQSEvent
	json.Unmarshal(b, &e)
	for _, r := range e.Records {
		if sum := md5.Sum([]byte(r.Body)); hex.EncodeToString(sum[:]) != r.Md5OfBody {
			t.Errorf("%s: md5OfBody %s, want %x", r.MessageId, r.Md5OfBody, sum)
		}
	}
}

func TestUnknown(t *testing.T) {
	_, err := samples.Event("carrier-pigeon")
	if err == nil || !strings.Contains(err.Error(), "want one of alb, apigw-http") {
		t.Error(err)
	}
	if b, _ := samples.Event("alb"); !bytes.HasSuffix(b, []byte("}\n")) {
		t.Error("no line ending")
	}
}
