package connect

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/protobufx/internal/engine"
)

const (
	protoType    = "application/proto"
	jsonType     = "application/json"
	jsonUTF8Type = "application/json; charset=utf-8"
)

// A refusal is the protocol's answer to a request that is none of its own, or
// breaks its rules.
type refusal struct {
	status  int
	code    Code
	message string
	header  http.Header
}

func (e *refusal) Error() string { return "connect: " + e.message }

func refuse(code Code, message string) error {
	return &refusal{status: code.status(), code: code, message: message}
}

// A request is what the protocol says of a call before its message is read.
type request struct {
	procedure   *Procedure
	get         bool
	json        bool
	contentType string // of the answer
	zipped      bool
	limit       time.Duration // negative for none
}

// judge looks at everything but the message, in the order of connect-go.
func (h *handler) judge(r *gateway.Request) (q request, err error) {
	path, _ := r.Path()
	if q.procedure = h.procedures[string(path)]; q.procedure == nil {
		return q, &refusal{status: http.StatusNotFound, code: CodeUnimplemented, message: "there is no procedure of this name"}
	}
	if q.get, err = q.procedure.method(r); err != nil {
		return q, err
	}
	ok := false
	if q.json, q.contentType, ok = h.messageType(r, q.get); !ok {
		return q, h.unsupported()
	}
	if q.get && r.HasBody() {
		return q, &refusal{status: http.StatusUnsupportedMediaType, code: CodeUnknown, message: "a GET has no body"}
	}
	if q.zipped, err = compression(r, q.get); err != nil {
		return q, err
	}
	if err = h.checkVersion(r, q.get); err != nil {
		return q, err
	}
	if q.limit, err = timeout(r.Header("connect-timeout-ms")); err != nil {
		return q, err
	}
	return q, h.passable(r, &q)
}

// method returns whether the call is a GET; it is a POST otherwise.
func (p *Procedure) method(r *gateway.Request) (get bool, err error) {
	allow := http.MethodPost
	if p.noSideEffects {
		allow = http.MethodGet + ", " + allow
	}
	get = r.Method == http.MethodGet
	if get && p.noSideEffects || r.Method == http.MethodPost {
		return get, nil
	}
	return false, &refusal{http.StatusMethodNotAllowed, CodeUnknown, "the method must be " + allow, http.Header{"Allow": {allow}}}
}

// messageType returns whether the message is in JSON, and the content type to
// answer with.
func (h *handler) messageType(r *gateway.Request, get bool) (json bool, answer string, ok bool) {
	if !get {
		return h.contentType(r.Header("content-type"))
	}
	switch encoding, _ := r.QueryValue("encoding"); string(encoding) {
	case "proto":
		return false, protoType, true
	case "json":
		return true, jsonType, h.codec.HasJSON()
	}
	return false, "", false
}

// compression returns whether the message is in gzip.
func compression(r *gateway.Request, get bool) (zipped bool, err error) {
	var name []byte
	if get {
		name, _ = r.QueryValue("compression")
	} else {
		name = r.Header("content-encoding")
	}
	switch {
	case len(name) == 0, bytes.EqualFold(name, []byte("identity")):
		return false, nil
	case bytes.EqualFold(name, []byte("gzip")):
		return true, nil
	}
	return false, &refusal{CodeUnimplemented.status(), CodeUnimplemented, "unknown compression: supported encodings are gzip", http.Header{"Accept-Encoding": {"gzip"}}}
}

// checkVersion judges the version of the protocol, where the request tells it.
func (h *handler) checkVersion(r *gateway.Request, get bool) error {
	version, want, where := r.Header("connect-protocol-version"), "1", "header Connect-Protocol-Version"
	if get {
		version, _ = r.QueryValue("connect")
		want, where = "v1", "query parameter connect"
	}
	if string(version) == want || len(version) == 0 && !h.requireVersion {
		return nil
	}
	return refuse(CodeInvalidArgument, "the "+where+` must be "`+want+`"`)
}

// contentType is messageType of a Content-Type header.
func (h *handler) contentType(v []byte) (json bool, answer string, ok bool) {
	switch string(v) {
	case protoType:
		return false, protoType, true
	case jsonType:
		return true, jsonType, h.codec.HasJSON()
	}
	s := strings.TrimSpace(string(v))
	switch {
	case strings.EqualFold(s, protoType):
		return false, protoType, true
	case strings.EqualFold(gateway.MediaType(s), jsonType) && gateway.IsJSON(s):
		if strings.Contains(s, "=") {
			return true, jsonUTF8Type, h.codec.HasJSON()
		}
		return true, jsonType, h.codec.HasJSON()
	}
	return false, "", false
}

func (h *handler) unsupported() error {
	accept := protoType
	if h.codec.HasJSON() {
		accept = jsonType + ", " + jsonUTF8Type + ", " + accept
	}
	return &refusal{http.StatusUnsupportedMediaType, CodeUnknown, "the message must be in one of " + accept, http.Header{"Accept-Post": {accept}}}
}

// timeout reads the Connect-Timeout-Ms header: at most ten digits.
func timeout(v []byte) (time.Duration, error) {
	if len(v) == 0 {
		return -1, nil
	}
	ms := 0
	for _, c := range v {
		if c < '0' || c > '9' || len(v) > 10 {
			return 0, refuse(CodeInvalidArgument, "the header Connect-Timeout-Ms must be milliseconds in at most 10 digits")
		}
		ms = ms*10 + int(c-'0')
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// passable refuses what would be ruined on its way through a REST API.
func (h *handler) passable(r *gateway.Request, q *request) error {
	if q.json || r.Front != gateway.REST {
		return nil
	}
	if _, isBase64 := r.BodyToken(); r.HasBody() && !isBase64 {
		return refuse(CodeFailedPrecondition, "the message came as text, which ruins protobuf: the API Gateway REST API in front needs */* in its binaryMediaTypes")
	}
	if binary := h.codec.BinaryMediaTypes(); binary != nil && !gateway.MatchMediaType(binary, string(r.Header("accept"))) {
		return refuse(CodeFailedPrecondition, "an answer in protobuf would not get through: the API Gateway REST API in front needs */* in its binaryMediaTypes")
	}
	return nil
}

// read decodes the message.
func (q *request) read(r *gateway.Request, call engine.Call, m proto.Message) error {
	if !q.get {
		if q.json && !r.HasBody() {
			return refuse(CodeInvalidArgument, "the body is empty, which is no JSON")
		}
		return call.ReadBody(q.json, q.zipped, m)
	}
	encoded := false
	if v, _ := r.QueryValue("base64"); string(v) == "1" {
		encoded = true
	}
	for v, err := range r.Query("message") {
		if err != nil {
			return refuse(CodeInvalidArgument, "the query parameter message: "+err.Error())
		}
		if encoded {
			// As the protocol has it, padded or not.
			alphabet := base64.RawURLEncoding
			if len(v)%4 == 0 {
				alphabet = base64.URLEncoding
			}
			if v, err = alphabet.AppendDecode(nil, v); err != nil {
				return refuse(CodeInvalidArgument, "the query parameter message is not URL-safe base64")
			}
		}
		return call.ReadBytes(v, q.json, q.zipped && len(v) > 0, m)
	}
	return refuse(CodeInvalidArgument, "the query parameter message is missing")
}
