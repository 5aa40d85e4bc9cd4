// Package zstd lets the local engine of s3select read objects that are compressed
// with Zstandard. It is a package of its own, since it adds about 250 KB to a
// function.
//
//	q.Input.Compression = "ZSTD"
//	q.Input.Decompress = zstd.Decompress
package zstd

import (
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxWindow is how much memory a frame may ask for: 8 MiB, which levels up to 19
// stay within, and which RFC 8878 recommends to support.
const maxWindow = 8 << 20

// Decompress reads Zstandard frames from r. The caller closes the result.
func Decompress(r io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}
