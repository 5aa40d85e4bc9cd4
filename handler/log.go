package handler

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"slices"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/lambdatune/lambdatune/internal/invocation"
)

// LogHandler returns a slog.Handler that adds to every record that is logged
// with the context of an invocation: requestId, functionName, coldStart, and
// tenantId where there is one. They stand at the top level, where Lambda and
// CloudWatch Logs Insights look for them, also below WithGroup. Records outside
// an invocation get functionName alone.
//
// The records go to next. Where that is nil they go to standard output as
// Lambda's advanced logging controls ask: in JSON with timestamp, level and
// message if AWS_LAMBDA_LOG_FORMAT is JSON, else as text, from the level in
// AWS_LAMBDA_LOG_LEVEL up (TRACE, DEBUG, INFO, WARN, ERROR or FATAL), INFO if
// that is unset. See
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
//
//	slog.SetDefault(slog.New(handler.LogHandler(nil)))
//
// A program that calls LogHandler also gets the lines of this package itself
// (a contained panic, the durations of INIT) through [slog.Default]. Without it
// they are lines of JSON, with the same names, on the writer of package log.
// next must not be the handler of the slog.Default that a program starts with:
// that one writes to package log, which slog.SetDefault makes write to slog.
func LogHandler(next slog.Handler) slog.Handler {
	if next == nil {
		next = lambdaHandler(os.Stdout, os.Getenv("AWS_LAMBDA_LOG_FORMAT"), os.Getenv("AWS_LAMBDA_LOG_LEVEL"))
	}
	write := writeSlog
	logLineWriter.Store(&write)
	return &logHandler{next: next, function: os.Getenv("AWS_LAMBDA_FUNCTION_NAME")}
}

// writeSlog sends what this package logs to slog.Default, with the invocation's
// attributes whether or not a LogHandler is in front of it.
func writeSlog(ctx context.Context, l *logLine) {
	h := slog.Default().Handler()
	if _, ok := h.(*logHandler); !ok {
		h = &logHandler{next: h, function: l.FunctionName}
	}
	level := slog.LevelInfo
	if l.Level == levelNameError {
		level = slog.LevelError
	}
	attrs := make([]slog.Attr, 0, 4)
	if l.TasksMs != nil {
		tasks := make([]slog.Attr, 0, len(l.TasksMs))
		for _, name := range slices.Sorted(maps.Keys(l.TasksMs)) {
			tasks = append(tasks, slog.Float64(name, l.TasksMs[name]))
		}
		attrs = append(attrs, slog.Float64("durationMs", l.DurationMs), slog.Attr{Key: "tasksMs", Value: slog.GroupValue(tasks...)})
	}
	if l.Error != "" {
		attrs = append(attrs, slog.String("error", l.Error))
	}
	if l.Unfinished != nil {
		attrs = append(attrs, slog.Any("unfinished", l.Unfinished))
	}
	if l.Stack != "" {
		attrs = append(attrs, slog.String("stack", l.Stack))
	}
	slog.New(h).LogAttrs(ctx, level, l.Message, attrs...)
}

// The levels that Lambda has and slog has not.
const (
	levelTrace = slog.LevelDebug - 4
	levelFatal = slog.LevelError + 4
)

func lambdaHandler(w *os.File, format, level string) slog.Handler {
	o := &slog.HandlerOptions{ReplaceAttr: lambdaAttr}
	switch level {
	case "TRACE":
		o.Level = levelTrace
	case "DEBUG":
		o.Level = slog.LevelDebug
	case "WARN":
		o.Level = slog.LevelWarn
	case "ERROR":
		o.Level = slog.LevelError
	case "FATAL":
		o.Level = levelFatal
	}
	if format == "JSON" {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}

// lambdaAttr gives slog's own attributes the names that Lambda's logs have.
func lambdaAttr(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		a.Key = "timestamp"
	case slog.MessageKey:
		a.Key = "message"
	case slog.LevelKey:
		switch l, _ := a.Value.Any().(slog.Level); l {
		case levelTrace:
			a.Value = slog.StringValue("TRACE")
		case levelFatal:
			a.Value = slog.StringValue("FATAL")
		}
	}
	return a
}

// A logHandler keeps the open groups to itself, so that next's top level stays
// within reach.
type logHandler struct {
	next     slog.Handler
	function string
	groups   []logGroup // open ones, the innermost last
}

type logGroup struct {
	name  string
	attrs []slog.Attr
}

func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	h.addInvocation(ctx, &out)
	if len(h.groups) == 0 {
		r.Attrs(func(a slog.Attr) bool {
			out.AddAttrs(a)
			return true
		})
		return h.next.Handle(ctx, out)
	}
	inner := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		inner = append(inner, a)
		return true
	})
	for _, g := range slices.Backward(h.groups) {
		inner = slices.Concat(g.attrs, inner)
		inner = []slog.Attr{{Key: g.name, Value: slog.GroupValue(inner...)}}
	}
	out.AddAttrs(inner...) // a handler leaves out a group without attributes
	return h.next.Handle(ctx, out)
}

func (h *logHandler) addInvocation(ctx context.Context, r *slog.Record) {
	v := invocation.From(ctx)
	if v != nil {
		r.AddAttrs(slog.String("requestId", v.RequestID))
	} else if lc, ok := lambdacontext.FromContext(ctx); ok { // under aws-lambda-go's own Start
		r.AddAttrs(slog.String("requestId", lc.AwsRequestID))
	}
	if h.function != "" {
		r.AddAttrs(slog.String("functionName", h.function))
	}
	if v != nil {
		r.AddAttrs(slog.Bool("coldStart", v.ColdStart))
		if v.TenantID != "" {
			r.AddAttrs(slog.String("tenantId", v.TenantID))
		}
	}
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	c := *h
	if n := len(h.groups); n > 0 {
		c.groups = slices.Clone(h.groups)
		c.groups[n-1].attrs = slices.Concat(h.groups[n-1].attrs, attrs)
	} else {
		c.next = h.next.WithAttrs(attrs)
	}
	return &c
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.groups = append(slices.Clip(h.groups), logGroup{name: name})
	return &c
}
