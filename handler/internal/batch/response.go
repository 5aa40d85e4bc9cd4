package batch

import "github.com/lambdatune/lambdatune/internal/jsonscan"

// AppendResponse appends the partial batch response that names ids, which must
// not be empty: one that is would fail the whole batch.
func AppendResponse(dst []byte, ids [][]byte) []byte {
	dst = append(dst, `{"batchItemFailures":[`...)
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonscan.AppendQuoteBytes(append(dst, `{"itemIdentifier":`...), id)
		dst = append(dst, '}')
	}
	return append(dst, `]}`...)
}
