package engine

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

const chunk = 256 << 10

// Read runs over all of in, or until nothing more is needed. It does not call
// Finish.
func (r *Run) Read(ctx context.Context, in io.Reader) error {
	buf := make([]byte, 0, chunk)
	first := true // nothing has been taken yet
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return err
		}
		if first && !r.Continued && (end || len(buf) >= 3) {
			first = false
			buf = bytes.TrimPrefix(buf, []byte("\xef\xbb\xbf"))
		}
		if len(buf) < cap(buf) && !end {
			continue // fill the buffer, a system call each is dear
		}
		used, err := r.consume(buf, end)
		if err != nil {
			return err
		}
		if end || r.Done() {
			return r.err
		}
		rest := buf[used:]
		if len(rest) > MaxRecord {
			return r.tooLong()
		}
		if cap(buf)-len(rest) < chunk/2 {
			buf = append(make([]byte, 0, 2*cap(buf)), rest...)
			continue
		}
		buf = buf[:copy(buf[:cap(buf)], rest)]
	}
}

func (r *Run) tooLong() error {
	return fault.InRecord(fault.New("OverMaxRecordSize", "a record of the input has more than %d bytes", MaxRecord), r.Records+1)
}

// Header reads the header of a CSV object, which starts with b, or is b if whole,
// for a run that starts behind it, and returns where it ends; 0 if that is not in b.
func (r *Run) Header(b []byte, whole bool) (end int, err error) {
	cfg := &r.p.cfg.CSV
	if bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) {
		end = 3
	}
	for !r.csv.ready {
		rest := b[end:]
		if len(rest) == 0 {
			return 0, nil
		}
		length, next, quoted, err := cfg.record(rest, whole, indexFrom(rest, cfg.Quote, 0))
		if err != nil {
			return 0, r.place(err)
		}
		if next == 0 {
			return 0, nil
		}
		line := rest[:length]
		end += next
		if cfg.CarriageReturn && len(line) > 0 && line[len(line)-1] == '\r' {
			line = line[:len(line)-1]
		}
		if err := r.csvRecord(line, quoted); err != nil {
			return 0, err
		}
	}
	r.Records = 0
	return end, nil
}

// consume takes the whole records of b, and at the end what is left.
func (r *Run) consume(b []byte, end bool) (used int, err error) {
	switch {
	case !r.p.cfg.JSON:
		return r.consumeCSV(b, end)
	case r.p.cfg.Document:
		return r.consumeDocument(b, end)
	}
	return r.consumeLines(b, end)
}

func (r *Run) consumeLines(b []byte, end bool) (i int, err error) {
	slash := -1 // a backslash, none before it
	for i < len(b) && !r.Done() {
		stop := bytes.IndexByte(b[i:], '\n')
		next := i + stop + 1
		if stop < 0 {
			if !end {
				return i, nil
			}
			stop, next = len(b)-i, len(b)
		}
		line := b[i : i+stop]
		i = next
		if at := jsonscan.Space(line, 0); at < len(line) {
			if len(line) > MaxRecord {
				return i, r.tooLong()
			}
			if from := i - len(line) - 1; slash < from {
				slash = indexFrom(b, '\\', max(from, 0))
			}
			r.find.noSlash = slash >= i
			if err := r.json(line[at:]); err != nil {
				return i, err
			}
		}
	}
	return i, nil
}

// indexFrom is the index of c at or behind i, len(b) if there is none.
func indexFrom(b []byte, c byte, i int) int {
	if at := bytes.IndexByte(b[i:], c); at >= 0 {
		return i + at
	}
	return len(b)
}

func (r *Run) consumeDocument(b []byte, end bool) (i int, err error) {
	for !r.Done() {
		i = jsonscan.Space(b, i)
		if i == len(b) {
			return i, nil
		}
		stop, err := jsonscan.Skip(b, i)
		var syntax *jsonscan.SyntaxError
		if cut := errors.As(err, &syntax) && syntax.Offset >= len(b); !end && (cut || err == nil && stop == len(b)) {
			return i, nil // it may go on
		}
		if err != nil {
			r.Records++
			return i, r.place(err)
		}
		if stop-i > MaxRecord {
			return i, r.tooLong()
		}
		r.find.noSlash = false
		if err := r.json(b[i:stop]); err != nil {
			return i, err
		}
		i = stop
	}
	return i, nil
}

func (r *Run) consumeCSV(b []byte, end bool) (i int, err error) {
	cfg := &r.p.cfg.CSV
	quote := -1   // a quote, none before it
	literal := -1 // the text that WHERE looks for, none before it
	for i < len(b) && !r.Done() {
		if quote < i {
			quote = indexFrom(b, cfg.Quote, i)
		}
		length, next, quoted, err := cfg.record(b[i:], end, quote-i)
		if err != nil {
			r.Records++
			return i, r.place(err)
		}
		if next == 0 {
			return i, nil
		}
		if length > MaxRecord {
			return i, r.tooLong()
		}
		if r.p.literal != nil && !quoted && r.csv.ready && length > 1 {
			if literal < i {
				literal = len(b)
				if at := bytes.Index(b[i:], r.p.literal); at >= 0 {
					literal = i + at
				}
			}
			if literal >= i+length && !cfg.comment(b[i:]) {
				r.Records++ // WHERE cannot be true
				i += next
				continue
			}
		}
		line := b[i : i+length]
		i += next
		if cfg.CarriageReturn && len(line) > 0 && line[len(line)-1] == '\r' {
			line = line[:len(line)-1]
		}
		if err := r.csvRecord(line, quoted); err != nil {
			return i, err
		}
	}
	return i, nil
}

// record finds the end of the first record of b: its length, where the next one
// starts (0: more is needed) and whether there is a quote in it. The first quote
// of b is at quote.
func (c *CSV) record(b []byte, end bool, quote int) (length, next int, quoted bool, err error) {
	length, next = c.delimiter(b, 0, end)
	if next == 0 || c.comment(b) {
		return length, next, false, nil
	}
	if quote >= length {
		return length, next, false, nil
	}
	// A delimiter inside quotes is text.
	for i := 0; ; {
		open := false
		if i, open = c.balance(b, i, length); !open {
			return length, next, true, nil
		}
		switch last := next == len(b) && end; {
		case last && (c.QuotedRecord || length == len(b)):
			return 0, 0, true, fault.New("CSVParsingError", "the quote of the last field is not closed")
		case !c.QuotedRecord:
			return 0, 0, true, fault.New("CSVEscapingRecordDelimiter", "a record delimiter is inside quotes: set AllowQuotedRecordDelimiter if it may be there")
		}
		if length, next = c.delimiter(b, next, end); next == 0 {
			return 0, 0, true, nil
		}
	}
}

// delimiter is where the record that has b[from] ends, and the next one starts.
func (c *CSV) delimiter(b []byte, from int, end bool) (length, next int) {
	at := -1
	if len(c.Record) == 1 {
		at = bytes.IndexByte(b[from:], c.Record[0])
	} else {
		at = bytes.Index(b[from:], []byte(c.Record))
	}
	switch {
	case at >= 0:
		return from + at, from + at + len(c.Record)
	case end:
		return len(b), len(b)
	}
	return 0, 0
}

// comment reports that the line is one.
func (c *CSV) comment(line []byte) bool {
	return c.Comment != "" && line[0] == c.Comment[0] && bytes.HasPrefix(line, []byte(c.Comment))
}

// balance reads fields from i on, the start of a field, as far as they end at
// or before length. It reports the start of the field that is still open.
func (c *CSV) balance(b []byte, i, length int) (int, bool) {
	for i < length {
		start := i
		if b[i] == c.Quote {
			i++
			closed := false
			for i < length {
				if b[i] == c.Escape && i+1 < length && (b[i+1] == c.Quote || b[i+1] == c.Escape) {
					i += 2
					continue
				}
				if b[i] == c.Quote {
					closed = true
					i++
					break
				}
				i++
			}
			if !closed {
				return start, true
			}
		}
		at := bytes.Index(b[i:length], []byte(c.Field))
		if at < 0 {
			return length, false
		}
		i += at + len(c.Field)
	}
	return i, false
}

// Next is the length of the first record of a CSV result, delimiter included, 0
// if it is not whole yet.
func (o *CSVOut) Next(b []byte) (int, error) {
	c := CSV{Field: o.Field, Record: o.Record, Quote: o.Quote, Escape: o.Escape, QuotedRecord: true}
	_, next, _, err := c.record(b, false, indexFrom(b, o.Quote, 0))
	return next, err
}
