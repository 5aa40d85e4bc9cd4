package connect

import "strconv"

// A Code says what kind of error it is. The numbers are those of google.rpc.Code.
type Code int32

// The codes, and the HTTP status that each has on the wire:
// https://connectrpc.com/docs/protocol#error-codes
const (
	CodeCanceled           Code = 1  // 499: the caller canceled the call
	CodeUnknown            Code = 2  // 500: nothing more is known
	CodeInvalidArgument    Code = 3  // 400: the request is wrong whatever the state of the system
	CodeDeadlineExceeded   Code = 4  // 504: the deadline passed first
	CodeNotFound           Code = 5  // 404: there is no such entity
	CodeAlreadyExists      Code = 6  // 409: there is such an entity already
	CodePermissionDenied   Code = 7  // 403: the caller is known, and not allowed to
	CodeResourceExhausted  Code = 8  // 429: a quota, or a limit of size
	CodeFailedPrecondition Code = 9  // 400: the system is not in the state for it
	CodeAborted            Code = 10 // 409: a conflict with another call
	CodeOutOfRange         Code = 11 // 400: past the valid range
	CodeUnimplemented      Code = 12 // 501: not implemented, or not supported
	CodeInternal           Code = 13 // 500: an invariant is broken
	CodeUnavailable        Code = 14 // 503: for the moment; the caller may retry
	CodeDataLoss           Code = 15 // 500: data is lost or corrupt for good
	CodeUnauthenticated    Code = 16 // 401: the caller is not known
)

var codes = [...]struct {
	name   string
	status int
}{
	CodeCanceled:           {"canceled", 499},
	CodeUnknown:            {"unknown", 500},
	CodeInvalidArgument:    {"invalid_argument", 400},
	CodeDeadlineExceeded:   {"deadline_exceeded", 504},
	CodeNotFound:           {"not_found", 404},
	CodeAlreadyExists:      {"already_exists", 409},
	CodePermissionDenied:   {"permission_denied", 403},
	CodeResourceExhausted:  {"resource_exhausted", 429},
	CodeFailedPrecondition: {"failed_precondition", 400},
	CodeAborted:            {"aborted", 409},
	CodeOutOfRange:         {"out_of_range", 400},
	CodeUnimplemented:      {"unimplemented", 501},
	CodeInternal:           {"internal", 500},
	CodeUnavailable:        {"unavailable", 503},
	CodeDataLoss:           {"data_loss", 500},
	CodeUnauthenticated:    {"unauthenticated", 401},
}

func (c Code) valid() bool { return c >= CodeCanceled && c <= CodeUnauthenticated }

// String returns the code as it is on the wire, as not_found.
func (c Code) String() string {
	if c.valid() {
		return codes[c].name
	}
	return "code_" + strconv.Itoa(int(c))
}

// status returns the HTTP status of a valid code.
func (c Code) status() int { return codes[c].status }
