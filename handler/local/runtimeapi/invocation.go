package runtimeapi

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// Invocation is one event for a function, with what the service passes along.
type Invocation struct {
	// Payload is the event. The service only lets JSON through; here any
	// bytes go, so that a test can send what it likes.
	Payload []byte
	// Qualifier is the version or alias that was invoked; it becomes part of
	// the function ARN. Empty means an unqualified ARN.
	Qualifier string
	// RequestID is a UUID. Empty means a new one.
	RequestID string
	// TraceID is the X-Ray tracing header. Empty means a new, unsampled one.
	TraceID string
	// ClientContext is JSON from the caller's X-Amz-Client-Context, decoded.
	ClientContext string
	// CognitoIdentity is JSON: {"cognitoIdentityId":"…","cognitoIdentityPoolId":"…"}.
	CognitoIdentity string
	// TenantID is the tenant of a function in tenant isolation mode.
	TenantID string
	// Timeout overrides [Config.Timeout] for this invocation, for a caller
	// that gives up earlier. Zero means the function's.
	Timeout time.Duration
	// Stream, if not nil, receives the response while the function sends it,
	// instead of [Result.Payload]; the limit is then 200 MB instead of 6 MB. It
	// is written to from one goroutine at a time, not after Invoke returned,
	// and after its method ContentType(string), if it has one, was told the
	// response's. If it fails, the rest of the response is read and dropped.
	Stream io.Writer
}

// Status says how an invocation ended, in the words of the REPORT line.
type Status string

// The ways in which an invocation ends.
const (
	StatusSuccess Status = "success"
	StatusError   Status = "error"
	StatusTimeout Status = "timeout"
)

// Result is what became of an invocation.
type Result struct {
	RequestID       string
	ExecutedVersion string
	Status          Status
	// Payload is the function's response, or its error as JSON with
	// errorType and errorMessage. Empty for a response that went to
	// [Invocation.Stream].
	Payload []byte
	// ContentType is what the function sent its response as.
	ContentType string
	// FunctionError is empty on success, else "Unhandled".
	FunctionError string
	// ErrorType is the type of the function's error, such as
	// "Runtime.ExitError" or "Sandbox.Timedout". Empty on success.
	ErrorType string

	// Environment numbers the execution environment, from 1; PID is its
	// process, 0 where there is none of its own.
	Environment, PID int
	// Duration is from the event's hand-over to the request for the next one.
	Duration time.Duration
	// InitDuration is how long INIT took, before this invocation; 0 unless
	// the environment was started for it.
	InitDuration time.Duration
	// MaxMemoryUsed is the process's peak memory in bytes; 0 where the
	// operating system does not tell.
	MaxMemoryUsed int64
	MemorySize    int // MB, as configured

	// Log is what the function wrote during the invocation, between the
	// START and the END and REPORT lines; of very much only the last 1 MiB.
	Log []byte
}

// BilledDuration is INIT and duration together, rounded up to 1 ms: functions
// of the OS-only runtimes pay for INIT.
func (r *Result) BilledDuration() time.Duration {
	return time.Duration(math.Ceil(float64(r.InitDuration+r.Duration)/float64(time.Millisecond))) * time.Millisecond
}

// LogTail is the last 4 KB of the log, as the service returns it to a caller
// that asks for it.
func (r *Result) LogTail() []byte {
	const limit = 4096
	if len(r.Log) > limit {
		return r.Log[len(r.Log)-limit:]
	}
	return r.Log
}

// Report is the REPORT line of the invocation, in the format of the service's
// log. Fields that are not known are left out.
func (r *Result) Report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "REPORT RequestId: %s\tDuration: %s ms\tBilled Duration: %d ms\tMemory Size: %d MB",
		r.RequestID, millis(r.Duration), r.BilledDuration().Milliseconds(), r.MemorySize)
	if r.MaxMemoryUsed > 0 {
		fmt.Fprintf(&b, "\tMax Memory Used: %d MB", (r.MaxMemoryUsed+1<<20-1)>>20)
	}
	if r.InitDuration > 0 {
		fmt.Fprintf(&b, "\tInit Duration: %s ms", millis(r.InitDuration))
	}
	if r.Status != StatusSuccess {
		fmt.Fprintf(&b, "\tStatus: %s", r.Status)
		if r.Status == StatusError && r.ErrorType != "" {
			fmt.Fprintf(&b, "\tError Type: %s", r.ErrorType)
		}
	}
	return b.String()
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond))
}
