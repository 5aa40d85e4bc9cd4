package front

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
)

// integration is the content type of a streamed response that begins with a
// prelude: status, headers and cookies as JSON, and then eight zero bytes.
const integration = "application/vnd.awslambda.http-integration-response"

// maxPrelude is how much of a response is searched for the end of its prelude.
const maxPrelude = 1 << 20

// stream answers a request as a function URL in the invoke mode
// RESPONSE_STREAM does, see
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html.
func (f *Front) stream(ctx context.Context, w http.ResponseWriter, r *http.Request, c *edge.Config, function *runtimeapi.Function, inv runtimeapi.Invocation) int {
	s := &streamed{w: w}
	inv.Stream = s
	res, err := function.Invoke(ctx, inv)
	switch {
	case s.status != 0: // what failed since can only cut the answer short
		if err != nil || res.FunctionError != "" {
			f.problem("%s %s: the response broke off", r.Method, r.URL.Path)
			panic(http.ErrAbortHandler)
		}
		return s.status
	case err != nil:
		return f.write(w, f.failed(ctx, c, r, err))
	case res.FunctionError != "":
		return f.write(w, c.Answer(r, nil, true))
	}
	if s.prelude { // it did not end
		f.problem("%s %s: the response ends within its prelude", r.Method, r.URL.Path)
		return f.write(w, c.Answer(r, nil, true))
	}
	s.begin(http.StatusOK, nil, nil) // an empty response
	return s.status
}

// streamed passes a response on while it comes.
type streamed struct {
	w       http.ResponseWriter
	status  int  // 0 before the header was written
	prelude bool // the response has one, or still may
	kind    string
	held    []byte // of the prelude, so far
}

// ContentType is told the response's content type before its first byte.
func (s *streamed) ContentType(kind string) {
	s.kind = kind
	s.prelude = kind == integration
}

func (s *streamed) Write(p []byte) (int, error) {
	n := len(p)
	if s.prelude {
		s.held = append(s.held, p...)
		head, body, ok := bytes.Cut(s.held, make([]byte, 8))
		if !ok {
			if len(s.held) > maxPrelude {
				return 0, http.ErrBodyNotAllowed
			}
			return n, nil
		}
		var answer struct {
			StatusCode int               `json:"statusCode"`
			Headers    map[string]string `json:"headers"`
			Cookies    []string          `json:"cookies"`
		}
		if err := json.Unmarshal(head, &answer); err != nil {
			return 0, err
		}
		if answer.StatusCode < 100 || answer.StatusCode > 599 {
			answer.StatusCode = http.StatusOK
		}
		s.prelude, s.held = false, nil
		s.begin(answer.StatusCode, answer.Headers, answer.Cookies)
		p = body
	}
	if s.status == 0 {
		s.begin(http.StatusOK, nil, nil)
	}
	if _, err := s.w.Write(p); err != nil {
		return 0, err
	}
	return n, http.NewResponseController(s.w).Flush()
}

func (s *streamed) begin(status int, headers map[string]string, cookies []string) {
	h := s.w.Header()
	for name, value := range headers {
		h.Set(name, value)
	}
	h["Set-Cookie"] = append(h["Set-Cookie"], cookies...)
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/octet-stream")
	}
	s.status = status
	s.w.WriteHeader(status)
}
