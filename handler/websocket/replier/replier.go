package replier

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// MaxMessage is how many bytes a message can have. API Gateway sends it in frames
// of 32 KB at most:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const MaxMessage = 128 << 10

// A Replier sends to the connections of one stage of one API. It is safe for
// concurrent use, and cheap to make: it opens nothing.
type Replier struct {
	base        *url.URL                                       // of the connections, up to the slash
	region      string                                         // to sign for
	credentials func(context.Context) (aws.Credentials, error) // a function does not print
	client      *http.Client
	attempts    int
	signer      *v4.Signer
}

// New returns a Replier. Its error joins all that is wrong with the options.
func New(o Options) (*Replier, error) {
	o, u, err := o.checked()
	if err != nil {
		return nil, err
	}
	base := &url.URL{Scheme: u.Scheme, Host: u.Host}
	base.RawPath = strings.TrimSuffix(u.EscapedPath(), "/") + "/@connections/"
	base.Path = strings.TrimSuffix(u.Path, "/") + "/@connections/"
	return &Replier{base: base, region: o.Region, credentials: o.Credentials.Retrieve, client: o.Client, attempts: o.MaxAttempts, signer: v4.NewSigner()}, nil
}

// Post sends a message to a connection: text if it is UTF-8, as API Gateway
// decides. It returns nil once the service has accepted it, which is not to say
// that the client has read it. Messages for one connection keep their order only
// if each Post waits for the one before.
//
// Every error is an [*Error]. A 429 is tried again, with growing random pauses or
// as Retry-After asks (30 s at most), as long as attempts and the deadline of ctx allow. After
// any other failure the message may or may not have been delivered, or will not
// be, and Post leaves it to its caller to send it twice.
func (r *Replier) Post(ctx context.Context, connectionID string, message []byte) error {
	if len(message) > MaxMessage {
		return &Error{Op: "post", ConnectionID: connectionID, Err: fmt.Errorf("%w: it has %d bytes, %d are allowed", ErrTooLarge, len(message), MaxMessage)}
	}
	_, err := r.call(ctx, "post", http.MethodPost, connectionID, message)
	return err
}

// A Connection is what the service knows of one.
type Connection struct {
	ConnectedAt  time.Time
	LastActiveAt time.Time
	SourceIP     string
	UserAgent    string
}

// Get asks for a connection. It is [ErrGone] if the connection is closed. Every
// error is an [*Error]; besides a 429, answers 500, 502, 503 and 504 and
// connections that break are tried again.
func (r *Replier) Get(ctx context.Context, connectionID string) (Connection, error) {
	body, err := r.call(ctx, "get", http.MethodGet, connectionID, nil)
	if err != nil {
		return Connection{}, err
	}
	var out struct {
		ConnectedAt  time.Time `json:"connectedAt"`
		LastActiveAt time.Time `json:"lastActiveAt"`
		Identity     struct {
			SourceIP  string `json:"sourceIp"`
			UserAgent string `json:"userAgent"`
		} `json:"identity"`
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return Connection{}, &Error{Op: "get", ConnectionID: connectionID, StatusCode: http.StatusOK, Attempts: 1, Err: fmt.Errorf("the answer is not what is documented: %w", err)}
	}
	return Connection{out.ConnectedAt, out.LastActiveAt, out.Identity.SourceIP, out.Identity.UserAgent}, nil
}

// Close ends a connection; its client sees the close code 1000. It is [ErrGone]
// if the connection is closed. It tries again when [Replier.Get] does.
func (r *Replier) Close(ctx context.Context, connectionID string) error {
	_, err := r.call(ctx, "close", http.MethodDelete, connectionID, nil)
	return err
}

// call sends one request, and again while that can help.
func (r *Replier) call(ctx context.Context, op, method, connectionID string, body []byte) ([]byte, error) {
	if connectionID == "" || connectionID == "." || connectionID == ".." {
		return nil, &Error{Op: op, ConnectionID: connectionID, Err: errors.New("this is not the ID of a connection")}
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	for attempt := 1; ; attempt++ {
		answer, err := r.send(ctx, method, connectionID, body, hash)
		if err == nil && answer.status/100 == 2 {
			return answer.body, nil
		}
		failure := &Error{Op: op, ConnectionID: connectionID, Attempts: attempt, Err: err}
		if err == nil {
			answer.describe(failure)
		}
		if attempt >= r.attempts || !retryable(method, failure) {
			return nil, failure
		}
		if err := pause(ctx, backoff(attempt, answer.retryAfter)); err != nil {
			// What happened is worth more than that there is no time left.
			failure.Err = errors.Join(failure.Err, err)
			return nil, failure
		}
	}
}

// send sends one request once.
func (r *Replier) send(ctx context.Context, method, connectionID string, body []byte, hash string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.base.Scheme+"://"+r.base.Host, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	// The path is escaped as the SDK does it, and the signer escapes it again:
	// abc= is abc%3D on the wire and abc%253D in the signature.
	req.URL.Path = r.base.Path + connectionID
	req.URL.RawPath = r.base.RawPath + escape(connectionID)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/octet-stream")
	} else {
		req.Body, req.GetBody, req.ContentLength = http.NoBody, nil, 0
	}
	credentials, err := r.credentials(ctx)
	if err != nil {
		return answer{}, &credentialsError{err}
	}
	if err := r.signer.SignHTTP(ctx, credentials, req, hash, "execute-api", r.region, time.Now()); err != nil {
		return answer{}, err
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	return read(resp)
}

// A credentialsError is not worth another attempt: providers have their own.
type credentialsError struct{ err error }

func (e *credentialsError) Error() string { return "no credentials: " + e.err.Error() }
func (e *credentialsError) Unwrap() error { return e.err }

// maxAnswer bounds what is read of an answer: none that is documented has more
// than a few hundred bytes.
const maxAnswer = 64 << 10

func read(resp *http.Response) (answer, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil && resp.StatusCode/100 == 2 && len(body) > 0 {
		return answer{}, err
	}
	return answer{status: resp.StatusCode, body: body, code: resp.Header.Get("X-Amzn-Errortype"),
		requestID: resp.Header.Get("X-Amzn-Requestid"), retryAfter: resp.Header.Get("Retry-After")}, nil
}

// escape escapes all but the unreserved characters of RFC 3986, as Signature
// Version 4 asks for.
func escape(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}
