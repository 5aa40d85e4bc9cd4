// Package parquet lets the local engine of s3select query Parquet objects. It
// reads the footer, and of the row groups that WHERE may be true in the columns
// that the query names.
//
//	q.Input.Format = "PARQUET"
//	q.Input.Parquet = parquet.Read
//
// It is a package of its own since it adds 0.4 MB to a function. [s3select.Rows],
// [s3select.Raw] and Query.Run work as for other formats; Query.Run needs a reader
// that is an io.ReaderAt and an io.Seeker, and queries all of it. S3 reads Parquet
// without this package.
//
// # What is fetched
//
// Over S3, the last 64 KiB at first, which have the footer of most objects. Then,
// row group by row group, the column chunks that WHERE needs, those of the next
// row group on the way, and, from the first row on that passes, the chunks of the
// SELECT list. Neighbours come in one request; all requests are for one ETag.
// Pages without such a row are fetched but not decompressed. No more than
// [s3select.WithParts] allows is in flight, or 128 KiB for each column; on top of it
// is a page of each column, and its dictionary.
//
// A row group is left out where its statistics say that WHERE is true for no row,
// and evaluating it cannot fail: comparisons of a column with a constant, BETWEEN,
// IN, LIKE with a literal start and IS NULL, under AND and OR. Stats.Records counts
// its rows. Bloom filters and page indexes are not used.
//
// # Types
//
//   - INT of any width is an INT; one without sign beyond 64 bits is a DECIMAL.
//   - DECIMAL, of up to 38 digits, is a DECIMAL also where its scale is 0.
//   - FLOAT, DOUBLE and FLOAT16 are a FLOAT; NaN and infinities are NULL.
//   - DATE, TIMESTAMP and INT96 are a TIMESTAMP; one that is not adjusted to UTC
//     has no offset, which is written -00:00. TIME is a STRING as 15:04:05.000.
//   - STRING, ENUM, JSON and bytes without a logical type are a STRING, which must
//     be UTF-8. UUID is one in its usual form. BSON, fixed bytes and whatever else
//     has bytes are one in Base64. INTERVAL is not read.
//   - A struct is a STRUCT, a list a LIST of all its elements (S3 has the last one
//     only), a map a STRUCT. Steps of a path that go into a list or map find JSON:
//     timestamps are strings there. Nested values can only be in a JSON result.
//
// A member of a struct that is NULL is NULL, where in JSON it would be MISSING.
//
// An unquoted name is compared without regard to case, and must match one column
// only; an unknown column is MissingHeaderName. A member of a struct that is not in
// the schema is, too.
//
// # Limits
//
// Pages may be uncompressed or in SNAPPY, GZIP or ZSTD (S3 reads no ZSTD), with all
// encodings but BIT_PACKED. A page has at most 64 MiB decompressed, the pages of
// all columns at once 512 MiB, as many as S3 allows a row group. Encrypted files
// are not read.
package parquet

import (
	"context"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/engine"
	"github.com/lambdatune/lambdatune/filter/s3select/parquet/internal/reader"
)

// Read reads an object for a run of the local engine, which calls it: it is for
// [s3select.Input] alone. It is safe for concurrent use.
func Read(ctx context.Context, src engine.Source, run *engine.Run) (decoded int64, err error) {
	return reader.Read(ctx, src, run)
}
