package parameterstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/parameterstore"
)

const canary = "hunter2-tr0ub4dor"

// store is GetParameter in AWS JSON 1.1, as the API reference describes it.
type store struct {
	mu     sync.Mutex
	values []string // by version - 1
	fail   string   // an error type
	names  []string // asked for
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in struct {
		Name           string
		WithDecryption bool
	}
	fail := func(code, message string) {
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if json.NewDecoder(r.Body).Decode(&in) != nil || r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParameter" || !in.WithDecryption {
		fail("ValidationException", "not GetParameter with decryption")
		return
	}
	s.names = append(s.names, in.Name)
	if s.fail != "" {
		fail(s.fail, "as told")
		return
	}
	name, selector, selected := strings.Cut(in.Name, ":")
	version := len(s.values)
	if selected {
		version, _ = strconv.Atoi(selector)
	}
	switch {
	case name != "/orders/db":
		fail("ParameterNotFound", "")
	case version < 1 || version > len(s.values):
		fail("ParameterVersionNotFound", "Systems Manager could not find version "+selector+" of "+name)
	default:
		json.NewEncoder(w).Encode(map[string]any{"Parameter": map[string]any{
			"Name": name, "Type": "SecureString", "Value": s.values[version-1], "Version": version,
			"ARN": "arn:aws:ssm:us-east-1:123456789012:parameter" + name, "LastModifiedDate": 1.7e9,
		}})
	}
}

func newSource(t *testing.T, s *store, options ...func(*sdk.Options)) *parameterstore.Source {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return parameterstore.New(sdk.New(sdk.Options{
		BaseEndpoint: aws.String(srv.URL),
		Region:       "us-east-1",
		Retryer:      aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "key"}, nil
		}),
	}, options...))
}

func TestStages(t *testing.T) {
	s := &store{values: []string{"one"}}
	src := newSource(t, s)
	fetch := func(stage secrets.Stage) (secrets.Raw, error) {
		return src.Fetch(t.Context(), secrets.Request{ID: "/orders/db", Stage: stage})
	}
	if raw, err := fetch(secrets.StageCurrent); err != nil || string(raw.Data) != "one" || raw.Version != "1" || raw.Binary {
		t.Errorf("current = %q %v, %v", raw.Data, raw.Version, err)
	}
	if _, err := fetch(secrets.StagePrevious); !errors.Is(err, secrets.ErrNotFound) {
		t.Errorf("previous of the first version: %v", err)
	}
	s.values = append(s.values, "two")
	if raw, err := fetch(secrets.StagePrevious); err != nil || string(raw.Data) != "one" || raw.Version != "1" {
		t.Errorf("previous = %q %v, %v", raw.Data, raw.Version, err)
	}
	s.names = nil
	if _, err := fetch(secrets.StagePending); !errors.Is(err, secrets.ErrNotFound) || len(s.names) != 0 {
		t.Errorf("pending: %v, calls %v", err, s.names)
	}
}

// A parameter that was changed before the database, and one that was changed after.
func TestRecover(t *testing.T) {
	s := &store{values: []string{"one", "two"}}
	secret, err := secrets.New[string](newSource(t, s), "/orders/db", nil)
	if err != nil {
		t.Fatal(err)
	}
	accepted := "one"
	try := func(_ context.Context, v secrets.Value[string]) error {
		if v.Data() != accepted {
			return secrets.Rejected(errors.New("rejected"))
		}
		return nil
	}
	if err := secret.Recover(t.Context(), "", try); err != nil {
		t.Errorf("the parameter first: %v", err)
	}
	accepted = "two"
	if err := secret.Recover(t.Context(), "", try); err != nil {
		t.Errorf("the database after: %v", err)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name, id, fail string
		options        func(*sdk.Options)
		kind           error
	}{
		{"missing", "/nowhere", "", nil, secrets.ErrNotFound},
		{"denied", "/orders/db", "AccessDeniedException", nil, secrets.ErrDenied},
		{"denied key", "/orders/db", "InvalidKeyId", nil, secrets.ErrDenied},
		{"throttled", "/orders/db", "ThrottlingException", nil, nil},
		{"another region", "arn:aws:ssm:eu-west-1:123456789012:parameter/orders/db", "", nil, secrets.ErrRegion},
		{"no region", "/orders/db", "", func(o *sdk.Options) { o.Region = "" }, secrets.ErrRegion},
		{"too large", "/orders/db", "", nil, secrets.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &store{values: []string{canary}, fail: tt.fail}
			if tt.kind == secrets.ErrTooLarge {
				s.values[0] = strings.Repeat(canary, 10000)
			}
			var options []func(*sdk.Options)
			if tt.options != nil {
				options = append(options, tt.options)
			}
			secret, err := secrets.New[string](newSource(t, s, options...), tt.id, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = secret.Get(t.Context())
			var e *secrets.Error
			if !errors.As(err, &e) || e.ID != tt.id || tt.kind != nil && !errors.Is(err, tt.kind) {
				t.Fatalf("Get = %v, want %v", err, tt.kind)
			}
			if e.Op == "fetch" && !strings.Contains(err.Error(), "GetParameter") || strings.Contains(fmt.Sprintf("%+v", err), canary) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestFromEnvironment(t *testing.T) {
	srv := httptest.NewServer(&store{values: []string{"one"}})
	defer srv.Close()
	for name, value := range map[string]string{"AWS_REGION": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": canary, "AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_SSM": srv.URL} {
		t.Setenv(name, value)
	}
	if _, err := parameterstore.FromEnvironment(); !errors.Is(err, secrets.ErrRegion) {
		t.Errorf("without a region: %v", err)
	}
	t.Setenv("AWS_REGION", "us-east-1")
	if _, err := parameterstore.FromEnvironment(); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("without credentials: %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "key")
	src, err := parameterstore.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := src.Fetch(t.Context(), secrets.Request{ID: "/orders/db", Stage: secrets.StageCurrent}); err != nil || string(raw.Data) != "one" {
		t.Errorf("Fetch = %v", err)
	}
}
