package edge

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

// Answer turns what the function returned for the request into what the client
// gets. failed says that the payload is an error, as the Runtime API knows it
// (the function's own, a timeout, an exit).
func (c *Config) Answer(r *http.Request, payload []byte, failed bool) Answer {
	if failed || len(payload) > c.Front.MaxAnswer() {
		return c.broken()
	}
	p, ok := c.parse(payload)
	if !ok {
		return c.broken()
	}
	if p.inferred {
		return finish(r, Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: p.inferredBody})
	}
	a := Answer{Status: p.status, Header: make(http.Header)}
	for k, v := range p.Headers {
		if c.Front != gateway.ALBMulti {
			a.Header.Add(k, v)
		}
	}
	if !c.Front.Payload2() && c.Front != gateway.ALB {
		for k, values := range p.MultiValueHeaders {
			for _, v := range values {
				if a.Header.Get(k) != v || len(a.Header.Values(k)) != 1 { // merged without repeating
					a.Header.Add(k, v)
				}
			}
		}
	}
	if c.Front.Payload2() {
		for _, v := range p.Cookies {
			a.Header.Add("Set-Cookie", v)
		}
	}
	if p.Body != nil {
		a.Body = []byte(*p.Body)
	}
	if p.IsBase64Encoded && (c.Front != gateway.REST || gateway.MatchMediaType(c.BinaryMediaTypes, r.Header.Get("Accept"))) {
		raw, err := base64.StdEncoding.DecodeString(string(a.Body))
		if err != nil {
			return c.broken()
		}
		a.Body = raw
	}
	if a.Header.Get("Content-Type") == "" {
		switch c.Front {
		case gateway.REST, gateway.FunctionURL:
			a.Header.Set("Content-Type", "application/json")
		case gateway.HTTPv1, gateway.HTTPv2:
			a.Header.Set("Content-Type", "text/plain;charset=utf-8")
		}
	}
	return finish(r, a)
}

// finish leaves out the body where HTTP has none.
func finish(r *http.Request, a Answer) Answer {
	if a.Status == http.StatusNoContent || a.Status == http.StatusNotModified {
		a.Header.Del("Content-Type")
		a.Body = nil
		return a
	}
	if r.Method == http.MethodHead {
		a.Body = nil
	}
	return a
}

// broken is what the client gets instead of an answer that the front cannot use.
func (c *Config) broken() Answer {
	switch c.Front {
	case gateway.REST:
		return Answer{http.StatusBadGateway, http.Header{"Content-Type": {"application/json"}, "X-Amzn-Errortype": {"InternalServerErrorException"}},
			[]byte(`{"message": "Internal server error"}`)}
	case gateway.HTTPv1, gateway.HTTPv2:
		return Answer{http.StatusInternalServerError, http.Header{"Content-Type": {"application/json"}}, []byte(`{"message":"Internal Server Error"}`)}
	case gateway.FunctionURL:
		return Answer{http.StatusBadGateway, http.Header{"Content-Type": {"application/json"}}, []byte("Internal Server Error")}
	}
	return page(http.StatusBadGateway)
}

// Timeout is what the client gets when the function does not answer in time.
func (c *Config) Timeout() Answer {
	switch c.Front {
	case gateway.REST:
		return Answer{http.StatusGatewayTimeout, http.Header{"Content-Type": {"application/json"}}, []byte(`{"message": "Endpoint request timed out"}`)}
	case gateway.HTTPv1, gateway.HTTPv2:
		return Answer{http.StatusServiceUnavailable, http.Header{"Content-Type": {"application/json"}}, []byte(`{"message":"Service Unavailable"}`)}
	}
	return c.broken()
}

// page is an ALB's own answer.
func page(status int) Answer {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	return Answer{status, http.Header{"Content-Type": {"text/html"}},
		[]byte("<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n</body>\r\n</html>\r\n")}
}

// A payload is what a function returned.
type payload struct {
	StatusCode        json.RawMessage     `json:"statusCode"`
	StatusDescription string              `json:"statusDescription"`
	Headers           headerMap           `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Cookies           []string            `json:"cookies"`
	Body              *string             `json:"body"`
	IsBase64Encoded   bool                `json:"isBase64Encoded"`

	status       int
	inferred     bool
	inferredBody []byte
}

// parse reads the payload as the front does. It is false for what the front
// does not understand.
func (c *Config) parse(b []byte) (p payload, ok bool) {
	if c.Front.Payload2() {
		var members map[string]json.RawMessage
		if json.Unmarshal(b, &members) != nil || members["statusCode"] == nil {
			p.inferred, p.inferredBody = true, b
			var s *string
			if json.Unmarshal(b, &s) == nil && s != nil {
				p.inferredBody = []byte(*s)
			}
			return p, true
		}
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	if c.Front == gateway.REST {
		d.DisallowUnknownFields()
	}
	if d.Decode(&p) != nil {
		return p, false
	}
	status, err := strconv.Atoi(strings.Trim(string(p.StatusCode), `"`))
	p.status = status
	return p, err == nil && status >= 100 && status <= 599
}

// A headerMap takes numbers and booleans for strings, as the fronts do.
type headerMap map[string]string

func (h *headerMap) UnmarshalJSON(b []byte) error {
	var raw map[string]any
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	if err := d.Decode(&raw); err != nil || raw == nil {
		return err
	}
	*h = make(headerMap, len(raw))
	for k, v := range raw {
		switch v := v.(type) {
		case string:
			(*h)[k] = v
		case json.Number:
			(*h)[k] = v.String()
		case bool:
			(*h)[k] = strconv.FormatBool(v)
		case nil:
		default:
			return &json.UnmarshalTypeError{Value: "object", Field: "headers." + k}
		}
	}
	return nil
}
