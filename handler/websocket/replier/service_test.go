package replier_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	accessKey = "AKIDEXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	token     = "session/token+=="
	region    = "eu-central-1"
)

// A service stands in for the API Gateway Management API. It follows the wire
// behaviour that
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
// and the API's model document, and checks each signature by the rules of
// Signature Version 4, with none of the SDK's code.
type service struct {
	t *testing.T

	mu          sync.Mutex
	connections map[string][]string // the messages of each
	faults      []fault             // for the next requests
	requests    int
	uri         string // of the last request, as it was on the wire
}

// A fault is an answer before the service looks at its connections.
type fault struct {
	status           int
	code, retryAfter string
	hangUp           bool
}

// served is how many requests came.
func (s *service) served() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// answerWith has the next requests fail.
func (s *service) answerWith(faults ...fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	s.uri = r.RequestURI
	w.Header().Set("X-Amzn-Requestid", fmt.Sprint("r-", s.requests))
	if err := verify(r, body); err != nil {
		refuse(w, 403, "InvalidSignatureException", err.Error())
		return
	}
	if len(s.faults) > 0 {
		f := s.faults[0]
		s.faults = s.faults[1:]
		if f.hangUp {
			panic(http.ErrAbortHandler)
		}
		if f.retryAfter != "" {
			w.Header().Set("Retry-After", f.retryAfter)
		}
		if f.status == http.StatusTemporaryRedirect {
			w.Header().Set("Location", "/elsewhere")
		}
		refuse(w, f.status, f.code, "")
		return
	}
	id, ok := strings.CutPrefix(r.URL.Path, "/prod/@connections/")
	if !ok {
		refuse(w, 403, "ForbiddenException", "Forbidden")
		return
	}
	messages, open := s.connections[id]
	switch {
	case !open:
		refuse(w, 410, "GoneException:http://internal.amazon.com/coral/com.amazonaws.example/", "")
	case len(body) > 128<<10:
		refuse(w, 413, "PayloadTooLargeException", "")
	case r.Method == http.MethodPost:
		s.connections[id] = append(messages, string(body))
	case r.Method == http.MethodGet:
		io.WriteString(w, `{"connectedAt":"2026-09-18T09:24:51.123Z","identity":{"sourceIp":"203.0.113.24","userAgent":"wscat"},"lastActiveAt":"2026-09-18T09:25:00Z"}`) //nolint:errcheck // a test's answer
	case r.Method == http.MethodDelete:
		delete(s.connections, id)
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, 403, "MissingAuthenticationTokenException", "Missing Authentication Token")
	}
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", code)
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message":%q}`, message)
}

// verify checks a request as
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// describes it: for all services but S3, each segment of the path is encoded
// once more than it is on the wire.
func verify(r *http.Request, body []byte) error {
	auth, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return fmt.Errorf("no signature")
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(auth, ", ") {
		name, value, _ := strings.Cut(part, "=")
		fields[name] = value
	}
	date := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", date)
	if d := time.Since(at); err != nil || d < -5*time.Minute || d > 5*time.Minute {
		return fmt.Errorf("signature expired: %s", date)
	}
	scope := date[:8] + "/" + region + "/execute-api/aws4_request"
	if fields["Credential"] != accessKey+"/"+scope {
		return fmt.Errorf("credential %q", fields["Credential"])
	}
	if r.Header.Get("X-Amz-Security-Token") != token {
		return fmt.Errorf("security token")
	}
	names := strings.Split(fields["SignedHeaders"], ";")
	for _, must := range []string{"host", "x-amz-date", "x-amz-security-token"} {
		if !slices.Contains(names, must) {
			return fmt.Errorf("header %s is not signed", must)
		}
	}
	canonical := r.Method + "\n" + encodePath(r.URL.EscapedPath()) + "\n" + r.URL.RawQuery + "\n"
	for _, name := range names {
		value := r.Header.Get(name)
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		canonical += name + ":" + strings.TrimSpace(value) + "\n"
	}
	canonical += "\n" + fields["SignedHeaders"] + "\n" + sha(body)
	toSign := "AWS4-HMAC-SHA256\n" + date + "\n" + scope + "\n" + sha([]byte(canonical))
	key := []byte("AWS4" + secretKey)
	for _, part := range []string{date[:8], region, "execute-api", "aws4_request", toSign} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	if got := hex.EncodeToString(key); got != fields["Signature"] {
		return fmt.Errorf("the request signature we calculated does not match the signature you provided")
	}
	return nil
}

func sha(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func encodePath(path string) string {
	var b strings.Builder
	for _, c := range []byte(path) {
		if c == '/' || strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
