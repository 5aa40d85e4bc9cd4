package protobufx

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// An Error is an error that clients are told: as a google.rpc.Status, in
// protobuf or JSON as they asked, under its HTTP status. Core logic returns one
// to say more than "500"; what a [Codec] finds wrong is one too.
type Error struct {
	// Status is the HTTP status, from 400 to 599. 0 means what belongs to Code.
	Status int
	// Code is a code of google.rpc.Code, as 5 for NOT_FOUND. 0 means what
	// belongs to Status: https://cloud.google.com/apis/design/errors#handling_errors
	Code int32
	// Message is for the developer of the client. From status 500 on the client
	// gets the name of the status instead, and the log this.
	Message string
	// Details are messages such as those of google/rpc/error_details.proto,
	// each sent as a google.protobuf.Any.
	Details []proto.Message
	// Header is added to the answer, as Retry-After.
	Header http.Header
	// Err is the cause, if there is one. It is logged, never sent.
	Err error
}

func newError(status int, message string) *Error { return &Error{Status: status, Message: message} }

func (e *Error) Error() string {
	s := "protobufx: " + e.Message
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// HTTPStatus returns the HTTP status of the answer. handler.HTTP asks for it too.
func (e *Error) HTTPStatus() int {
	if e.Status >= 400 && e.Status <= 599 {
		return e.Status
	}
	if e.Status == 0 && e.Code > 0 && int(e.Code) < len(codeStatus) {
		return codeStatus[e.Code]
	}
	return http.StatusInternalServerError
}

// codeStatus is the HTTP mapping of google/rpc/code.proto.
var codeStatus = [...]int{200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401}

// codeOf returns the google.rpc.Code that says most nearly what an HTTP status does.
func codeOf(status int) int32 {
	switch status {
	case 401:
		return 16 // UNAUTHENTICATED
	case 403:
		return 7 // PERMISSION_DENIED
	case 404, 410:
		return 5 // NOT_FOUND
	case 409:
		return 10 // ABORTED
	case 412:
		return 9 // FAILED_PRECONDITION
	case 413, 429:
		return 8 // RESOURCE_EXHAUSTED
	case 499:
		return 1 // CANCELLED
	case 405, 501:
		return 12 // UNIMPLEMENTED
	case 502, 503:
		return 14 // UNAVAILABLE
	case 408, 504:
		return 4 // DEADLINE_EXCEEDED
	}
	if status < 500 {
		return 3 // INVALID_ARGUMENT
	}
	return 13 // INTERNAL
}

// A fault is what a client is told.
type fault struct {
	status    int
	code      int32
	message   string
	details   []proto.Message
	header    http.Header
	requestID string
}

// faultOf returns what to tell of err, and whether it is to be logged. Errors
// that have the method HTTPStatus() int count as handler.HTTP counts them: their
// text is told below 500.
func faultOf(err error) (f fault, log bool) {
	f.status = http.StatusInternalServerError
	own, isOwn := errors.AsType[*Error](err)
	if isOwn {
		f.status, f.code, f.message = own.HTTPStatus(), own.Code, own.Message
		f.details, f.header = own.Details, own.Header
	} else if s, ok := errors.AsType[interface {
		error
		HTTPStatus() int
	}](err); ok {
		if n := s.HTTPStatus(); n >= 400 && n <= 599 {
			f.status, f.message = n, s.Error()
		}
		if h, ok := s.(interface{ HTTPHeader() http.Header }); ok {
			f.header = h.HTTPHeader()
		}
	} else if errors.Is(err, context.DeadlineExceeded) {
		f.status = http.StatusGatewayTimeout
	}
	if f.status >= 500 {
		log = true
		if f.message = http.StatusText(f.status); f.message == "" {
			f.message = http.StatusText(http.StatusInternalServerError)
		}
	}
	if f.code <= 0 {
		f.code = codeOf(f.status)
	}
	return f, log
}

// AppendError appends the answer to err in the front's form, as a
// google.rpc.Status. contentType is that of the answer, as [Codec.Negotiate]
// returned it; one that is none of protobuf's means JSON.
func (c *Codec) AppendError(dst []byte, front Front, contentType string, err error) []byte {
	f, _ := faultOf(err)
	out, tooLarge := c.appendFault(dst, front, "", contentType, f)
	if tooLarge != nil {
		f.details = nil
		out, _ = c.appendFault(dst, front, "", contentType, f)
	}
	return out
}

// appendFault appends an answer, without its body if the method is HEAD.
func (c *Codec) appendFault(dst []byte, front Front, method, contentType string, f fault) ([]byte, error) {
	var p gateway.Policy
	r := gateway.Request{Front: front, Method: method}
	res := gateway.Response{Status: f.status, Header: f.header}
	var err error
	if c.typeIndex(contentType) >= 0 {
		res.ContentType = contentType
		res.Body, err = f.appendStatus(nil, c)
	} else {
		if !gateway.IsJSON(contentType) {
			contentType = jsonType
		}
		res.ContentType = contentType
		res.Body, err = f.appendJSON(nil, c.json)
	}
	if err != nil { // of a detail: the error itself is more important
		f.details = nil
		return c.appendFault(dst, front, method, contentType, f)
	}
	p.CompressMin = -1
	return p.AppendResponse(dst, &r, res)
}

const (
	anyPrefix       = "type.googleapis.com/"
	requestInfoType = anyPrefix + "google.rpc.RequestInfo"
)

// appendStatus appends a google.rpc.Status: code = 1, message = 2, details = 3.
func (f *fault) appendStatus(dst []byte, c *Codec) ([]byte, error) {
	dst = protowire.AppendTag(dst, 1, protowire.VarintType)
	dst = protowire.AppendVarint(dst, uint64(f.code))
	if f.message != "" {
		dst = protowire.AppendTag(dst, 2, protowire.BytesType)
		dst = protowire.AppendString(dst, strings.ToValidUTF8(f.message, "\uFFFD"))
	}
	for _, d := range f.details {
		b := make([]byte, c.size(d))
		if err := c.marshalTo(b, d); err != nil {
			return nil, err
		}
		dst = appendAny(dst, anyPrefix+string(d.ProtoReflect().Descriptor().FullName()), b)
	}
	if f.requestID != "" {
		info := protowire.AppendTag(nil, 1, protowire.BytesType)
		dst = appendAny(dst, requestInfoType, protowire.AppendString(info, f.requestID))
	}
	return dst, nil
}

func appendAny(dst []byte, url string, value []byte) []byte {
	var b []byte
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	b = protowire.AppendString(b, url)
	b = protowire.AppendTag(b, 2, protowire.BytesType)
	b = protowire.AppendBytes(b, value)
	dst = protowire.AppendTag(dst, 3, protowire.BytesType)
	return protowire.AppendBytes(dst, b)
}

// appendJSON appends the same in the JSON that protobuf defines. Details need a
// format; without one they are left out.
func (f *fault) appendJSON(dst []byte, format Format) ([]byte, error) {
	dst = append(dst, `{"code":`...)
	dst = strconv.AppendInt(dst, int64(f.code), 10)
	dst = append(dst, `,"message":`...)
	dst = jsonscan.AppendQuote(dst, f.message)
	open := `,"details":[`
	if format != nil {
		for _, d := range f.details {
			name := string(d.ProtoReflect().Descriptor().FullName())
			b, err := format.AppendMarshal(nil, d)
			if err != nil {
				return nil, err
			}
			dst = append(append(dst, open...), `{"@type":`...)
			dst = jsonscan.AppendQuote(dst, anyPrefix+name)
			switch {
			case len(b) < 2 || b[0] != '{' || strings.HasPrefix(name, "google.protobuf.") && name != "google.protobuf.Empty":
				dst = append(append(dst, `,"value":`...), b...)
			case len(b) > 2:
				dst = append(append(dst, ','), b[1:len(b)-1]...)
			}
			dst = append(dst, '}')
			open = ","
		}
	}
	if f.requestID != "" {
		dst = append(append(dst, open...), `{"@type":"`+requestInfoType+`","requestId":`...)
		dst = append(jsonscan.AppendQuote(dst, f.requestID), '}')
		open = ","
	}
	if open == "," {
		dst = append(dst, ']')
	}
	return append(dst, '}'), nil
}
