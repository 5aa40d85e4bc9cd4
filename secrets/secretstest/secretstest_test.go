package secretstest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"github.com/lambdatune/lambdatune/secrets/secretstest"
)

func client(srv *secretstest.Server, options ...func(*sdk.Options)) *sdk.Client {
	o := sdk.Options{
		BaseEndpoint: aws.String("http://secretsmanager.test"),
		HTTPClient:   srv.Client(),
		Region:       "us-east-1",
		Retryer:      aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "key"}, nil
		}),
	}
	if srv.URL != "" {
		o.BaseEndpoint, o.HTTPClient = aws.String(srv.URL), http.DefaultClient
	}
	return sdk.New(o, options...)
}

// code returns the error type of an answer, as the SDK read it.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func get(c *sdk.Client, id, stage, version string) (*sdk.GetSecretValueOutput, error) {
	in := &sdk.GetSecretValueInput{SecretId: &id}
	if stage != "" {
		in.VersionStage = &stage
	}
	if version != "" {
		in.VersionId = &version
	}
	return c.GetSecretValue(context.Background(), in)
}

func TestGetSecretValue(t *testing.T) {
	for _, listening := range []bool{true, false} {
		t.Run(fmt.Sprintf("listening=%v", listening), func(t *testing.T) {
			srv := secretstest.New()
			if listening {
				srv = secretstest.NewServer()
			}
			defer srv.Close()
			at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
			srv.SetClock(func() time.Time { return at })
			v1 := srv.Put("a/b", "one")
			v2 := srv.Put("a/b", "two")
			srv.PutBinary("bin", []byte{0, 255})
			c := client(srv)
			out, err := get(c, "a/b", "", "")
			if err != nil || aws.ToString(out.SecretString) != "two" || aws.ToString(out.VersionId) != v2 || fmt.Sprint(out.VersionStages) != "[AWSCURRENT]" ||
				aws.ToString(out.Name) != "a/b" || aws.ToString(out.ARN) != srv.ARN("a/b") || !out.CreatedDate.Equal(at) {
				t.Errorf("GetSecretValue = %+v, %v", out, err)
			}
			for _, q := range [][2]string{{"AWSPREVIOUS", ""}, {"", v1}, {"AWSPREVIOUS", v1}} {
				if out, err := get(c, srv.ARN("a/b"), q[0], q[1]); err != nil || aws.ToString(out.SecretString) != "one" {
					t.Errorf("%v: %v", q, err)
				}
			}
			arn := srv.ARN("a/b")
			if _, err := get(c, arn[:len(arn)-7], "", ""); err != nil {
				t.Errorf("a partial ARN: %v", err)
			}
			if out, err := get(c, "bin", "", ""); err != nil || string(out.SecretBinary) != "\x00\xff" || out.SecretString != nil {
				t.Errorf("binary = %+v, %v", out, err)
			}
			for _, tt := range []struct{ id, stage, version, want string }{
				{"nowhere", "", "", "ResourceNotFoundException"},
				{"a/b", "AWSPENDING", "", "ResourceNotFoundException"},
				{"a/b", "", "00000000-0000-4000-8000-000000000000", "ResourceNotFoundException"},
				{"a/b", "AWSCURRENT", v1, "InvalidRequestException"},
			} {
				if _, err := get(c, tt.id, tt.stage, tt.version); code(err) != tt.want {
					t.Errorf("%+v = %v", tt, err)
				}
			}
			srv.Delete("a/b")
			if _, err := get(c, "a/b", "", ""); code(err) != "InvalidRequestException" || !strings.Contains(err.Error(), "marked for deletion") {
				t.Errorf("deleted: %v", err)
			}
			if n := srv.Count("GetSecretValue", ""); n != 11 || srv.Count("GetSecretValue", "AWSPREVIOUS") != 2 || srv.Count("DescribeSecret", "") != 0 {
				t.Errorf("%d calls", n)
			}
			if last := srv.Calls()[10]; last.Code != "InvalidRequestException" || last.ID != "a/b" || !last.At.Equal(at) {
				t.Errorf("the last call is %+v", last)
			}
		})
	}
}

func TestOtherOperations(t *testing.T) {
	ctx := t.Context()
	srv := secretstest.New()
	v1 := srv.Put("a", "one")
	srv.Put("b", "other")
	c := client(srv)

	token := strings.Repeat("t", 32)
	put := &sdk.PutSecretValueInput{SecretId: aws.String("a"), SecretString: aws.String("two"), ClientRequestToken: &token, VersionStages: []string{"AWSPENDING"}}
	if out, err := c.PutSecretValue(ctx, put); err != nil || aws.ToString(out.VersionId) != token || fmt.Sprint(out.VersionStages) != "[AWSPENDING]" {
		t.Errorf("PutSecretValue = %+v, %v", out, err)
	}
	if _, err := c.PutSecretValue(ctx, put); err != nil {
		t.Errorf("the same again: %v", err)
	}
	put.SecretString = aws.String("three")
	if _, err := c.PutSecretValue(ctx, put); code(err) != "ResourceExistsException" {
		t.Errorf("another value with the same token: %v", err)
	}
	if _, err := c.PutSecretValue(ctx, &sdk.PutSecretValueInput{SecretId: aws.String("a")}); code(err) != "InvalidParameterException" {
		t.Errorf("no value: %v", err)
	}
	if _, err := c.PutSecretValue(ctx, &sdk.PutSecretValueInput{SecretId: aws.String("a"), SecretBinary: make([]byte, 65537)}); code(err) != "ValidationException" {
		t.Errorf("too large: %v", err)
	}

	move := &sdk.UpdateSecretVersionStageInput{SecretId: aws.String("a"), VersionStage: aws.String("AWSCURRENT"), MoveToVersionId: &token}
	if _, err := c.UpdateSecretVersionStage(ctx, move); code(err) != "InvalidParameterException" {
		t.Errorf("moving without RemoveFromVersionId: %v", err)
	}
	move.RemoveFromVersionId = &v1
	if _, err := c.UpdateSecretVersionStage(ctx, move); err != nil {
		t.Errorf("UpdateSecretVersionStage: %v", err)
	}
	if srv.Version("a", "AWSCURRENT") != token || srv.Version("a", "AWSPREVIOUS") != v1 {
		t.Error("the stages have not moved")
	}
	d, err := c.DescribeSecret(ctx, &sdk.DescribeSecretInput{SecretId: aws.String("a")})
	if err != nil || fmt.Sprint(d.VersionIdsToStages) != fmt.Sprint(map[string][]string{v1: {"AWSPREVIOUS"}, token: {"AWSCURRENT", "AWSPENDING"}}) {
		t.Errorf("DescribeSecret = %+v, %v", d, err)
	}

	b, err := c.BatchGetSecretValue(ctx, &sdk.BatchGetSecretValueInput{SecretIdList: []string{"a", "nowhere", "b"}})
	if err != nil || len(b.SecretValues) != 2 || aws.ToString(b.SecretValues[0].SecretString) != "two" || len(b.Errors) != 1 || aws.ToString(b.Errors[0].ErrorCode) != "ResourceNotFoundException" {
		t.Errorf("BatchGetSecretValue = %+v, %v", b, err)
	}
	if _, err := c.BatchGetSecretValue(ctx, &sdk.BatchGetSecretValueInput{SecretIdList: make([]string, 21)}); code(err) != "ValidationException" {
		t.Errorf("21 secrets: %v", err)
	}
	if _, err := c.BatchGetSecretValue(ctx, &sdk.BatchGetSecretValueInput{Filters: []types.Filter{{Key: "name"}}}); code(err) != "InvalidParameterException" {
		t.Errorf("filters: %v", err)
	}
	if _, err := c.ListSecrets(ctx, &sdk.ListSecretsInput{}); code(err) != "UnknownOperationException" {
		t.Errorf("an operation that is not there: %v", err)
	}
}

func TestSignature(t *testing.T) {
	srv := secretstest.New()
	srv.Put("a", "x")
	if _, err := get(client(srv, func(o *sdk.Options) { o.Region = "eu-west-1" }), "a", "", ""); code(err) != "InvalidSignatureException" {
		t.Errorf("another region: %v", err)
	}
	if _, err := get(client(srv, func(o *sdk.Options) { o.Credentials = aws.AnonymousCredentials{} }), "a", "", ""); code(err) != "MissingAuthenticationTokenException" {
		t.Errorf("unsigned: %v", err)
	}
}

func TestFaults(t *testing.T) {
	srv := secretstest.New()
	srv.Put("a", "x")
	c := client(srv)
	srv.Fail(secretstest.Fault{Op: "GetSecretValue", Stage: "AWSPENDING", Code: "AccessDeniedException"})
	srv.Fail(secretstest.Fault{Op: "DescribeSecret", Code: "InternalServiceError"})
	srv.Fail(secretstest.Fault{Op: "GetSecretValue", Stage: "AWSCURRENT", Code: "DecryptionFailure", Message: "custom", Times: 2})
	var denied *types.DecryptionFailure
	for i := range 3 {
		_, err := get(c, "a", "", "")
		if i < 2 != errors.As(err, &denied) || i < 2 && !strings.Contains(err.Error(), "custom") {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if _, err := get(c, "a", "AWSPENDING", ""); code(err) != "AccessDeniedException" {
		t.Errorf("the stage: %v", err)
	}
	if _, err := c.DescribeSecret(t.Context(), &sdk.DescribeSecretInput{SecretId: aws.String("a")}); code(err) != "InternalServiceError" {
		t.Errorf("the operation: %v", err)
	}
	srv.ClearFaults()
	if _, err := get(c, "a", "AWSPENDING", ""); code(err) != "ResourceNotFoundException" {
		t.Errorf("cleared: %v", err)
	}
	srv.ResetCalls()
	if srv.Count("", "") != 0 || len(srv.Calls()) != 0 {
		t.Error("calls were not reset")
	}
}

func TestQuotaLatencyAndHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := secretstest.New()
		srv.Put("a", "x")
		c := client(srv)
		srv.SetQuota("GetSecretValue", 10, 5)
		throttled := 0
		for range 20 { // in one instant
			if _, err := get(c, "a", "", ""); code(err) == "ThrottlingException" {
				throttled++
			}
		}
		if throttled != 15 {
			t.Errorf("%d of 20 throttled, want all but the burst of 5", throttled)
		}
		time.Sleep(300 * time.Millisecond) // 3 tokens
		throttled = 0
		for range 5 {
			if _, err := get(c, "a", "", ""); err != nil {
				throttled++
			}
		}
		if throttled != 2 {
			t.Errorf("%d of 5 throttled, want 2", throttled)
		}
		srv.SetQuota("GetSecretValue", 0, 0)

		srv.SetLatency("", time.Second)
		begun := time.Now()
		if _, err := get(c, "a", "", ""); err != nil || time.Since(begun) != time.Second {
			t.Errorf("latency: %v after %v", err, time.Since(begun))
		}
		srv.SetLatency("GetSecretValue", 0)
		srv.Fail(secretstest.Fault{Hang: true, Times: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun = time.Now()
		if _, err := c.GetSecretValue(ctx, &sdk.GetSecretValueInput{SecretId: aws.String("a")}); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Minute {
			t.Errorf("hang: %v after %v", err, time.Since(begun))
		}
		if _, err := get(c, "a", "", ""); err != nil {
			t.Errorf("after the hang: %v", err)
		}
	})
}

func TestCloseEndsWhatHangs(t *testing.T) {
	srv := secretstest.NewServer()
	srv.Put("a", "x")
	srv.Fail(secretstest.Fault{Hang: true})
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := get(client(srv), "a", "", ""); err == nil {
			t.Error("a request that hung succeeded")
		}
	})
	time.Sleep(20 * time.Millisecond)
	srv.Close()
	wg.Wait()
	srv.Close() // once more is fine
}

func TestRotate(t *testing.T) {
	ctx := t.Context()
	srv := secretstest.New()
	defer srv.Close()
	v1 := srv.Put("a", "one")
	c := client(srv)
	var steps []string
	stages := func() string {
		cur, _ := get(c, "a", "AWSCURRENT", "")
		pen, err := get(c, "a", "AWSPENDING", "")
		if err != nil {
			return aws.ToString(cur.SecretString) + "/" + code(err)
		}
		return aws.ToString(cur.SecretString) + "/" + aws.ToString(pen.SecretString)
	}
	note := func(step string) func(context.Context, string) error {
		return func(_ context.Context, pending string) error {
			steps = append(steps, step+" "+pending+" "+stages())
			return nil
		}
	}
	r := secretstest.Rotation{
		Create: func(_ context.Context, current string) (string, error) {
			steps = append(steps, "create "+current+" "+stages())
			return current + "+", nil
		},
		Set: note("set"), Test: note("test"), Finish: note("finish"),
	}
	if _, err := srv.Rotate(ctx, "a"); err == nil {
		t.Error("rotated without a rotation")
	}
	srv.OnRotate("a", r)
	v2, err := srv.Rotate(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	want := "create one one/ResourceNotFoundException, set one+ one/one+, test one+ one/one+, finish one+ one/one+"
	if got := strings.Join(steps, ", "); got != want {
		t.Errorf("the steps saw\n%s, want\n%s", got, want)
	}
	if srv.Version("a", "AWSCURRENT") != v2 || srv.Version("a", "AWSPREVIOUS") != v1 {
		t.Error("the stages have not moved")
	}

	// By the API, in the background; the next one fails in a step and leaves
	// AWSPENDING there.
	done := make(chan struct{})
	r.Finish = func(context.Context, string) error { close(done); return nil }
	srv.OnRotate("a", r)
	out, err := c.RotateSecret(ctx, &sdk.RotateSecretInput{SecretId: aws.String("a")})
	if err != nil {
		t.Fatal(err)
	}
	<-done
	for srv.Version("a", "AWSCURRENT") != aws.ToString(out.VersionId) {
		time.Sleep(time.Millisecond)
	}
	broken := errors.New("broken")
	r.Finish, r.Test = nil, func(context.Context, string) error { return broken }
	srv.OnRotate("a", r)
	if _, err := srv.Rotate(ctx, "a"); !errors.Is(err, broken) || !strings.Contains(err.Error(), "testSecret") {
		t.Errorf("a failing step: %v", err)
	}
	if got := stages(); got != "one++/one+++" {
		t.Errorf("after a failure the stages are %s", got)
	}
	if _, err := c.RotateSecret(ctx, &sdk.RotateSecretInput{SecretId: aws.String("a")}); code(err) != "InvalidRequestException" {
		t.Errorf("a second rotation: %v", err)
	}
	srv.Put("b", "x")
	if _, err := c.RotateSecret(ctx, &sdk.RotateSecretInput{SecretId: aws.String("b")}); code(err) != "InvalidRequestException" {
		t.Errorf("no rotation function: %v", err)
	}
	if d, err := c.DescribeSecret(ctx, &sdk.DescribeSecretInput{SecretId: aws.String("a")}); err != nil || !aws.ToBool(d.RotationEnabled) || d.LastRotatedDate == nil {
		t.Errorf("DescribeSecret = %+v, %v", d, err)
	}
}

func TestStagesByHand(t *testing.T) {
	srv := secretstest.New()
	v1 := srv.Put("a", "one")
	p := srv.PutStage("a", "AWSPENDING", "two")
	if !srv.MoveStage("a", "AWSCURRENT", p) || srv.Version("a", "AWSPREVIOUS") != v1 {
		t.Error("MoveStage did not move")
	}
	if srv.MoveStage("a", "AWSCURRENT", "nothing") || srv.MoveStage("nowhere", "AWSCURRENT", p) {
		t.Error("MoveStage moved to what is not there")
	}
	if !srv.MoveStage("a", "AWSPENDING", "") || srv.Version("a", "AWSPENDING") != "" {
		t.Error("MoveStage did not remove")
	}
	defer func() {
		if recover() == nil {
			t.Error("a bad name was accepted")
		}
	}()
	srv.Put("a b", "x")
}
