package engine

import (
	"bytes"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// output writes the current row's result and hands it on.
func (r *Run) output() error {
	if len(r.p.aggs) == 0 {
		record := r.raw
		if !r.p.cfg.JSON {
			record = r.csv.line
		}
		if err := encoded(record); err != nil {
			return err
		}
	}
	r.out = r.out[:0]
	var err error
	delimiter := r.p.cfg.Record
	if r.p.cfg.OutJSON {
		r.out, err = r.appendJSON(r.out)
	} else {
		r.out, err = r.appendCSV(r.out)
		delimiter = r.p.cfg.OutCSV.Record
	}
	if r.err != nil {
		err = r.err
	}
	if err != nil {
		return err
	}
	if len(r.out) > MaxRecord {
		return fault.New("OverMaxRecordSize", "a record of the result has %d bytes, at most %d are allowed", len(r.out), MaxRecord)
	}
	r.out = append(r.out, delimiter...)
	r.Rows++
	r.Bytes += int64(len(r.out))
	if r.p.limit >= 0 && r.Rows >= r.p.limit {
		r.done = true
	}
	if err := r.emit(r.out); err == ErrStop {
		r.done = true
	} else if err != nil {
		return err
	}
	return nil
}

// encoded is an error where a record is not UTF-8, the only encoding that S3 takes:
// in a result, what is not would be replaced.
func encoded(record []byte) error {
	if utf8.Valid(record) {
		return nil
	}
	return fault.New("InvalidTextEncoding", "the record is not UTF-8")
}

func (r *Run) appendJSON(dst []byte) ([]byte, error) {
	if r.p.sel.Star {
		return r.appendWhole(dst)
	}
	start := len(dst)
	for i := range r.p.items {
		it := &r.p.items[i]
		if it.star {
			v := it.eval(r)
			dst = appendMembers(dst, &v)
			continue
		}
		if it.slot >= 0 && r.p.cfg.JSON && !r.p.cfg.Columns {
			if t := r.find.slots[it.slot]; t != nil {
				dst = append(dst, it.key...)
				dst = value.AppendCompact(dst, t)
			}
			continue
		}
		v := it.eval(r)
		if v.Kind == value.Missing {
			continue
		}
		dst = append(dst, it.key...)
		dst = v.AppendJSON(dst)
	}
	if len(dst) == start {
		return append(dst, "{}"...), nil
	}
	dst[start] = '{' // in the place of the first comma
	return append(dst, '}'), nil
}

// appendMembers adds what is between an object's braces, after a comma.
func appendMembers(dst []byte, v *value.Value) []byte {
	if v.Kind != value.Struct {
		return dst
	}
	n := len(dst)
	dst = value.AppendCompact(dst, v.Text)
	if len(dst)-n <= 2 {
		return dst[:n]
	}
	dst[n] = ','
	return dst[:len(dst)-1]
}

// appendWhole is SELECT * as JSON: an object as it is, anything else as _1.
func (r *Run) appendWhole(dst []byte) ([]byte, error) {
	v := r.row()
	switch v.Kind {
	case value.Struct:
		return value.AppendCompact(dst, v.Text), r.err
	case value.Missing:
		return append(dst, "{}"...), r.err
	}
	dst = append(dst, `{"_1":`...)
	dst = v.AppendJSON(dst)
	return append(dst, '}'), r.err
}

func (r *Run) appendCSV(dst []byte) ([]byte, error) {
	f := fields{r: r, cfg: &r.p.cfg.OutCSV, dst: dst}
	switch {
	case r.p.sel.Star && r.p.cfg.JSON:
		v := r.row()
		if v.Kind == value.Struct {
			f.members(&v)
		} else {
			f.value(&v)
		}
	case r.p.sel.Star:
		for i := range r.csv.fields {
			f.add(r.csv.text(i))
		}
	default:
		for i := range r.p.items {
			v := r.p.items[i].eval(r)
			if r.p.items[i].star {
				f.members(&v)
			} else {
				f.value(&v)
			}
		}
	}
	return f.dst, f.err
}

// fields writes one record of CSV.
type fields struct {
	r    *Run
	cfg  *CSVOut
	dst  []byte
	buf  []byte
	some bool
	err  error
}

func (f *fields) members(v *value.Value) {
	if v.Kind != value.Struct {
		return
	}
	o := jsonscan.WalkObject(v.Text, 0)
	for o.Next() {
		m := f.r.token(o.Value())
		f.value(&m)
	}
}

func (f *fields) value(v *value.Value) {
	if v.Kind >= value.List && f.err == nil {
		f.err = fault.New("UnsupportedSqlStructure", "a nested value cannot be in a CSV result: ask for JSON")
	}
	if v.Kind == value.String {
		f.add(v.Text)
		return
	}
	f.buf = v.AppendText(f.buf[:0])
	f.add(f.buf)
}

func (f *fields) add(text []byte) {
	if f.some {
		f.dst = append(f.dst, f.cfg.Field...)
	}
	f.some = true
	if !f.cfg.Always && !f.needsQuotes(text) {
		f.dst = append(f.dst, text...)
		return
	}
	f.dst = append(f.dst, f.cfg.Quote)
	for _, c := range text {
		if c == f.cfg.Quote || c == f.cfg.Escape {
			f.dst = append(f.dst, f.cfg.Escape)
		}
		f.dst = append(f.dst, c)
	}
	f.dst = append(f.dst, f.cfg.Quote)
}

func (f *fields) needsQuotes(text []byte) bool {
	for _, c := range text {
		if c == f.cfg.Quote || c == '\n' || c == '\r' {
			return true
		}
	}
	return disturbs(text, f.cfg.Field) || disturbs(text, f.cfg.Record)
}

// disturbs reports that text has the delimiter, or ends as it begins: then what
// follows could make one of it.
func disturbs(text []byte, delimiter string) bool {
	for i := 1; i < len(delimiter); i++ {
		if bytes.HasSuffix(text, []byte(delimiter[:i])) {
			return true
		}
	}
	return bytes.Contains(text, []byte(delimiter))
}
