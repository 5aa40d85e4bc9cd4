package secrets_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/secrets"
)

const canary = "hunter2-tr0ub4dor"

func one(data string, binary bool) secrets.SourceFunc {
	return func(context.Context, secrets.Request) (secrets.Raw, error) {
		return secrets.Raw{Version: "v1", Data: []byte(data), Binary: binary}, nil
	}
}

func TestDecodes(t *testing.T) {
	if got := mustGet(t, mustNew[string](t, one(`"quoted" {`, false), nil)); got != `"quoted" {` {
		t.Errorf("string = %q", got)
	}
	if got := mustGet(t, mustNew[secrets.Redacted](t, one(canary, false), nil)); got.Reveal() != canary {
		t.Errorf("Redacted = %q", got.Reveal())
	}
	if got := mustGet(t, mustNew[[]byte](t, one("\x00\xff", true), nil)); string(got) != "\x00\xff" {
		t.Errorf("[]byte = %q", got)
	}
	if got := mustGet(t, mustNew[[]byte](t, one("text", false), nil)); string(got) != "text" {
		t.Errorf("[]byte = %q", got)
	}
	if got := mustGet(t, mustNew[login](t, one(creds("u", canary), false), nil)); got.Username != "u" || got.Password.Reveal() != canary {
		t.Errorf("struct = %q %q", got.Username, got.Password.Reveal())
	}
	if got := mustGet(t, mustNew[map[string]string](t, one(`{"a":"b"}`, true), nil)); got["a"] != "b" {
		t.Errorf("map = %v", got)
	}
	upper := func(data []byte, v any) error { *v.(*string) = strings.ToUpper(string(data)); return nil }
	if got := mustGet(t, mustNew[string](t, one("up", false), &secrets.Options{Decode: upper})); got != "UP" {
		t.Errorf("Decode = %q", got)
	}
}

type quoting struct{}

func (*quoting) UnmarshalJSON(b []byte) error { return fmt.Errorf("bad value %s", b) }

type panicking struct{}

func (*panicking) UnmarshalJSON(b []byte) error { panic(string(b)) }

// Every error names the secret and the operation, and none quotes the value.
func TestDecodeErrors(t *testing.T) {
	quote := func(data []byte, _ any) error { return errors.New(string(data)) }
	for _, tt := range []struct {
		name string
		get  func(context.Context) error
		kind error
		want string
	}{
		{"not JSON", getter[login](t, canary, false, nil), secrets.ErrDecode, "not JSON at byte 1"},
		{"cut JSON", getter[login](t, `{"username":"`+canary, false, nil), secrets.ErrDecode, "not JSON"},
		{"empty", getter[login](t, "", false, nil), secrets.ErrDecode, "empty"},
		{"a number for a text", getter[struct{ Password string }](t, `{"password":31337}`, false, nil), secrets.ErrDecode, "JSON number (.Password)"},
		{"a number out of range", getter[struct{ Pin int8 }](t, `{"pin":31337}`, false, nil), secrets.ErrDecode, "int8"},
		{"a number for Redacted", getter[login](t, `{"password":31337}`, false, nil), secrets.ErrDecode, "a JSON string is needed"},
		{"an array for an object", getter[login](t, `["`+canary+`"]`, false, nil), secrets.ErrDecode, "array"},
		{"a quoting UnmarshalJSON", getter[quoting](t, `"`+canary+`"`, false, nil), secrets.ErrDecode, "withheld"},
		{"a panicking UnmarshalJSON", getter[panicking](t, `"`+canary+`"`, false, nil), secrets.ErrDecode, "panicked"},
		{"a quoting Decode", getter[string](t, canary, false, &secrets.Options{Decode: quote}), secrets.ErrDecode, "withheld"},
		{"binary for string", getter[string](t, canary, true, nil), secrets.ErrDecode, "use []byte"},
		{"binary for Redacted", getter[secrets.Redacted](t, canary, true, nil), secrets.ErrDecode, "use []byte"},
		{"oversized", getter[string](t, strings.Repeat(canary, 5000), false, nil), secrets.ErrTooLarge, "85000 bytes, want at most 65536"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.get(t.Context())
			var e *secrets.Error
			if !errors.As(err, &e) || e.ID != "orders/db" || e.Op != "decode" || !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Get = %v, want %v with %q", err, tt.kind, tt.want)
			}
			for _, leak := range []string{canary, "31337"} {
				for err := err; err != nil; err = errors.Unwrap(err) {
					if s := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(s, leak) {
						t.Errorf("the error quotes the value: %s", s)
					}
				}
			}
		})
	}
}

func getter[T any](t *testing.T, data string, binary bool, opts *secrets.Options) func(context.Context) error {
	s := mustNew[T](t, one(data, binary), opts)
	return func(ctx context.Context) error { _, err := s.Get(ctx); return err }
}

func TestNothingPrintsTheValue(t *testing.T) {
	s := mustNew[login](t, one(creds("alice", canary), false), nil)
	v, err := s.Value(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plain := mustNew[string](t, one(canary, false), nil)
	pv, err := plain.Value(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw := secrets.Raw{Version: "v1", Data: []byte(canary)}
	type hidden struct {
		v secrets.Value[login]
		p secrets.Value[string]
		r secrets.Redacted
		s *secrets.Secret[string]
	}
	type shown struct {
		V secrets.Value[string]
		R secrets.Redacted
		L login
		S *secrets.Secret[string]
		W secrets.Raw
	}
	for name, x := range map[string]any{
		"value": v, "value of string": pv, "pointer": &pv, "secret": s, "raw": raw, "data": v.Data(),
		"unexported fields": hidden{v, pv, secrets.Redact(canary), plain}, "pointer to them": &hidden{v, pv, secrets.Redact(canary), plain},
		"exported fields": shown{pv, secrets.Redact(canary), v.Data(), plain, raw},
		"slice":           []any{v, pv, raw}, "map": map[string]any{"a": pv, "b": secrets.Redact(canary)},
	} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "x", x)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "x", x)
		js, err := json.Marshal(x)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, out := range []string{
			fmt.Sprint(x), fmt.Sprintf("%v|%+v|%#v|%s|%q|%x|%d", x, x, x, x, x, x, x), log.String(), string(js),
		} {
			for _, leak := range []string{canary, fmt.Sprintf("%x", canary), "68 75 6e", "104 117 110"} {
				if strings.Contains(out, leak) {
					t.Errorf("%s prints as %s", name, out)
				}
			}
		}
	}
	if got := v.String(); got != "v1 (AWSCURRENT) [redacted]" {
		t.Errorf("Value prints as %q", got)
	}
	var zero secrets.Value[login]
	if zero.Data().Username != "" || zero.Version() != "" || zero.Stage() != "" || !zero.Fetched().IsZero() || zero.Stale() {
		t.Error("the zero Value holds something")
	}
	var r secrets.Redacted
	if r.Reveal() != "" {
		t.Error("the zero Redacted holds something")
	}
	if err := r.UnmarshalText([]byte(canary)); err != nil || r.Reveal() != canary {
		t.Errorf("UnmarshalText: %v", err)
	}
	if d := time.Since(v.Fetched()); d < 0 || d > time.Minute {
		t.Errorf("fetched %v ago", d)
	}
}

func FuzzDecodeLeaksNothing(f *testing.F) {
	f.Add([]byte(`{"username":"u","password":"p"}`), false)
	f.Add([]byte(`{"port":"x`), true)
	f.Add([]byte(`{"port":99999999999}`), false)
	type target struct {
		Username, Password string
		Port               uint16
		Nested             struct{ List []bool }
		Map                map[string]int
	}
	f.Fuzz(func(t *testing.T, data []byte, binary bool) {
		const mark = "q7Zx9Kw2"
		data = bytes.ReplaceAll(data, []byte("p"), []byte(mark)) // wherever it stands
		data = bytes.ReplaceAll(data, []byte("9"), []byte("3133731337"))
		s := mustNew[target](t, one(string(data), binary), nil)
		v, err := s.Get(t.Context())
		var want target
		ref := json.Unmarshal(data, &want)
		if (err == nil) != (ref == nil && len(data) <= 65536) {
			t.Fatalf("Get = %v, json = %v", err, ref)
		}
		if err == nil {
			if fmt.Sprint(v) != fmt.Sprint(want) {
				t.Errorf("Get = %v, want %v", v, want)
			}
			return
		}
		if msg := err.Error(); strings.Contains(msg, mark) || strings.Contains(msg, "31337") {
			t.Errorf("the error quotes the value: %s", msg)
		}
	})
}
