// Package payments calls the payment API.
package payments

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/lambdatune/lambdatune/examples/lab/order"
)

// ErrKey is a charge that the API refused for its key.
var ErrKey = errors.New("the payment API refuses the key")

// Client calls the API with an HTTP client.
type Client struct {
	URL  string
	HTTP *http.Client
}

// Charge takes a payment, with the API's key, and returns its authorization. An
// Idempotency-Key makes it safe to send twice.
func (c *Client) Charge(ctx context.Context, key string, charge order.Charge) (string, error) {
	body, err := json.Marshal(charge)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", charge.Key)
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return "", err
	case resp.StatusCode == http.StatusUnauthorized:
		return "", ErrKey
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("the payment API answers %s", resp.Status)
	}
	var out struct{ Authorization string }
	if err := json.Unmarshal(answer, &out); err != nil || out.Authorization == "" {
		return "", errors.New("the payment API's answer has no authorization")
	}
	return out.Authorization, nil
}

// TLS trusts the certificate in a PEM file, as that of an API in one's own house.
func TLS(file string) (*tls.Config, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", file)
	}
	return &tls.Config{RootCAs: roots}, nil
}
