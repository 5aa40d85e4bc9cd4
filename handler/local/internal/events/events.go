// Package events reads the events of a file: one JSON value, of any layout, or
// several, such as JSON lines.
package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Event is one event, as it stands in its file.
type Event struct {
	Payload []byte
	// Source says where it came from: the file, and its line where the file
	// has several.
	Source string
}

// Read returns the events in r, which is called name in messages. An error
// says where it is, as name:line:column.
func Read(r io.Reader, name string) ([]Event, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	d := json.NewDecoder(bytes.NewReader(text))
	var all []Event
	for {
		var payload json.RawMessage
		err := d.Decode(&payload)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, locate(err, text, d.InputOffset(), name)
		}
		line, _ := position(text, d.InputOffset()-int64(len(payload)))
		all = append(all, Event{Payload: payload, Source: fmt.Sprintf("%s:%d", name, line)})
	}
	switch len(all) {
	case 0:
		return nil, fmt.Errorf("%s: no event: want a JSON value, or one per line", name)
	case 1:
		all[0].Source = name
	}
	return all, nil
}

func locate(err error, text []byte, offset int64, name string) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = syntax.Offset - 1
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		offset = int64(len(text))
		err = errors.New("the JSON value does not end")
	}
	line, column := position(text, offset)
	return fmt.Errorf("%s:%d:%d: %w", name, line, column, err)
}

// position counts from 1; columns are bytes.
func position(text []byte, offset int64) (line, column int) {
	before := text[:min(max(offset, 0), int64(len(text)))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}
