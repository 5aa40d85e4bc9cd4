package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.yaml.in/yaml/v3"

	"github.com/lambdatune/lambdatune/examples/queue/jobs"
	"github.com/lambdatune/lambdatune/handler/websocket/replier"
)

// TestTemplate: what loses messages or overruns the provider if it is wrong.
func TestTemplate(t *testing.T) {
	text, err := os.ReadFile("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := yaml.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	get := func(path string) any {
		var v any = root
		for _, name := range strings.Split(path, "/") {
			m, ok := v.(map[string]any)
			if !ok || m[name] == nil {
				t.Fatalf("%s: nothing at %s", path, name)
			}
			v = m[name]
		}
		return v
	}
	number := func(path string) int {
		n, ok := get(path).(int)
		if !ok {
			t.Fatalf("%s is %v, not a number", path, get(path))
		}
		return n
	}
	const worker, mapping = "Resources/Worker/Properties/", "Resources/Worker/Properties/Events/Jobs/"
	if get(mapping+"Type") != "SQS" || get(mapping+"Properties/Queue") != "Jobs.Arn" {
		t.Error("the function is not behind the queue")
	}
	types, _ := get(mapping + "Properties/FunctionResponseTypes").([]any)
	if !slices.Equal(types, []any{"ReportBatchItemFailures"}) {
		t.Errorf("FunctionResponseTypes: %v: failed messages would be deleted", types)
	}
	reserved := number(worker + "ReservedConcurrentExecutions")
	if most := number(mapping + "Properties/ScalingConfig/MaximumConcurrency"); reserved != 5 || most > reserved {
		t.Errorf("MaximumConcurrency %d, reserved %d", most, reserved)
	}
	if timeout, visibility := number(worker+"Timeout"), number("Resources/Jobs/Properties/VisibilityTimeout"); visibility != 6*timeout {
		t.Errorf("VisibilityTimeout %d, want 6 × %d", visibility, timeout)
	}
	if get("Resources/Jobs/Properties/RedrivePolicy/deadLetterTargetArn") != "DeadJobs.Arn" || get("Resources/DeadJobs/Type") != "AWS::SQS::Queue" {
		t.Error("no dead-letter queue")
	}
	if n := number("Resources/Jobs/Properties/RedrivePolicy/maxReceiveCount"); n < 5 {
		t.Errorf("maxReceiveCount %d, want 5 or more, as Lambda recommends", n)
	}
	if get("Resources/Sockets/Properties/ProtocolType") != "WEBSOCKET" {
		t.Error("no WebSocket API")
	}
	for _, name := range []string{"PAYMENTS_URL", "CONNECTIONS_ENDPOINT"} {
		get(worker + "Environment/Variables/" + name)
	}
}

func TestTell(t *testing.T) {
	for _, c := range []struct {
		status int
		gone   bool
		fails  bool
	}{
		{status: http.StatusOK},
		{status: http.StatusGone, gone: true, fails: true},
		{status: http.StatusForbidden, fails: true},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(c.status) }))
		defer srv.Close()
		replies, err := replier.New(replier.Options{
			Endpoint: srv.URL + "/prod", Region: "us-east-1",
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "key"}, nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		err = tell(replies)(t.Context(), "c-1=", jobs.Reply{JobID: "j-1", Receipt: "r-1"})
		if (err != nil) != c.fails || errors.Is(err, jobs.ErrClientGone) != c.gone {
			t.Errorf("%d: %v", c.status, err)
		}
	}
}

func TestCredentials(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "key")
	t.Setenv("AWS_SESSION_TOKEN", "token")
	c, err := credentials(t.Context())
	if err != nil || c.AccessKeyID != "AKID" || c.SecretAccessKey != "key" || c.SessionToken != "token" {
		t.Errorf("%+v, %v", c.AccessKeyID, err)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if _, err := credentials(t.Context()); err == nil {
		t.Error("no error without a key")
	}
}
