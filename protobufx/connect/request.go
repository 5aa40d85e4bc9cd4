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
	get := r.Method == http.MethodGet && q.procedure.noSideEffects
	if !get && r.Method != http.MethodPost {
		allow := http.MethodPost
		if q.procedure.noSideEffects {
			allow = http.MethodGet + ", " + allow
		}
		return q, &refusal{http.StatusMethodNotAllowed, CodeUnknown, "the method must be " + allow, http.Header{"Allow": {allow}}}
	}
	var compression, version []byte
	ok := false
	if get {
		encoding, _ := r.QueryValue("encoding")
		q.json = string(encoding) == "json"
		if q.contentType = protoType; q.json {
			q.contentType = jsonType
		}
		ok = q.json && h.codec.HasJSON() || string(encoding) == "proto"
	} else {
		q.json, q.contentType, ok = h.contentType(r.Header("content-type"))
	}
	if !ok {
		return q, h.unsupported()
	}
	if get && r.HasBody() {
		return q, &refusal{status: http.StatusUnsupportedMediaType, code: CodeUnknown, message: "a GET has no body"}
	}
	if get {
		compression, _ = r.QueryValue("compression")
	} else {
		compression = r.Header("content-encoding")
	}
	switch {
	case len(compression) == 0, bytes.EqualFold(compression, []byte("identity")):
	case bytes.EqualFold(compression, []byte("gzip")):
		q.zipped = true
	default:
		return q, &refusal{CodeUnimplemented.status(), CodeUnimplemented, "unknown compression: supported encodings are gzip", http.Header{"Accept-Encoding": {"gzip"}}}
	}
	if get {
		if version, _ = r.QueryValue("connect"); string(version) == "v1" {
			version = []byte("1")
		}
	} else {
		version = r.Header("connect-protocol-version")
	}
	switch {
	case string(version) == "1", len(version) == 0 && !h.requireVersion:
	case get:
		return q, refuse(CodeInvalidArgument, `the query parameter connect must be "v1"`)
	default:
		return q, refuse(CodeInvalidArgument, `the header Connect-Protocol-Version must be "1"`)
	}
	if q.limit, err = timeout(r.Header("connect-timeout-ms")); err != nil {
		return q, err
	}
	return q, h.passable(r, &q, get)
}

// contentType returns whether the message is in JSON, and the content type to
// answer with.
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
func (h *handler) passable(r *gateway.Request, q *request, get bool) error {
	if q.json || r.Front != gateway.REST {
		return nil
	}
	if _, isBase64 := r.BodyToken(); r.HasBody() && !isBase64 && !get {
		return refuse(CodeFailedPrecondition, "the message came as text, which ruins protobuf: the API Gateway REST API in front needs */* in its binaryMediaTypes")
	}
	if binary := h.codec.BinaryMediaTypes(); binary != nil && !gateway.MatchMediaType(binary, string(r.Header("accept"))) {
		return refuse(CodeFailedPrecondition, "an answer in protobuf would not get through: the API Gateway REST API in front needs */* in its binaryMediaTypes")
	}
	return nil
}

// read decodes the message.
func (q *request) read(r *gateway.Request, call engine.Call, m proto.Message) error {
	if r.Method != http.MethodGet {
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
