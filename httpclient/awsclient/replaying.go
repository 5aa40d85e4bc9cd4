package awsclient

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/lambdatune/lambdatune/httpclient"
)

// maxBuffered is the largest body that is kept for a replay. A call's JSON is
// far smaller; a larger body is likely an object on its way to S3.
const maxBuffered = 64 << 10

// Replaying is an HTTP client for the SDK, from [NewReplaying]. It is safe for
// concurrent use.
type Replaying struct {
	client *http.Client
}

// NewReplaying returns the client of [httpclient.New] for the SDK: it has all of
// [httpclient.Options], and it lets net/http replay a call whose connection
// turned out to be closed before anything was sent. The SDK's requests cannot be
// replayed otherwise, for want of a GetBody; the error would go to its retryer,
// which backs off for a second on average. Bodies of up to 64 KB are buffered
// for that.
//
// It is not a [awshttp.BuildableClient]: the SDK does not copy it, and neither
// applies a defaults mode's timeouts nor a read timeout to it. And with
// AWS_CA_BUNDLE set, config.LoadDefaultConfig refuses it. So it reads the
// variable itself, and is put into the configuration afterwards:
//
//	cfg, err := config.LoadDefaultConfig(ctx)
//	…
//	cfg.HTTPClient, err = awsclient.NewReplaying(awsclient.Options{})
//
// The error is an [httpclient.OptionError] or says what is wrong with the
// bundle. A bundle in the shared configuration's ca_bundle is not read.
func NewReplaying(opts Options) (*Replaying, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	if path := os.Getenv("AWS_CA_BUNDLE"); path != "" {
		roots, err := readBundle(path)
		if err != nil {
			return nil, fmt.Errorf("awsclient: AWS_CA_BUNDLE: %w", err)
		}
		configure := opts.Configure
		opts.Configure = func(tr *http.Transport) {
			// As in the SDK, the bundle replaces the system's roots, and a
			// Configure has the last word.
			tr.TLSClientConfig.RootCAs = roots
			if configure != nil {
				configure(tr)
			}
		}
	}
	client := httpclient.New(opts)
	client.CheckRedirect = checkRedirect
	return &Replaying{client}, nil
}

// readBundle reads a file of PEM certificates.
func readBundle(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", path)
	}
	return roots, nil
}

// Do sends one request, as [aws.HTTPClient] wants it.
func (r *Replaying) Do(req *http.Request) (*http.Response, error) {
	if err := makeReplayable(req); err != nil {
		return nil, err
	}
	resp, err := r.client.Do(req)
	if tooLarge := (*httpclient.ResponseTooLargeError)(nil); errors.As(err, &tooLarge) {
		err = permanent{err} // it would be as large the next time
	}
	return resp, err
}

// HTTPClient returns the client beneath, for [httpclient.Prewarm] and
// [httpclient.ReadStats]. It must not be changed.
func (r *Replaying) HTTPClient() *http.Client { return r.client }

// makeReplayable gives a request a GetBody, if its body is small.
func makeReplayable(req *http.Request) error {
	if req.Body == nil || req.Body == http.NoBody || req.GetBody != nil ||
		req.ContentLength <= 0 || req.ContentLength > maxBuffered {
		return nil
	}
	buf := make([]byte, req.ContentLength+1) // the one more would be of a body that is too long
	n, err := io.ReadFull(req.Body, buf)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		err = nil
	}
	if closed := req.Body.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("awsclient: reading the request's body: %w", err)
	}
	if n := int64(n); n != req.ContentLength {
		how := "shorter"
		if n > req.ContentLength {
			how = "longer"
		}
		return fmt.Errorf("awsclient: the request's body is %s than its ContentLength of %d bytes", how, req.ContentLength)
	}
	buf = buf[:n]
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(buf)), nil }
	req.Body, _ = req.GetBody()
	return nil
}

// checkRedirect follows what keeps the method, as the SDK's own client does: S3
// redirects with 307 while a new bucket's name spreads.
func checkRedirect(req *http.Request, via []*http.Request) error {
	switch req.Response.StatusCode {
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return http.ErrUseLastResponse
	}
	if len(via) >= 10 {
		return http.ErrUseLastResponse
	}
	if via[len(via)-1].URL.Host != req.URL.Host {
		req.Header.Del("X-Amz-Security-Token") // net/http drops only what it knows
	}
	return nil
}
