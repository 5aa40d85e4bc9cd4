package base64

// The sizes from which vectors win, in bytes of src (BenchmarkEncode and
// BenchmarkDecode tell).
const (
	minEncode = 28
	minDecode = 64
)
