package invokeapi_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	awslambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdatune/lambdatune/handler/local/internal/invokeapi"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// TestMain is also the function: this binary, started with FUNCTION set.
func TestMain(m *testing.M) {
	if os.Getenv("FUNCTION") != "" {
		awslambda.Start(function)
		return
	}
	os.Exit(m.Run())
}

type event struct {
	Fail  string
	Sleep int
	Parts int
	Break bool
	Who   bool
}

func function(ctx context.Context, e event) (any, error) {
	fmt.Println("this is logged")
	time.Sleep(time.Duration(e.Sleep) * time.Millisecond)
	lc, _ := lambdacontext.FromContext(ctx)
	switch {
	case e.Fail != "":
		return nil, errors.New(e.Fail)
	case e.Parts > 0:
		return parts(e), nil
	case e.Who:
		return map[string]string{"arn": lc.InvokedFunctionArn, "tenant": lc.TenantID, "custom": lc.ClientContext.Custom["k"]}, nil
	}
	return "ok", nil
}

// parts is a response that comes in parts, as bare text and not as JSON.
func parts(e event) io.Reader {
	r, w := io.Pipe()
	go func() {
		for i := range e.Parts {
			fmt.Fprintf(w, "part %d;", i)
			time.Sleep(10 * time.Millisecond)
		}
		if e.Break {
			w.CloseWithError(errors.New("out of parts"))
		}
		w.Close()
	}()
	return onlyReader{r}
}

type onlyReader struct{ r io.Reader }

func (o onlyReader) Read(p []byte) (int, error) { return o.r.Read(p) }
func (o onlyReader) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a stream")
}

type problems struct {
	mu   sync.Mutex
	list []string
}

func (p *problems) add(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, s)
}

func (p *problems) all() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.list, "\n")
}

// serve serves the API for one function, orders, and returns a real client of
// the SDK for it.
func serve(t *testing.T, c runtimeapi.Config) (*lambda.Client, string, *problems) {
	t.Helper()
	c.Name, c.Region = "orders", "eu-north-1"
	f, err := runtimeapi.Start(runtimeapi.Command{Path: os.Args[0], Env: append(os.Environ(), "FUNCTION=1")}, c)
	if err != nil {
		t.Fatal(err)
	}
	p := &problems{}
	api := &invokeapi.API{
		Function:    func(name string) (*runtimeapi.Function, bool) { return f, name == "orders" },
		Problem:     p.add,
		RetryDelays: []time.Duration{time.Millisecond, time.Millisecond},
	}
	mux := http.NewServeMux()
	api.Routes(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(func() { srv.Close(); api.Close(); f.Close() })
	client := lambda.New(lambda.Options{
		BaseEndpoint: aws.String(srv.URL), HTTPClient: ownedBodies{}, Region: "eu-north-1", RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	return client, srv.URL, p
}

// ownedBodies gives net/http a request body of its own. The SDK closes its body
// when the response begins; a server as near as this one may answer before
// net/http has looked for more body than was promised, and then it closes the
// connection in the middle of the streamed response.
type ownedBodies struct{}

func (ownedBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(b))
	}
	return http.DefaultClient.Do(r)
}

func TestInvoke(t *testing.T) {
	client, _, _ := serve(t, runtimeapi.Config{})
	out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("orders"), Payload: []byte(`{}`), LogType: types.LogTypeTail})
	if err != nil {
		t.Fatal(err)
	}
	log, _ := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if string(out.Payload) != `"ok"` || out.StatusCode != 200 || aws.ToString(out.ExecutedVersion) != "$LATEST" || out.FunctionError != nil ||
		!strings.Contains(string(log), "this is logged\n") || !strings.Contains(string(log), "REPORT RequestId: ") {
		t.Errorf("%+v with payload %s, log %s", out, out.Payload, log)
	}
	out, err = client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("orders"), Payload: []byte(`{"fail":"no tea"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if string(out.Payload) != `{"errorMessage":"no tea","errorType":"errorString"}` || out.StatusCode != 200 || aws.ToString(out.FunctionError) != "Unhandled" || out.LogResult != nil {
		t.Errorf("%+v with payload %s", out, out.Payload)
	}
	// No payload at all is an empty object.
	if out, err = client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("orders")}); err != nil || out.FunctionError != nil {
		t.Errorf("%+v, %v", out, err)
	}
	dry, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("orders"), InvocationType: types.InvocationTypeDryRun})
	if err != nil || dry.StatusCode != 204 {
		t.Errorf("dry run: %+v, %v", dry, err)
	}
}

func TestNamesAndContext(t *testing.T) {
	client, _, _ := serve(t, runtimeapi.Config{Concurrency: 100})
	arn := "arn:aws:lambda:eu-north-1:123456789012:function:orders"
	for _, c := range []struct{ name, qualifier, want string }{
		{"orders", "", arn},
		{"orders:live", "", arn + ":live"},
		{"orders", "7", arn + ":7"},
		{arn, "", arn},
		{arn + ":live", "", arn + ":live"},
		{"123456789012:function:orders", "", arn},
	} {
		in := &lambda.InvokeInput{
			FunctionName: aws.String(c.name), Payload: []byte(`{"who":true}`), TenantId: aws.String("blue"),
			ClientContext: aws.String(base64.StdEncoding.EncodeToString([]byte(`{"custom": {"k": "v"}}`))),
		}
		if c.qualifier != "" {
			in.Qualifier = aws.String(c.qualifier)
		}
		out, err := client.Invoke(t.Context(), in)
		want := `{"arn":"` + c.want + `","custom":"v","tenant":"blue"}`
		if err != nil || string(out.Payload) != want {
			t.Errorf("%s: %v, %+v, want %s", c.name, err, out, want)
		}
	}
}

func TestErrors(t *testing.T) {
	begun := make(chan struct{}, 10)
	client, url, _ := serve(t, runtimeapi.Config{Concurrency: 1, Observe: func(e runtimeapi.Event) {
		if e.Type == runtimeapi.EventStart {
			begun <- struct{}{}
		}
	}})
	_, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("nobody"), Payload: []byte(`{}`)})
	var notFound *types.ResourceNotFoundException
	if !errors.As(err, &notFound) || !strings.Contains(notFound.ErrorMessage(), "Function not found") {
		t.Errorf("%v, want ResourceNotFoundException", err)
	}
	_, err = client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("orders"), Payload: []byte(`{oops`)})
	var content *types.InvalidRequestContentException
	if !errors.As(err, &content) || !strings.Contains(content.ErrorMessage(), "Could not parse request body into json") {
		t.Errorf("%v, want InvalidRequestContentException", err)
	}
	big := []byte(`"` + strings.Repeat("x", 1<<20) + `"`)
	_, err = client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("orders"), Payload: big, InvocationType: types.InvocationTypeEvent})
	var large *types.RequestTooLargeException
	if !errors.As(err, &large) || !strings.Contains(large.ErrorMessage(), "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)") {
		t.Errorf("%v, want RequestTooLargeException", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := client.Invoke(context.Background(), &lambda.InvokeInput{FunctionName: aws.String("orders"), Payload: []byte(`{"sleep":500}`)})
		done <- err
	}()
	<-begun
	var throttled *types.TooManyRequestsException
	_, err = client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("orders"), Payload: []byte(`{}`)})
	if !errors.As(err, &throttled) || throttled.Reason != types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded {
		t.Errorf("%v, want TooManyRequestsException", err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ header, value string }{{"X-Amz-Log-Type", "All"}, {"X-Amz-Invocation-Type", "Later"}, {"X-Amz-Client-Context", "%"}} {
		req, _ := http.NewRequestWithContext(t.Context(), "POST", url+"/2015-03-31/functions/orders/invocations", strings.NewReader("{}"))
		req.Header.Set(c.header, c.value)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 400 || resp.Header.Get("X-Amzn-Errortype") == "" {
			t.Errorf("%s: %s gave %s", c.header, c.value, resp.Status)
		}
	}
}

func TestEvent(t *testing.T) {
	client, _, problems := serve(t, runtimeapi.Config{Concurrency: 1})
	for _, payload := range []string{`{}`, `{"sleep":50}`, `{"fail":"no tea"}`} {
		out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("orders"), Payload: []byte(payload), InvocationType: types.InvocationTypeEvent})
		if err != nil || out.StatusCode != 202 || len(out.Payload) != 0 {
			t.Errorf("%s: %+v, %v", payload, out, err)
		}
	}
	for !strings.Contains(problems.all(), "failed 3 times: errorString") {
		time.Sleep(time.Millisecond)
	}
	if got := problems.all(); strings.Count(got, "tried again") != 2 || strings.Contains(got, "dropped\n") {
		t.Error(got)
	}
}

func TestResponseStream(t *testing.T) {
	client, _, _ := serve(t, runtimeapi.Config{})
	for _, c := range []struct{ payload, text, code, details string }{
		{`{"parts":3}`, "part 0;part 1;part 2;", "", ""},
		{`{}`, `"ok"`, "", ""},
		{`{"parts":2,"break":true}`, "part 0;part 1;", "Unhandled", "out of parts"},
		{`{"fail":"no tea"}`, "", "Unhandled", "no tea"},
	} {
		out, err := client.InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{
			FunctionName: aws.String("orders"), Payload: []byte(c.payload), LogType: types.LogTypeTail,
		})
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		var complete *types.InvokeWithResponseStreamCompleteEvent
		stream := out.GetStream()
		for e := range stream.Events() {
			switch e := e.(type) {
			case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
				text.Write(e.Value.Payload)
			case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
				complete = &e.Value
			}
		}
		if err := stream.Err(); err != nil || complete == nil {
			t.Fatalf("%s: %v, complete %v", c.payload, err, complete)
		}
		stream.Close()
		log, _ := base64.StdEncoding.DecodeString(aws.ToString(complete.LogResult))
		if text.String() != c.text || aws.ToString(complete.ErrorCode) != c.code || !strings.Contains(aws.ToString(complete.ErrorDetails), c.details) ||
			!strings.Contains(string(log), "this is logged") || aws.ToString(out.ExecutedVersion) != "$LATEST" {
			t.Errorf("%s: %q, %s %s", c.payload, text.String(), aws.ToString(complete.ErrorCode), aws.ToString(complete.ErrorDetails))
		}
	}
}
