package secretsmanager_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/secretsmanager"
	"github.com/lambdatune/lambdatune/secrets/secretstest"
)

const canary = "hunter2-tr0ub4dor"

type login struct {
	Username string
	Password secrets.Redacted
}

func clientFor(srv *secretstest.Server, options ...func(*sdk.Options)) *sdk.Client {
	return sdk.New(sdk.Options{
		BaseEndpoint: aws.String("http://secretsmanager.test"),
		HTTPClient:   srv.Client(),
		Region:       srv.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "key"}, nil
		}),
	}, options...)
}

func sourceFor(srv *secretstest.Server, options ...func(*sdk.Options)) *secretsmanager.Source {
	return secretsmanager.New(clientFor(srv, options...))
}

func mustNew[T any](t testing.TB, src secrets.Source, id string, opts *secrets.Options) *secrets.Secret[T] {
	t.Helper()
	s, err := secrets.New[T](src, id, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFetch(t *testing.T) {
	srv := secretstest.New()
	id := srv.Put("orders/db", `{"username":"app","password":"`+canary+`"}`)
	srv.PutBinary("orders/key", []byte{0, 1, 255})
	src := sourceFor(srv)

	s := mustNew[login](t, src, "orders/db", nil)
	v, err := s.Value(t.Context())
	if err != nil || v.Data().Username != "app" || v.Data().Password.Reveal() != canary || string(v.Version()) != id {
		t.Errorf("Value = %v, %v", v, err)
	}
	byARN := mustNew[login](t, src, srv.ARN("orders/db"), nil)
	if v, err := byARN.Get(t.Context()); err != nil || v.Username != "app" {
		t.Errorf("by ARN: %v", err)
	}
	key := mustNew[[]byte](t, src, "orders/key", nil)
	if v, err := key.Get(t.Context()); err != nil || string(v) != "\x00\x01\xff" {
		t.Errorf("binary: %x, %v", v, err)
	}
	if n := srv.Count("", ""); n != 3 || srv.Count("GetSecretValue", "AWSCURRENT") != 3 {
		t.Errorf("%d calls, want one for each secret", n)
	}
	raw, err := src.Fetch(t.Context(), secrets.Request{ID: "orders/db", Stage: secrets.StageCurrent})
	if err != nil || fmt.Sprint(raw.Stages) != "[AWSCURRENT]" {
		t.Errorf("Fetch = %v %v, %v", raw, raw.Stages, err)
	}
}

// Every failure is typed, names the secret and the operation, and quotes nothing.
func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name    string
		id      string
		stage   secrets.Stage
		prepare func(*secretstest.Server)
		options func(*sdk.Options)
		kind    error
		want    string
	}{
		{"missing secret", "nowhere", "", nil, nil, secrets.ErrNotFound, "ResourceNotFoundException"},
		{"denied", "orders/db", "", func(s *secretstest.Server) { s.Fail(secretstest.Fault{Code: "AccessDeniedException"}) }, nil, secrets.ErrDenied, "not authorized"},
		{"denied key", "orders/db", "", func(s *secretstest.Server) { s.Fail(secretstest.Fault{Code: "DecryptionFailure"}) }, nil, secrets.ErrDenied, "KMS"},
		{"deleted", "orders/db", "", func(s *secretstest.Server) { s.Delete("orders/db") }, nil, secrets.ErrDeleted, "marked for deletion"},
		{"an ARN of another region", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders/db-AbCdEf", "", nil, nil, secrets.ErrRegion, "the ARN is of eu-west-1, the client is for us-east-1"},
		{"a client for another region", "orders/db", "", nil, func(o *sdk.Options) { o.Region = "eu-west-1" }, secrets.ErrRegion, "valid region"},
		{"no region", "orders/db", "", nil, func(o *sdk.Options) { o.Region = "" }, secrets.ErrRegion, "no region"},
		{"not JSON", "orders/text", "", nil, nil, secrets.ErrDecode, "not JSON"},
		{"throttled", "orders/db", "", func(s *secretstest.Server) { s.SetQuota("GetSecretValue", 0.0001, 1); s.Count("", "") }, nil, nil, "Rate exceeded"},
		{"broken", "orders/db", "", func(s *secretstest.Server) { s.Fail(secretstest.Fault{Code: "InternalServiceError"}) }, nil, nil, "InternalServiceError"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := secretstest.New()
			srv.Put("orders/db", `{"username":"app","password":"`+canary+`"}`)
			srv.Put("orders/text", canary)
			if tt.prepare != nil {
				tt.prepare(srv)
			}
			src := sourceFor(srv, func(o *sdk.Options) {
				o.Retryer = aws.NopRetryer{}
				if tt.options != nil {
					tt.options(o)
				}
			})
			s := mustNew[login](t, src, tt.id, nil)
			_, err := s.Get(t.Context())
			if tt.name == "throttled" {
				if err != nil {
					t.Fatalf("the first call: %v", err)
				}
				s = mustNew[login](t, src, tt.id, nil)
				_, err = s.Get(t.Context())
			}
			var e *secrets.Error
			if !errors.As(err, &e) || e.ID != tt.id || tt.kind != nil && !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Get = %v, want %v with %q", err, tt.kind, tt.want)
			}
			if e.Op == "fetch" && !strings.Contains(err.Error(), "GetSecretValue") {
				t.Errorf("the error does not name the operation: %v", err)
			}
			if strings.Contains(fmt.Sprintf("%+v", err), canary) {
				t.Errorf("the error quotes the value: %v", err)
			}
		})
	}
}

func TestOversized(t *testing.T) {
	srv := secretstest.New()
	srv.Put("big", strings.Repeat("x", 65537))
	_, err := mustNew[string](t, sourceFor(srv), "big", nil).Get(t.Context())
	if !errors.Is(err, secrets.ErrTooLarge) || !strings.Contains(err.Error(), `"big"`) {
		t.Errorf("Get = %v", err)
	}
	srv.Put("fits", strings.Repeat("x", 65536))
	if _, err := mustNew[string](t, sourceFor(srv), "fits", nil).Get(t.Context()); err != nil {
		t.Errorf("Get = %v", err)
	}
}

// A call that hangs, and the client's own back-off, end with the timeout.
func TestBackOffIsCapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := secretstest.New()
		srv.Put("a", "x")
		s := mustNew[string](t, sourceFor(srv), "a", nil)

		srv.Fail(secretstest.Fault{Hang: true})
		begun := time.Now()
		if _, err := s.Get(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 5*time.Second {
			t.Errorf("Get = %v after %v", err, time.Since(begun))
		}
		srv.ClearFaults()
		srv.Fail(secretstest.Fault{Code: "ThrottlingException"})
		begun = time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := secrets.Prefetch(s)(ctx); err == nil || time.Since(begun) > time.Second {
			t.Errorf("Prefetch = %v after %v", err, time.Since(begun))
		}
	})
}

func TestRecoverDuringARotation(t *testing.T) {
	srv := secretstest.New()
	srv.Put("orders/db", `{"username":"app","password":"one"}`)
	accepted := "one"
	s := mustNew[login](t, sourceFor(srv), "orders/db", nil)
	try := func(_ context.Context, v secrets.Value[login]) error {
		if v.Data().Password.Reveal() != accepted {
			return secrets.Rejected(errors.New("28P01"))
		}
		return nil
	}
	if err := s.Recover(t.Context(), "", try); err != nil {
		t.Fatal(err)
	}
	srv.OnRotate("orders/db", secretstest.Rotation{
		Create: func(context.Context, string) (string, error) { return `{"username":"app","password":"two"}`, nil },
		Set:    func(context.Context, string) error { accepted = "two"; return nil },
		Test: func(ctx context.Context, _ string) error {
			srv.ResetCalls()
			if err := s.Recover(ctx, "", try); err != nil {
				return err
			}
			if n := srv.Count("GetSecretValue", ""); n != 2 || srv.Count("", "AWSPENDING") != 1 {
				t.Errorf("%d calls in the window, want AWSCURRENT and AWSPENDING", n)
			}
			return nil
		},
	})
	version, err := srv.Rotate(t.Context(), "orders/db")
	if err != nil {
		t.Fatal(err)
	}
	srv.ResetCalls()
	if err := s.Recover(t.Context(), "", try); err != nil || srv.Count("", "") != 0 {
		t.Errorf("after the rotation: %v, %d calls", err, srv.Count("", ""))
	}
	if v, _ := s.Value(t.Context()); string(v.Version()) != version {
		t.Errorf("held is %v, want %s", v, version)
	}
}

func TestFromEnvironment(t *testing.T) {
	srv := secretstest.NewServer()
	defer srv.Close()
	srv.Put("a", "x")
	for name, value := range map[string]string{
		"AWS_REGION": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": canary, "AWS_ENDPOINT_URL": srv.URL,
	} {
		t.Setenv(name, value)
	}
	if _, err := secretsmanager.FromEnvironment(); !errors.Is(err, secrets.ErrRegion) || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("without a region: %v", err)
	}
	t.Setenv("AWS_REGION", "us-east-1")
	if _, err := secretsmanager.FromEnvironment(); err == nil || !strings.Contains(err.Error(), "AWS_ACCESS_KEY_ID") || strings.Contains(err.Error(), canary) {
		t.Errorf("without credentials: %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "key")
	src, err := secretsmanager.FromEnvironment(func(o *sdk.Options) { o.HTTPClient = http.DefaultClient })
	if err != nil {
		t.Fatal(err)
	}
	if v, err := mustNew[string](t, src, "a", nil).Get(t.Context()); err != nil || v != "x" {
		t.Errorf("Get = %q, %v", v, err)
	}
}
