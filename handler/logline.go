package handler

import (
	"context"
	"log"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

// A logLine is what this package itself logs: a contained panic, how INIT went,
// a response that could not be sent. It does without slog where the program
// does not use LogHandler, which saves a function 60 KB.
type logLine struct {
	Timestamp    time.Time          `json:"timestamp"`
	Level        string             `json:"level"`
	Message      string             `json:"message"`
	RequestID    string             `json:"requestId,omitempty"`
	FunctionName string             `json:"functionName,omitempty"`
	ColdStart    *bool              `json:"coldStart,omitempty"`
	TenantID     string             `json:"tenantId,omitempty"`
	DurationMs   float64            `json:"durationMs,omitempty"`
	TasksMs      map[string]float64 `json:"tasksMs,omitempty"`
	Error        string             `json:"error,omitempty"`
	Unfinished   []string           `json:"unfinished,omitempty"`
	Stack        string             `json:"stack,omitempty"`
}

const (
	levelNameInfo  = "INFO"
	levelNameError = "ERROR"
)

// logLineWriter is set by LogHandler.
var logLineWriter atomic.Pointer[func(context.Context, *logLine)]

var logLineMu sync.Mutex // one line at a time

// write logs l, with what ctx knows of the invocation.
func (l *logLine) write(ctx context.Context) {
	l.FunctionName = os.Getenv("AWS_LAMBDA_FUNCTION_NAME")
	if w := logLineWriter.Load(); w != nil {
		(*w)(ctx, l)
		return
	}
	l.Timestamp = time.Now().UTC()
	if v := invocation.From(ctx); v != nil {
		l.RequestID, l.ColdStart, l.TenantID = v.RequestID, &v.ColdStart, v.TenantID
	}
	b, err := encode(l)
	if err != nil { // not with these types
		b = []byte(l.Message + ": " + l.Error)
	}
	logLineMu.Lock()
	defer logLineMu.Unlock()
	log.Writer().Write(append(b, '\n')) //nolint:errcheck // there is nowhere else to say it
}

// logError logs message as an error, with what ctx knows of the invocation.
func logError(ctx context.Context, message string, err error) {
	(&logLine{Level: levelNameError, Message: message, Error: err.Error()}).write(ctx)
}

// logPanic writes the one line that a contained panic leaves.
func logPanic(ctx context.Context, e *PanicError) {
	(&logLine{Level: levelNameError, Message: "panic contained", Error: e.Error(), Stack: string(e.Stack)}).write(ctx)
}
