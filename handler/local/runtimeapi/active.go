package runtimeapi

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// active is an invocation under way.
type active struct {
	inv      Invocation
	arn      string
	timeout  time.Duration
	begun    time.Time
	deadline time.Time
	result   *Result

	stream *streamGuard // nil unless the invocation streams

	// delivered is told, for each time the event was taken by a request for
	// the next invocation, whether the program still listened.
	delivered chan bool
	// completed is closed when the program has answered and, if it takes one
	// invocation at a time, asked for the next.
	completed chan struct{}

	// Guarded by the mutex of the run it was handed to.
	claimed, responded, abandoned bool
	log                           []byte
}

// maxLog is how much of an invocation's log is kept.
const maxLog = 1 << 20

func (a *active) addLog(line string) {
	if len(a.log)+len(line) > 2*maxLog {
		a.log = append(a.log[:0], a.log[len(a.log)-maxLog:]...)
	}
	a.log = append(append(a.log, line...), '\n')
}

// succeed and fail set the outcome; the caller closes completed.
func (a *active) succeed(payload []byte, contentType string) {
	a.result.Status, a.result.Payload, a.result.ContentType = StatusSuccess, payload, contentType
}

func (a *active) fail(f failure) {
	a.result.Status, a.result.FunctionError, a.result.ContentType = f.status, "Unhandled", "application/json"
	a.result.ErrorType, a.result.Payload = f.errorType, f.payload
}

// failure is an error of a function or of its environment, as a caller gets it.
type failure struct {
	status    Status
	errorType string
	payload   []byte
}

func newFailure(status Status, errorType, message string) failure {
	// The member names of every Lambda error, see
	// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-invokeerror.
	payload, _ := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{errorType, message})
	return failure{status, errorType, payload}
}

// reportedFailure is an error that the program itself reported.
func reportedFailure(body []byte, headerType string) failure {
	var e struct {
		Type string `json:"errorType"`
	}
	if len(body) == 0 {
		return newFailure(StatusError, headerType, "")
	}
	if json.Unmarshal(body, &e) != nil || e.Type == "" {
		e.Type = headerType
	}
	return failure{StatusError, e.Type, body}
}

func exitFailure(requestID string, exit error) failure {
	message := "Runtime exited without providing a reason"
	if exit != nil {
		message = "Runtime exited with error: " + exit.Error()
	}
	return newFailure(StatusError, "Runtime.ExitError", fmt.Sprintf("RequestId: %s Error: %s", requestID, message))
}

func timeoutFailure(requestID string, timeout time.Duration) failure {
	return newFailure(StatusTimeout, "Sandbox.Timedout",
		fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", requestID, timeout.Seconds()))
}

func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var s [36]byte
	hex.Encode(s[:8], b[:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:], b[10:])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

// newTraceID makes an unsampled tracing header, see
// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader.
func newTraceID(now time.Time) string {
	var b [20]byte
	rand.Read(b[:])
	return fmt.Sprintf("Root=1-%08x-%x;Parent=%x;Sampled=0", now.Unix(), b[:12], b[12:])
}

// streamGuard lets nothing through to a caller that has its result.
type streamGuard struct {
	mu sync.Mutex
	w  io.Writer // nil once closed
}

func (s *streamGuard) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w == nil {
		return 0, io.ErrClosedPipe
	}
	return s.w.Write(p)
}

func (s *streamGuard) contentType(t string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w, ok := s.w.(interface{ ContentType(string) }); ok {
		w.ContentType(t)
	}
}

func (s *streamGuard) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.w = nil
}
