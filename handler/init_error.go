package handler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

// initErrorBody is the error object of the Runtime API.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror
type initErrorBody struct {
	Message    string   `json:"errorMessage"`
	Type       string   `json:"errorType"`
	StackTrace []string `json:"stackTrace"`
}

// failInit reports what made INIT fail and ends the process.
func failInit(f initFailure) {
	api := os.Getenv("AWS_LAMBDA_RUNTIME_API")
	if api == "" {
		fmt.Fprintf(os.Stderr, "INIT failed: %v\n", f.err)
		os.Exit(1)
	}
	if err := postInitError(api, f); err != nil {
		fmt.Fprintf(os.Stderr, "INIT failed: %v\nand the Runtime API was not told: %v\n", f.err, err)
	}
	os.Exit(1)
}

// postInitError tells the Runtime API.
func postInitError(api string, f initFailure) error {
	kind := kindOf(f)
	body, err := encode(initErrorBody{f.err.Error(), kind, stackOf(f.err)})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+api+"/2018-06-01/runtime/init/error", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Lambda-Runtime-Function-Error-Type", kind)
	client := &http.Client{Transport: &http.Transport{}} // without a proxy
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("POST %s: status %s, not 202", req.URL.Path, resp.Status)
	}
	return nil
}

func kindOf(f initFailure) string {
	if typed, ok := errors.AsType[typedError](f.err); ok && typed.ErrorType() != "" {
		return typed.ErrorType()
	}
	return f.kind
}
