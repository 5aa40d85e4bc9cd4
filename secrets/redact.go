package secrets

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Redacted is a string that does not print: use it for the confidential fields
// of a T. It decodes from a JSON string. fmt, log/slog and encoding/json show
// "[redacted]"; inside an unexported field, where fmt cannot call methods, they
// show an address. The zero value is the empty string. Values are immutable
// and safe for concurrent use. Do not compare them with ==.
type Redacted struct {
	_ [0]func()
	p *string
}

// Redact returns s as a [Redacted].
func Redact(s string) Redacted { return Redacted{p: &s} }

// safeError never quotes a value.
type safeError string

func (e safeError) Error() string { return string(e) }
func (safeError) SecretSafe()     {}

// Reveal returns the string.
func (r Redacted) Reveal() string {
	if r.p == nil {
		return ""
	}
	return *r.p
}

// UnmarshalJSON decodes a JSON string. The error does not quote the input.
func (r *Redacted) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		return safeError("a JSON string is needed where there is something else")
	}
	r.p = &s
	return nil
}

// UnmarshalText sets the string, for decoders other than encoding/json.
func (r *Redacted) UnmarshalText(text []byte) error {
	*r = Redact(string(text))
	return nil
}

// String returns "[redacted]".
func (Redacted) String() string { return redacted }

// Format prints "[redacted]" for every verb.
func (Redacted) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue returns "[redacted]".
func (Redacted) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]", also as a JSON string.
func (Redacted) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// String returns "[redacted]".
func (Raw) String() string { return redacted }

// Format prints the version and "[redacted]" for every verb.
func (r Raw) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%s %s", string(r.Version), redacted) }

// LogValue returns the version and "[redacted]".
func (r Raw) LogValue() slog.Value { return slog.StringValue(string(r.Version) + " " + redacted) }

// MarshalText returns "[redacted]", also as a JSON string.
func (Raw) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// String names the version and the stage, not the value.
func (v Value[T]) String() string {
	return string(v.Version()) + " (" + string(v.Stage()) + ") " + redacted
}

// Format prints what String returns for every verb.
func (v Value[T]) Format(f fmt.State, _ rune) { io.WriteString(f, v.String()) }

// LogValue returns what String returns.
func (v Value[T]) LogValue() slog.Value { return slog.StringValue(v.String()) }

// MarshalText returns what String returns, also as a JSON string.
func (v Value[T]) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// String returns the secret's ID.
func (s *Secret[T]) String() string { return s.id + " " + redacted }

// Format prints the secret's ID for every verb.
func (s *Secret[T]) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue returns the secret's ID.
func (s *Secret[T]) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns the secret's ID, also as a JSON string.
func (s *Secret[T]) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
