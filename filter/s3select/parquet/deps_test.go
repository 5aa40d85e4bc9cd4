package parquet_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// A user links the engine and decompressors; no S3 client, and no other reader of
// Parquet.
func TestLinks(t *testing.T) {
	linked.Want(t, ".",
		"filter/s3select/internal/engine",
		"filter/s3select/internal/fault",
		"filter/s3select/internal/sql",
		"filter/s3select/internal/value",
		"filter/s3select/parquet",
		"filter/s3select/parquet/internal/reader",
		"github.com/klauspost/compress",
		"github.com/klauspost/compress/flate",
		"github.com/klauspost/compress/fse",
		"github.com/klauspost/compress/gzip",
		"github.com/klauspost/compress/huff0",
		"github.com/klauspost/compress/internal/le",
		"github.com/klauspost/compress/internal/race",
		"github.com/klauspost/compress/internal/regmask",
		"github.com/klauspost/compress/internal/snapref",
		"github.com/klauspost/compress/s2",
		"github.com/klauspost/compress/snappy",
		"github.com/klauspost/compress/zstd",
		"github.com/klauspost/compress/zstd/internal/xxhash",
		"internal/jsonscan",
	)
}
