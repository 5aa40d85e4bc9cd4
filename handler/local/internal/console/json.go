package console

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// JSON shows one JSON object per line. Durations are in milliseconds.
type JSON struct {
	Out io.Writer

	mu sync.Mutex
}

func (j *JSON) put(kind string, fields map[string]any) {
	fields["type"] = kind
	if _, ok := fields["time"]; !ok {
		fields["time"] = time.Now().UTC()
	}
	for k, v := range fields {
		switch v := v.(type) {
		case time.Duration:
			fields[k] = float64(v) / float64(time.Millisecond)
		case string:
			if v == "" {
				delete(fields, k)
			}
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	e := json.NewEncoder(j.Out)
	e.SetEscapeHTML(false)
	e.Encode(fields)
}

func (j *JSON) Event(e runtimeapi.Event) {
	fields := map[string]any{"time": e.Time.UTC(), "function": e.Function, "environment": e.Environment, "requestId": e.RequestID}
	switch e.Type {
	case runtimeapi.EventLog:
		fields["line"] = e.Line
		if m, ok := ParseEMF(e.Line); ok {
			fields["metrics"] = m
		}
	case runtimeapi.EventInitStart:
		fields["pid"], fields["invoke"] = e.PID, e.Invoke
	case runtimeapi.EventInitEnd:
		fields["status"], fields["initDurationMs"], fields["errorType"], fields["invoke"] = e.Status, e.Duration, e.ErrorType, e.Invoke
	case runtimeapi.EventEnd:
		result(fields, e.Result)
	case runtimeapi.EventShutdown:
		s := e.Summary
		fields["reason"], fields["invocations"], fields["errors"], fields["restarts"] = s.Reason, s.Invocations, s.Errors, s.Restarts
		fields["initDurationMs"], fields["busyMs"], fields["lifetimeMs"], fields["peakMemory"] = s.Init, s.Busy, s.Lifetime, s.PeakMemory
	}
	j.put(string(e.Type), fields)
}

func result(fields map[string]any, r *runtimeapi.Result) {
	fields["status"], fields["errorType"] = r.Status, r.ErrorType
	fields["durationMs"], fields["billedDurationMs"], fields["initDurationMs"] = r.Duration, r.BilledDuration(), r.InitDuration
	fields["memorySize"], fields["maxMemoryUsed"] = r.MemorySize, r.MaxMemoryUsed
}

func (j *JSON) Request(source string, payload []byte) {
	j.put("request", map[string]any{"source": source, "payload": value(payload)})
}

func (j *JSON) Response(r *runtimeapi.Result) {
	fields := map[string]any{"requestId": r.RequestID, "environment": r.Environment, "functionError": r.FunctionError, "payload": value(r.Payload)}
	result(fields, r)
	j.put("response", fields)
}

// value keeps JSON as it is; anything else becomes a string.
func value(payload []byte) any {
	if json.Valid(payload) {
		return json.RawMessage(payload)
	}
	return string(payload)
}

func (j *JSON) HTTP(method, path string, status int, took time.Duration) {
	j.put("http", map[string]any{"method": method, "path": path, "status": status, "durationMs": took})
}

func (j *JSON) Stats(s Stats) {
	s.Sort()
	fields := map[string]any{
		"invocations": s.Invocations, "errors": s.Errors, "throttles": s.Throttles, "coldStarts": s.ColdStarts,
		"elapsedMs": s.Elapsed, "perSecond": s.Rate(), "durationMs": percentiles(s.Duration), "initDurationMs": percentiles(s.Init),
	}
	if a := s.Allocs; a != nil {
		fields["mallocs"], fields["allocatedBytes"], fields["gcs"] = a.Mallocs, a.Bytes, a.GCs
	}
	j.put("stats", fields)
}

func percentiles(sorted []time.Duration) map[string]float64 {
	at := map[string]float64{"min": 0, "p50": 50, "p90": 90, "p99": 99, "p99.9": 99.9, "max": 100}
	for name, p := range at {
		at[name] = float64(Percentile(sorted, p)) / float64(time.Millisecond)
	}
	return at
}

func (j *JSON) Note(text string)    { j.put("note", map[string]any{"text": text}) }
func (j *JSON) Problem(text string) { j.put("problem", map[string]any{"text": text}) }
