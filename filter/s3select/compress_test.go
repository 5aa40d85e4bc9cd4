package s3select_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/lambdatune/lambdatune/filter/s3select"
	unzstd "github.com/lambdatune/lambdatune/filter/s3select/zstd"
)

func gz(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

func TestCompressed(t *testing.T) {
	data := numberedLines(20000)
	enc, _ := zstd.NewWriter(nil)
	bz, err := base64.StdEncoding.DecodeString("QlpoOTFBWSZTWV8/k9cAAAZZgAAQEAAwEAABAAogADEMCBKAeonCJoaL4u5IpwoSC+fyeuA=") // as bzip2 -9 writes two records
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		compression string
		data        []byte
		rows        int64
	}{
		"gzip":    {"GZIP", gz(data), 20000},
		"members": {"gzip", append(gz(data), gz(data)...), 40000},
		"bzip2":   {"BZIP2", bz, 2},
		"zstd":    {"ZSTD", enc.EncodeAll(data, nil), 20000},
		"none":    {"NONE", data, 20000},
	} {
		q := all
		q.Input.Compression = c.compression
		if name == "zstd" {
			q.Input.Decompress = unzstd.Decompress
		}
		stats, err := q.Run(t.Context(), bytes.NewReader(c.data), io.Discard)
		if err != nil || stats.Rows != c.rows || stats.BytesScanned != int64(len(c.data)) {
			t.Errorf("%s: %+v %v", name, stats, err)
		}
		if name == "none" {
			continue
		}
		// Cut off or damaged, it is an error.
		for _, n := range []int{0, 1, 10, len(c.data) / 2, len(c.data) - 1} {
			_, err := q.Run(t.Context(), bytes.NewReader(c.data[:n]), io.Discard)
			var e *s3select.Error
			if name == "members" && n == len(c.data)/2 {
				continue // the end of the first one
			}
			if !errors.As(err, &e) || e.Code != "TruncatedInput" && e.Code != "InvalidCompressionFormat" {
				t.Errorf("%s cut at %d: %v", name, n, err)
			}
		}
		// An error of the reader stays what it is.
		broken := io.MultiReader(bytes.NewReader(c.data[:len(c.data)/2]), iotest.ErrReader(io.ErrNoProgress))
		if _, err := q.Run(t.Context(), broken, io.Discard); !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("%s of a broken reader: %v", name, err)
		}
		// A LIMIT ends the decompression too.
		q.SQL += " LIMIT 1"
		if stats, err := q.Run(t.Context(), bytes.NewReader(c.data), io.Discard); err != nil || stats.Rows != 1 {
			t.Errorf("%s with a limit: %+v %v", name, stats, err)
		}
	}
	q := all
	for _, c := range []string{"GZIP", "BZIP2", "ZSTD"} {
		q.Input.Compression, q.Input.Decompress = c, nil
		if c == "ZSTD" {
			q.Input.Decompress = unzstd.Decompress
		}
		if got := run(t, q, strings.Repeat("nonsense", 100)); got != "InvalidCompressionFormat" && got != "TruncatedInput" {
			t.Error(c, got)
		}
	}
	for _, c := range []string{"LZMA", "ZSTD"} {
		q.Input.Compression, q.Input.Decompress = c, nil
		if got := run(t, q, ""); got != "InvalidCompressionFormat" {
			t.Error(c, got)
		}
	}
}
