package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// JSON writes the result. It fills in the summaries of the samples that are there.
func JSON(w io.Writer, r *result.Result) error {
	summarize(r)
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// ReadJSON reads what JSON wrote. The samples are not in it, their summaries are.
func ReadJSON(rd io.Reader) (*result.Result, error) {
	d := json.NewDecoder(rd)
	d.DisallowUnknownFields()
	r := &result.Result{}
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("lab's JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("lab's JSON: more than one value")
	}
	return r, nil
}

func summarize(r *result.Result) {
	for i := range r.Runs {
		r.Runs[i].Summarize()
	}
	if s := r.Simulation; s != nil {
		for i := range s.Runs {
			s.Runs[i].Summarize()
		}
		for i := range s.Wanted {
			s.Wanted[i].Summarize()
		}
	}
}
