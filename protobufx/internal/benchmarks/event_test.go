package benchmarks

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
)

// restEvents returns the events of a REST API that carry this body, by name:
//
//   - documented is the sample of AWS's documentation of proxy integrations, as
//     aws-lambda-go's own tests hold it
//   - browser is a browser's request to an API with an authorizer
//   - lean has no more than a client of ten headers causes
func restEvents(tb testing.TB, body []byte, contentType string) map[string][]byte {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		tb.Fatal(err)
	}
	documented := filepath.Join(strings.TrimSpace(string(dir)), "events", "testdata", "apigw-request.json")
	return map[string][]byte{
		"documented": fileEvent(tb, documented, body, contentType),
		"browser":    fileEvent(tb, "../../../internal/gateway/testdata/rest.json", body, contentType),
		"lean":       event(tb, body, contentType),
	}
}

var (
	typeHeaders = regexp.MustCompile(`"(Accept|Content-Type)":(\[?)"(?:[^"\\]|\\.)*"`)
	bodyMember  = regexp.MustCompile(`"body":"(?:[^"\\]|\\.)*"(,"isBase64Encoded":false)?`)
)

// fileEvent is the event in the file, as the service sends it, with the body in
// place of its own.
func fileEvent(tb testing.TB, name string, body []byte, contentType string) []byte {
	b, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	var small bytes.Buffer
	if err := json.Compact(&small, b); err != nil {
		tb.Fatal(err)
	}
	member := `"body":"` + base64.StdEncoding.EncodeToString(body) + `","isBase64Encoded":true`
	if json.Valid(body) {
		text, _ := json.Marshal(string(body))
		member = `"body":` + string(text) + `,"isBase64Encoded":false`
	}
	out := typeHeaders.ReplaceAll(small.Bytes(), []byte(`"$1":$2"`+contentType+`"`))
	return bodyMember.ReplaceAllLiteral(out, []byte(member))
}

// event is a lean event.
func event(tb testing.TB, body []byte, contentType string) []byte {
	r := httptest.NewRequest("POST", "/people", bytes.NewReader(body))
	for name, value := range map[string]string{
		"Content-Type": contentType, "Accept": contentType, "Accept-Encoding": "gzip, deflate, br",
		"CloudFront-Forwarded-Proto": "https", "CloudFront-Viewer-Country": "DE", "User-Agent": "curl/8.5.0",
		"X-Amzn-Trace-Id": "Root=1-67c2f0a2-4a2c8d6f3b0e5f7a9c1d2e3f", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443",
		"Via": "2.0 51e4cbf3a9ab7b1b3e1e0f4f5f1c2d3e.cloudfront.net (CloudFront)",
	} {
		r.Header.Set(name, value)
	}
	c := edge.Config{Front: gateway.REST, BinaryMediaTypes: []string{mediaType}}
	out, err := c.AppendEvent(nil, r, body)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}
