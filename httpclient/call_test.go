package httpclient_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// call makes one request and reads the answer.
func call(ctx context.Context, c *http.Client, method, url string) error {
	var body io.Reader
	if method == http.MethodPost {
		body = bytes.NewReader([]byte(`{"amount":1}`))
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", resp.Status)
	}
	return nil
}
