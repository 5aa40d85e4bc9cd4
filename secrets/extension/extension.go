// Package extension is the [secrets.Source] for the AWS Parameters and Secrets
// Lambda Extension and for the AWS Secrets Manager Agent: an HTTP endpoint on the
// loopback interface that fetches and caches. It links no SDK.
//
// The extension starts beside the function and answers "not ready" until it has;
// Fetch repeats such a request until its context ends. The extension
// keeps values for up to 300 s (SECRETS_MANAGER_TTL). After a rotation it may
// therefore still answer AWSCURRENT with the old version; recovery then finds the
// new one as AWSPENDING, or when that time has passed. A function that must
// notice sooner uses package secretsmanager. See
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html.
package extension

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/lambdatune/lambdatune/secrets"
)

// Options configures a [Source]. The zero value, and a nil pointer, are right
// for a function with the extension's layer.
type Options struct {
	// Endpoint is the URL of the extension or agent. Empty means
	// http://localhost and the port in PARAMETERS_SECRETS_EXTENSION_HTTP_PORT,
	// 2773 by default.
	Endpoint string
	// Token returns what the extension wants to see in the header
	// X-Aws-Parameters-Secrets-Token. Nil means AWS_SESSION_TOKEN; the agent
	// has it in a file.
	Token func() (string, error)
	// Parameters makes the source fetch from Parameter Store instead of
	// Secrets Manager.
	Parameters bool
	// Agent adds refreshNow=true to the requests of a recovery, by which the
	// Secrets Manager Agent passes over its cache. The extension does not
	// document it.
	Agent bool
	// HTTPClient makes the requests. Nil means one without a proxy.
	HTTPClient *http.Client
}

// Source fetches from the extension. It is created by [New] and safe for
// concurrent use.
type Source struct {
	opts   Options
	client *http.Client
}

// maxBody bounds an answer: a value of 64 KiB, base64, and what is around it.
const maxBody = 1 << 20

// New returns a source for the extension. It fails if the endpoint is no HTTP
// URL of a host on the loopback interface, because the token must not leave it,
// or the port in the environment is none.
func New(opts *Options) (*Source, error) {
	if opts == nil {
		opts = &Options{}
	}
	s := &Source{opts: *opts, client: opts.HTTPClient}
	if s.opts.Endpoint == "" {
		port := os.Getenv("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT")
		if port == "" {
			port = "2773"
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("extension: PARAMETERS_SECRETS_EXTENSION_HTTP_PORT is %q, want 1 to 65535", port)
		}
		s.opts.Endpoint = "http://localhost:" + port
	}
	u, err := url.Parse(s.opts.Endpoint)
	if err != nil || u.Scheme != "http" || u.RawQuery != "" || !loopback(u.Hostname()) {
		return nil, fmt.Errorf("extension: Options.Endpoint is %q, want http:// and a host on the loopback interface", s.opts.Endpoint)
	}
	s.opts.Endpoint = strings.TrimSuffix(s.opts.Endpoint, "/")
	if s.opts.Token == nil {
		s.opts.Token = func() (string, error) {
			token := os.Getenv("AWS_SESSION_TOKEN")
			if token == "" {
				return "", errors.New("AWS_SESSION_TOKEN is not set")
			}
			return token, nil
		}
	}
	if s.client == nil {
		s.client = &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute},
			// A redirect would take the token along.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return s, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// errNotReady is the answer of an extension that is still starting.
var errNotReady = errors.New("the extension is not ready")

// Fetch asks the extension. Its errors name the operation and wrap the matching
// one of package secrets. While the extension does not answer yet it asks again, every
// few milliseconds at first, until ctx ends.
func (s *Source) Fetch(ctx context.Context, r secrets.Request) (secrets.Raw, error) {
	op, path, err := s.path(r)
	if err != nil {
		return secrets.Raw{}, err
	}
	for pause := 5 * time.Millisecond; ; pause = min(pause*2, 200*time.Millisecond) {
		raw, err := s.get(ctx, path)
		if err == nil {
			return raw, nil
		}
		err = fmt.Errorf("%s by the extension: %w", op, err)
		var refused *net.OpError
		if !errors.Is(err, errNotReady) && !(errors.As(err, &refused) && refused.Op == "dial") {
			return secrets.Raw{}, err
		}
		timer := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return secrets.Raw{}, fmt.Errorf("%w, after: %w", context.Cause(ctx), err)
		}
	}
}

func (s *Source) path(r secrets.Request) (op, path string, err error) {
	q := url.Values{}
	if s.opts.Parameters {
		if r.Stage != secrets.StageCurrent {
			return "", "", fmt.Errorf("GetParameter by the extension: %w: parameters have no %s", secrets.ErrNotFound, r.Stage)
		}
		q.Set("name", r.ID)
		q.Set("withDecryption", "true")
		op, path = "GetParameter", "/systemsmanager/parameters/get?"
	} else {
		q.Set("secretId", r.ID)
		q.Set("versionStage", string(r.Stage))
		op, path = "GetSecretValue", "/secretsmanager/get?"
	}
	if r.Fresh && s.opts.Agent {
		q.Set("refreshNow", "true")
	}
	return op, path + q.Encode(), nil
}

// answer is what both services' operations return, as far as it is needed.
type answer struct {
	VersionId     string
	VersionStages []secrets.Stage
	SecretString  *string
	SecretBinary  *string // base64
	Parameter     *struct {
		Value   string
		Version int64
	}
}

func (s *Source) get(ctx context.Context, path string) (secrets.Raw, error) {
	token, err := s.opts.Token()
	if err != nil {
		return secrets.Raw{}, fmt.Errorf("the token: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.opts.Endpoint+path, nil)
	if err != nil {
		return secrets.Raw{}, err
	}
	req.Header.Set("X-Aws-Parameters-Secrets-Token", token)
	resp, err := s.client.Do(req)
	if err != nil {
		return secrets.Raw{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return secrets.Raw{}, fmt.Errorf("reading the answer: %w", err)
	case len(body) > maxBody:
		return secrets.Raw{}, fmt.Errorf("%w: an answer of more than %d bytes", secrets.ErrTooLarge, maxBody)
	case resp.StatusCode != http.StatusOK:
		return secrets.Raw{}, failure(resp.StatusCode, string(body))
	}
	var a answer
	if json.Unmarshal(body, &a) != nil { // its error would quote the answer
		return secrets.Raw{}, errors.New("the answer is not the JSON of the operation")
	}
	raw := secrets.Raw{Version: secrets.Version(a.VersionId), Stages: a.VersionStages}
	switch {
	case a.Parameter != nil:
		raw.Version, raw.Data = secrets.Version(strconv.FormatInt(a.Parameter.Version, 10)), []byte(a.Parameter.Value)
	case a.SecretString != nil:
		raw.Data = []byte(*a.SecretString)
	case a.SecretBinary != nil:
		raw.Binary = true
		if raw.Data, err = base64.StdEncoding.DecodeString(*a.SecretBinary); err != nil {
			return secrets.Raw{}, errors.New("SecretBinary is not base64")
		}
	default:
		return secrets.Raw{}, errors.New("the answer has no value")
	}
	return raw, nil
}

// failure classifies an answer other than 200. The extension passes the
// service's error through as text, so that there is nothing but the text to go by.
func failure(status int, body string) error {
	if len(body) > 512 {
		body = body[:512]
	}
	err := fmt.Errorf("HTTP status %d: %q", status, body)
	for _, c := range []struct {
		text string
		kind error
	}{
		{"not ready", errNotReady},
		{"ResourceNotFoundException", secrets.ErrNotFound},
		{"ParameterNotFound", secrets.ErrNotFound},
		{"ParameterVersionNotFound", secrets.ErrNotFound},
		{"AccessDenied", secrets.ErrDenied},
		{"DecryptionFailure", secrets.ErrDenied},
		{"InvalidKeyId", secrets.ErrDenied},
		{"marked for deletion", secrets.ErrDeleted},
	} {
		if strings.Contains(body, c.text) {
			return fmt.Errorf("%w: %w", c.kind, err)
		}
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return fmt.Errorf("%w: %w", secrets.ErrDenied, err)
	}
	return err
}
