package metrics

import (
	"io"
	"log"

	"github.com/lambdatune/lambdatune/metrics/internal/guard"
	"github.com/lambdatune/lambdatune/metrics/internal/limits"
	"github.com/lambdatune/lambdatune/metrics/internal/line"
)

// Guard returns a writer for emf.WithWriter, or any other source of Embedded
// Metric Format documents, that passes on to w what CloudWatch accepts:
//
//   - A blank line, which prozz writes in place of a document with NaN or Inf, is
//     dropped.
//   - A document with more than 100 metrics, 100 values of one, or a line over
//     65,535 bytes becomes several.
//   - Metrics, dimension sets and properties that would make CloudWatch drop the
//     document are left out; without dimensions "Dimensions":null becomes [[]].
//   - The second definition of a metric is reported, since prozz keeps only one
//     value, and so is a metric that two directives share.
//   - Where Lambda would filter the line out as INFO, it gets a level that passes;
//     see [New].
//
// Everything else, other log lines included, passes unchanged. Each document is
// one Write to w. All that is left out or suspicious is named in an error, with a
// [*RejectedError] each, that every onError gets, or the log package if there is
// none, and that Write returns, which prozz ignores. The writer is safe for
// concurrent use.
func Guard(w io.Writer, onError ...func(error)) io.Writer {
	return newGuard(w, limits.LineDefault, line.PassingLevel(), func(err error) {
		for _, f := range onError {
			f(err)
		}
		if len(onError) == 0 {
			log.Print(err)
		}
	})
}

func newGuard(w io.Writer, maxLine int, level string, onError func(error)) *guard.Writer {
	return &guard.Writer{Out: w, MaxLine: maxLine, Level: level,
		Report: func(rejected []guard.Rejection, errs []error) error {
			var all rejections
			for _, r := range rejected {
				all.add(r.Kind, r.Name, r.Reason, r.Count, nil)
			}
			err := all.take(errs)
			onError(err)
			return err
		}}
}
