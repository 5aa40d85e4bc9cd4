package extension_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/extension"
)

const (
	canary = "hunter2-tr0ub4dor"
	token  = "s3ss10n-t0ken"
)

// layer answers as the extension does: by path and query, with the token.
func layer(t *testing.T, answer func(path string, q url.Values) (int, any)) *extension.Source {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("X-Aws-Parameters-Secrets-Token") != token {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		status, body := answer(r.URL.Path, r.URL.Query())
		w.WriteHeader(status)
		if s, ok := body.(string); ok {
			fmt.Fprint(w, s)
			return
		}
		json.NewEncoder(w).Encode(body)
	}))
	t.Cleanup(srv.Close)
	t.Setenv("AWS_SESSION_TOKEN", token)
	return mustNew(t, &extension.Options{Endpoint: srv.URL})
}

func mustNew(t *testing.T, opts *extension.Options) *extension.Source {
	t.Helper()
	s, err := extension.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func current(id string) secrets.Request { return secrets.Request{ID: id, Stage: secrets.StageCurrent} }

func TestSecret(t *testing.T) {
	var seen url.Values
	src := layer(t, func(path string, q url.Values) (int, any) {
		seen = q
		if path != "/secretsmanager/get" {
			return 404, "no such path"
		}
		if q.Get("secretId") == "orders/key" {
			return 200, map[string]any{"VersionId": "v2", "SecretBinary": []byte{0, 1, 255}}
		}
		return 200, map[string]any{"VersionId": "v1", "VersionStages": []string{"AWSCURRENT"}, "SecretString": canary, "CreatedDate": "1.7E9"}
	})
	raw, err := src.Fetch(t.Context(), secrets.Request{ID: "orders/db?&=", Stage: secrets.StagePending, Fresh: true})
	if err != nil || string(raw.Data) != canary || raw.Version != "v1" || raw.Binary || fmt.Sprint(raw.Stages) != "[AWSCURRENT]" {
		t.Errorf("Fetch = %v, %v", raw, err)
	}
	if seen.Encode() != "secretId=orders%2Fdb%3F%26%3D&versionStage=AWSPENDING" {
		t.Errorf("the query is %s", seen.Encode())
	}
	raw, err = src.Fetch(t.Context(), current("orders/key"))
	if err != nil || string(raw.Data) != "\x00\x01\xff" || !raw.Binary {
		t.Errorf("binary = %v, %v", raw, err)
	}
}

func TestParameterAndAgent(t *testing.T) {
	var path, query string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, query = r.URL.Path, r.URL.RawQuery
		fmt.Fprint(w, `{"VersionId":"v1","SecretString":"x","Parameter":{"Name":"/a","Value":"x","Version":7}}`)
	}))
	defer srv.Close()
	opts := extension.Options{Endpoint: srv.URL + "/", Parameters: true, Token: func() (string, error) { return token, nil }}
	raw, err := mustNew(t, &opts).Fetch(t.Context(), current("/a"))
	if err != nil || raw.Version != "7" || path != "/systemsmanager/parameters/get" || query != "name=%2Fa&withDecryption=true" {
		t.Errorf("Fetch = %v, %v of %s?%s", raw, err, path, query)
	}
	if _, err := mustNew(t, &opts).Fetch(t.Context(), secrets.Request{ID: "/a", Stage: secrets.StagePending}); !errors.Is(err, secrets.ErrNotFound) {
		t.Errorf("pending: %v", err)
	}
	opts.Parameters, opts.Agent = false, true
	if _, err := mustNew(t, &opts).Fetch(t.Context(), secrets.Request{ID: "a", Stage: secrets.StageCurrent, Fresh: true}); err != nil || !strings.Contains(query, "refreshNow=true") {
		t.Errorf("agent: %v, %s", err, query)
	}
	if _, err := mustNew(t, &opts).Fetch(t.Context(), current("a")); err != nil || strings.Contains(query, "refreshNow") {
		t.Errorf("agent: %v, %s", err, query)
	}
}

// The extension starts at the same time as the function.
func TestWaitsUntilReady(t *testing.T) {
	n := 0
	src := layer(t, func(string, url.Values) (int, any) {
		if n++; n < 4 {
			return 400, "not ready to serve traffic, please wait"
		}
		return 200, map[string]any{"VersionId": "v1", "SecretString": "x"}
	})
	if _, err := src.Fetch(t.Context(), current("a")); err != nil || n != 4 {
		t.Errorf("Fetch = %v after %d requests", err, n)
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close() // nobody listens there
	t.Setenv("AWS_SESSION_TOKEN", token)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = mustNew(t, &extension.Options{Endpoint: "http://" + addr}).Fetch(ctx, current("a"))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("without an extension: %v", err)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   any
		kind   error
		want   string
	}{
		{"missing", 400, `{"message":"ResourceNotFoundException: can't find the specified secret"}`, secrets.ErrNotFound, "status 400"},
		{"missing parameter", 400, "ParameterNotFound", secrets.ErrNotFound, ""},
		{"denied", 400, "an error occurred (AccessDeniedException)", secrets.ErrDenied, ""},
		{"bad token", 401, "", secrets.ErrDenied, "401"},
		{"deleted", 400, "marked for deletion", secrets.ErrDeleted, ""},
		{"broken", 500, "internal", nil, "status 500"},
		{"not JSON", 200, canary, nil, "not the JSON"},
		{"no value", 200, "{}", nil, "no value"},
		{"not base64", 200, `{"VersionId":"v","SecretBinary":"` + canary + `!"}`, nil, "not base64"},
		{"too large", 200, strings.Repeat(canary, 100000), secrets.ErrTooLarge, ""},
		{"a redirect", 302, "", nil, "302"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := layer(t, func(string, url.Values) (int, any) { return tt.status, tt.body })
			s, err := secrets.New[string](src, "orders/db", nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Get(t.Context())
			if err == nil || tt.kind != nil && !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), `"orders/db": GetSecretValue`) {
				t.Errorf("Get = %v, want %v with %q", err, tt.kind, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), token)) {
				t.Errorf("the error quotes a secret: %v", err)
			}
		})
	}
}

func TestNewRejects(t *testing.T) {
	for _, endpoint := range []string{"https://localhost", "http://169.254.169.254", "http://example.com:2773", "localhost:2773", "http://localhost?x=1", "://"} {
		if _, err := extension.New(&extension.Options{Endpoint: endpoint}); err == nil || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("New(%q) = %v", endpoint, err)
		}
	}
	for _, endpoint := range []string{"http://localhost", "http://127.0.0.1:2773", "http://[::1]:2773/"} {
		mustNew(t, &extension.Options{Endpoint: endpoint})
	}
	t.Setenv("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", "70000")
	if _, err := extension.New(nil); err == nil || !strings.Contains(err.Error(), "1 to 65535") {
		t.Errorf("New = %v", err)
	}
	t.Setenv("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", "2774")
	t.Setenv("AWS_SESSION_TOKEN", "")
	if _, err := mustNew(t, nil).Fetch(t.Context(), current("a")); err == nil || !strings.Contains(err.Error(), "AWS_SESSION_TOKEN") {
		t.Errorf("without a token: %v", err)
	}
}
