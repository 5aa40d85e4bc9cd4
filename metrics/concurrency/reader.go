package concurrency

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// Counts says what a [Reader] met.
type Counts struct {
	Lines     int   // all lines
	Reports   int   // REPORT lines and platform.report records with their time
	Malformed int   // reports that could not be read, or came without a time
	FirstBad  error // why the first of the malformed ones was refused, with its line number
}

// A Reader finds the reports in an exported log, one line each:
//
//   - JSON log events as FilterLogEvents gives them, {"timestamp":ms,"message":"…"},
//     whose message is a REPORT line or a platform.report record (one event a
//     line: `aws logs filter-log-events --output json | jq -c '.events[]'`);
//   - platform.report records themselves, as the JSON log format writes them;
//   - the text of `aws logs tail --format short` or detailed: a timestamp, a
//     stream perhaps, then the REPORT line.
//
// Other lines are skipped. A malformed report is counted, never fatal. A Reader
// is not safe for concurrent use.
type Reader struct {
	lines   *bufio.Reader
	long    []byte // a line longer than the buffer
	scratch []byte // a decoded message
	counts  Counts
}

// NewReader returns a Reader on r, which it buffers.
func NewReader(r io.Reader) *Reader {
	return &Reader{lines: bufio.NewReaderSize(r, 64<<10)}
}

// Counts returns what was met so far.
func (r *Reader) Counts() Counts { return r.counts }

// Next reads up to the next report and parses it into out, with its End. It
// returns io.EOF at the end, and an error of the underlying reader as it is.
// out.RequestID is valid until the next call.
func (r *Reader) Next(out *Report) error {
	for {
		line, err := r.line()
		if err != nil {
			return err
		}
		r.counts.Lines++
		err = r.parse(line, out)
		if err == nil {
			r.counts.Reports++
			return nil
		}
		if !errors.Is(err, ErrNotReport) {
			if r.counts.Malformed++; r.counts.FirstBad == nil {
				r.counts.FirstBad = fmt.Errorf("line %d: %w", r.counts.Lines, err)
			}
		}
	}
}

// line returns the next line of any length without its end.
func (r *Reader) line() ([]byte, error) {
	line, err := r.lines.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		r.long = r.long[:0]
		for err == bufio.ErrBufferFull {
			r.long = append(r.long, line...)
			line, err = r.lines.ReadSlice('\n')
		}
		r.long = append(r.long, line...)
		line = r.long
	}
	if err == io.EOF && len(line) > 0 {
		err = nil
	}
	return bytes.TrimSpace(line), err
}

func (r *Reader) parse(line []byte, out *Report) error {
	if len(line) == 0 {
		return ErrNotReport
	}
	if line[0] != '{' {
		return r.parseTail(line, out)
	}
	// Only an event or a record that speaks of a report is worth a look.
	if !bytes.Contains(line, []byte("REPORT RequestId: ")) && !bytes.Contains(line, []byte("platform.report")) {
		return ErrNotReport
	}
	var message []byte
	var millis int64
	timed := false
	o := jsonscan.WalkObject(line, 0)
	for o.Next() {
		switch string(o.NameToken()) {
		case `"message"`, `"@message"`:
			message = o.Value()
		case `"timestamp"`:
			millis, timed = parseEpoch(o.Value())
		}
	}
	if err := o.Err(); err != nil {
		return fmt.Errorf("concurrency: log event: %w", err)
	}
	if message == nil {
		return withTime(ParseReport(line, out), out)
	}
	if message[0] != '"' {
		return ErrNotReport
	}
	r.scratch = jsonscan.AppendString(r.scratch[:0], message)
	if err := ParseReport(r.scratch, out); err != nil {
		return err
	}
	if timed {
		out.End = time.UnixMilli(millis).UTC()
	}
	return withTime(nil, out)
}

// parseTail reads `2026-11-23T01:02:03.123000+00:00 [stream] REPORT …`.
func (r *Reader) parseTail(line []byte, out *Report) error {
	i := bytes.Index(line, []byte("REPORT RequestId: "))
	if i < 0 {
		if i = bytes.IndexByte(line, '{'); i < 0 || !bytes.Contains(line[i:], []byte("platform.report")) {
			return ErrNotReport
		}
	}
	if err := ParseReport(line[i:], out); err != nil || !out.End.IsZero() {
		return err
	}
	stamp, _, _ := bytes.Cut(line[:i], []byte(" "))
	if bytes.IndexByte(stamp, '+') < 0 && !bytes.HasSuffix(stamp, []byte("Z")) {
		stamp = append(append(r.scratch[:0], stamp...), 'Z') // --format short is in UTC
		r.scratch = stamp
	}
	if err := out.End.UnmarshalText(stamp); err != nil {
		return fmt.Errorf("concurrency: REPORT line without the log event's time before it, in RFC 3339")
	}
	out.End = out.End.UTC()
	return nil
}

func withTime(err error, r *Report) error {
	if err == nil && r.End.IsZero() {
		return errors.New("concurrency: REPORT line without the log event's timestamp")
	}
	return err
}

// parseEpoch reads milliseconds since 1970.
func parseEpoch(b []byte) (ms int64, ok bool) {
	for _, c := range b {
		if c-'0' > 9 || ms > 1<<53 {
			return 0, false
		}
		ms = ms*10 + int64(c-'0')
	}
	return ms, len(b) > 0
}
