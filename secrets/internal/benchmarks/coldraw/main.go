// Command coldraw fetches one secret by a hand-signed request: the floor.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

func mac(key []byte, s string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(s))
	return h.Sum(nil)
}

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	endpoint := os.Getenv("AWS_ENDPOINT_URL")
	u, err := url.Parse(endpoint)
	if err != nil {
		return err
	}
	const body = `{"SecretId":"orders/db","VersionStage":"AWSCURRENT"}`
	now := time.Now().UTC().Format("20060102T150405Z")
	date := now[:8]
	region := os.Getenv("AWS_REGION")
	const signed = "content-type;host;x-amz-date;x-amz-target"
	canonical := strings.Join([]string{
		"POST", "/", "",
		"content-type:application/x-amz-json-1.1", "host:" + u.Host, "x-amz-date:" + now, "x-amz-target:secretsmanager.GetSecretValue", "",
		signed, sum(body),
	}, "\n")
	scope := date + "/" + region + "/secretsmanager/aws4_request"
	key := mac(mac(mac(mac([]byte("AWS4"+os.Getenv("AWS_SECRET_ACCESS_KEY")), date), region), "secretsmanager"), "aws4_request")
	signature := hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+now+"\n"+scope+"\n"+sum(canonical)))
	req, err := http.NewRequest(http.MethodPost, endpoint+"/", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Date", now)
	req.Header.Set("X-Amz-Target", "secretsmanager.GetSecretValue")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+os.Getenv("AWS_ACCESS_KEY_ID")+"/"+scope+", SignedHeaders="+signed+", Signature="+signature)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var out struct{ SecretString string }
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return err
	}
	var creds struct{ Username, Password string }
	if err := json.Unmarshal([]byte(out.SecretString), &creds); err != nil {
		return err
	}
	_, err = fmt.Println(creds.Username)
	return err
}
