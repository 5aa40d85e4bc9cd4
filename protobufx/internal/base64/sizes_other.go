//go:build !amd64

package base64

// The sizes from which vectors win, in bytes of src. Where there is no vector
// code both ways are the same.
const (
	minEncode = 128
	minDecode = 128
)
