package envelope

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// maxLogs is what a subscription's data may unpack to, in bytes. CloudWatch Logs
// sends batches that pack into an event of 6 MB; logs pack to about a tenth, and
// a text made to unpack to a thousand times its size must not take the memory.
const maxLogs = 64 << 20

var (
	errNoLogs    = errors.New("the event has no awslogs.data that is a string")
	errNoMessage = errors.New("the log event has no message that is a string")
	errMuchLogs  = fmt.Errorf("the data unpacks to more than %d bytes", maxLogs)
)

// OpenLogs returns the JSON that the event of a CloudWatch Logs subscription
// holds in base64 and gzip, for Split. It is not part of the event.
func OpenLogs(payload []byte) ([]byte, error) {
	if err := jsonscan.Valid(payload); err != nil {
		return nil, err
	}
	data := text(member(member(payload, "awslogs"), "data"))
	if data == nil {
		return nil, errNoLogs
	}
	packed, err := base64.StdEncoding.AppendDecode(nil, data)
	if err != nil {
		return nil, fmt.Errorf("awslogs.data is not base64: %w", err)
	}
	unzip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("awslogs.data is not gzip: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(unzip, maxLogs+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("awslogs.data is not gzip: %w", err)
	case len(out) > maxLogs:
		return nil, errMuchLogs
	}
	return out, nil
}

// logEvents reads the log events of an unpacked subscription.
func (e *Event) logEvents(b []byte, i int) (int, error) {
	e.Source = CloudWatchLogs
	a := jsonscan.WalkArray(b, i)
	for a.Next() {
		var r Record
		at := a.Pos()
		o := jsonscan.WalkObject(b, at)
		for o.Next() {
			switch string(o.Name(nil)) {
			case "id":
				r.ID = text(o.Value())
			case "message":
				r.Data = token(o.Value())
			}
		}
		if o.Err() != nil {
			return o.End(), o.Err()
		}
		r.Raw = b[at:o.End()]
		e.Records = append(e.Records, r)
		a.Resume(o.End())
	}
	return a.End(), a.Err()
}

// LogMessage returns the message of a log event: the text that it stands for or,
// quoted, the string as it is.
func (w *Buffer) LogMessage(r *Record, quoted bool) ([]byte, error) {
	switch {
	case r.Data == nil:
		return nil, errNoMessage
	case quoted:
		return r.Data, nil
	}
	w.a = jsonscan.AppendString(w.a[:0], r.Data)
	return w.a, nil
}
