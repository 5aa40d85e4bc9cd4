package concurrency

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// A Report is what Lambda says of one invocation when it has ended, in a REPORT
// line or a platform.report record.
//
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html
// https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
type Report struct {
	// RequestID is the invocation's. It points into the parsed line.
	RequestID []byte
	// End is when the record was written, in ms resolution, by the platform's
	// wall clock. A REPORT line does not say it, a platform.report does.
	End time.Time
	// Duration of the invocation, Billed as rounded up and charged, Init of a
	// cold start (zero without one). Restore replaces Init with SnapStart.
	Duration, Billed, Init, Restore time.Duration
	// MemorySize is the configured memory, MaxMemoryUsed its peak, in MB (MiB,
	// as Lambda counts).
	MemorySize, MaxMemoryUsed int
	// Failed is true where Lambda gives another status than success: error,
	// failure or timeout.
	Failed bool
}

// ColdStart reports whether the invocation waited for INIT or for a restore.
func (r *Report) ColdStart() bool { return r.Init > 0 || r.Restore > 0 }

// Busy is how long the invocation occupied its environment.
func (r *Report) Busy() time.Duration { return r.Duration + r.Init + r.Restore }

// ErrNotReport is returned for a line that is neither a REPORT line nor a
// platform.report record. Most lines of a log are neither.
var ErrNotReport = errors.New("concurrency: not a REPORT line")

// maxDays bounds what is taken for a duration; none in a log is near it.
const maxDays = 100 * 24 * time.Hour

// ParseReport parses one line, text or JSON, into r, whose fields it all sets.
// It does not allocate except for an error. A line that is no report returns
// [ErrNotReport]; one that is but cannot be read returns another error, which
// says what is wrong.
func ParseReport(line []byte, r *Report) error {
	*r = Report{}
	line = bytes.TrimSpace(line)
	switch {
	case bytes.HasPrefix(line, []byte("REPORT RequestId: ")):
		return r.parseText(line[len("REPORT "):])
	case len(line) > 0 && line[0] == '{' && bytes.Contains(line, []byte("platform.report")):
		return r.parseJSON(line)
	}
	return ErrNotReport
}

// parseText reads the tab-separated "Name: value" fields of a REPORT line.
func (r *Report) parseText(line []byte) error {
	sawDuration := false
	for len(line) > 0 {
		field := line
		if i := bytes.IndexByte(line, '\t'); i >= 0 {
			field, line = line[:i], line[i+1:]
		} else {
			line = nil
		}
		i := bytes.IndexByte(field, ':')
		if i < 0 || i+1 >= len(field) || field[i+1] != ' ' {
			continue
		}
		name, value := field[:i], field[i+2:]
		ok := true
		switch string(name) {
		case "RequestId":
			r.RequestID = value
		case "Duration":
			r.Duration, ok = parseMillis(value, " ms")
			sawDuration = ok
		case "Billed Duration":
			r.Billed, ok = parseMillis(value, " ms")
		case "Memory Size":
			r.MemorySize, ok = parseMB(value)
		case "Max Memory Used":
			r.MaxMemoryUsed, ok = parseMB(value)
		case "Init Duration":
			r.Init, ok = parseMillis(value, " ms")
		case "Restore Duration":
			r.Restore, ok = parseMillis(value, " ms")
		case "Status":
			r.Failed = string(bytes.TrimSpace(value)) != "success"
		}
		if !ok {
			return fmt.Errorf("concurrency: REPORT line: %s is %q, want a number with its unit", name, value)
		}
	}
	if len(r.RequestID) == 0 {
		return errors.New("concurrency: REPORT line without a request ID")
	}
	if !sawDuration {
		return errors.New("concurrency: REPORT line without a Duration")
	}
	return nil
}

// parseMillis reads a decimal number of milliseconds such as 3.35, exactly to
// the nanosecond, with the given unit behind it.
func parseMillis(b []byte, unit string) (time.Duration, bool) {
	digits := len(b) - len(unit)
	if digits < 1 || string(b[digits:]) != unit {
		return 0, false
	}
	b = b[:digits]
	var n int64
	for i, c := range b {
		if c == '.' && i > 0 && i < len(b)-1 {
			return fraction(n*int64(time.Millisecond), b[i+1:])
		}
		if c-'0' > 9 {
			return 0, false
		}
		if n = n*10 + int64(c-'0'); n > int64(maxDays/time.Millisecond) {
			return 0, false
		}
	}
	return time.Duration(n) * time.Millisecond, true
}

// fraction adds the digits behind the point to n nanoseconds.
func fraction(n int64, digits []byte) (time.Duration, bool) {
	scale := int64(time.Millisecond)
	for _, c := range digits {
		if c-'0' > 9 {
			return 0, false
		}
		scale /= 10
		n += int64(c-'0') * scale
	}
	return time.Duration(n), true
}

func parseMB(b []byte) (int, bool) {
	d, ok := parseMillis(b, " MB")
	return int(d / time.Millisecond), ok
}

// parseJSON reads a platform.report record.
func (r *Report) parseJSON(line []byte) error {
	isReport, sawDuration := false, false
	o := jsonscan.WalkObject(line, 0)
	for o.Next() {
		switch string(o.NameToken()) {
		case `"type"`:
			isReport = string(o.Value()) == `"platform.report"`
		case `"time"`:
			v := o.Value()
			if len(v) < 2 || r.End.UnmarshalText(v[1:len(v)-1]) != nil {
				return fmt.Errorf("concurrency: platform.report: time is %q, want RFC 3339", v)
			}
		case `"record"`:
			end, saw, err := r.parseRecord(line, o.Pos())
			if err != nil {
				return err
			}
			sawDuration = saw
			o.Resume(end)
		}
	}
	if err := o.Err(); err != nil {
		return fmt.Errorf("concurrency: platform.report: %w", err)
	}
	if err := jsonscan.End(line, o.End()); err != nil {
		return fmt.Errorf("concurrency: platform.report: %w", err)
	}
	switch {
	case !isReport:
		*r = Report{}
		return ErrNotReport
	case len(r.RequestID) == 0:
		return errors.New("concurrency: platform.report without record.requestId")
	case !sawDuration:
		return errors.New("concurrency: platform.report without record.metrics.durationMs")
	}
	return nil
}

func (r *Report) parseRecord(line []byte, at int) (end int, sawDuration bool, err error) {
	if jsonscan.KindAt(line, at) != jsonscan.Object {
		end, err = jsonscan.Skip(line, at)
		return end, false, err
	}
	o := jsonscan.WalkObject(line, at)
	for o.Next() {
		switch string(o.NameToken()) {
		case `"requestId"`:
			if v := o.Value(); len(v) > 2 && v[0] == '"' {
				r.RequestID = v[1 : len(v)-1]
			}
		case `"status"`:
			r.Failed = string(o.Value()) != `"success"`
		case `"metrics"`:
			if jsonscan.KindAt(line, o.Pos()) != jsonscan.Object {
				continue
			}
			m := jsonscan.WalkObject(line, o.Pos())
			for m.Next() {
				saw, err := r.setMetric(m.NameToken(), m.Value())
				if err != nil {
					return 0, false, err
				}
				sawDuration = sawDuration || saw
			}
			if m.Err() != nil {
				return 0, false, fmt.Errorf("concurrency: platform.report: %w", m.Err())
			}
			o.Resume(m.End())
		}
	}
	if o.Err() != nil {
		return 0, false, fmt.Errorf("concurrency: platform.report: %w", o.Err())
	}
	return o.End(), sawDuration, nil
}

func (r *Report) setMetric(name, value []byte) (isDuration bool, err error) {
	ok := true
	switch string(name) {
	case `"durationMs"`:
		r.Duration, ok = parseMillis(value, "")
		isDuration = true
	case `"billedDurationMs"`:
		r.Billed, ok = parseMillis(value, "")
	case `"initDurationMs"`:
		r.Init, ok = parseMillis(value, "")
	case `"restoreDurationMs"`:
		r.Restore, ok = parseMillis(value, "")
	case `"memorySizeMB"`:
		var d time.Duration
		d, ok = parseMillis(value, "")
		r.MemorySize = int(d / time.Millisecond)
	case `"maxMemoryUsedMB"`:
		var d time.Duration
		d, ok = parseMillis(value, "")
		r.MaxMemoryUsed = int(d / time.Millisecond)
	}
	if !ok {
		return false, fmt.Errorf("concurrency: platform.report: %s is %q, want a number of at least 0", name, value)
	}
	return isDuration, nil
}
