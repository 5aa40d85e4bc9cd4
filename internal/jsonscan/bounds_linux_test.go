package jsonscan_test

import (
	"os"
	"syscall"
	"testing"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// Words are loaded without Go's bounds checks: text that ends where the memory
// ends shows that none reaches past it.
func TestNoOverread(t *testing.T) {
	page := os.Getpagesize()
	const pages = 8
	mem, err := syscall.Mmap(-1, 0, (pages+1)*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("no memory map: ", err)
	}
	defer syscall.Munmap(mem)
	if err := syscall.Mprotect(mem[pages*page:], syscall.PROT_NONE); err != nil {
		t.Skip("no guard page: ", err)
	}
	mem = mem[: pages*page : pages*page]
	atEnd := func(b []byte) []byte {
		place := mem[len(mem)-len(b):]
		copy(place, b)
		return place
	}

	for _, e := range events[:7] {
		text := e.json[:min(len(e.json), 3000)]
		for n := range len(text) + 1 {
			b := atEnd(text[:n])
			jsonscan.Skip(b, 0)
			jsonscan.Find(b, e.path...)
		}
	}
	for _, s := range append(texts, numbers...) {
		if len(s) > len(mem) {
			continue
		}
		for i := range len(s) + 1 {
			b := atEnd([]byte(s[i:]))
			jsonscan.Skip(b, 0)
			jsonscan.Space(b, 0)
			jsonscan.ParseInt(b)
			jsonscan.ParseFloat(b)
			jsonscan.AppendQuoteBytes(nil, b)
			if end, err := jsonscan.SkipString(b, 0); err == nil {
				token := atEnd(b[:end])
				jsonscan.AppendString(nil, token)
				jsonscan.EqualString(token, s)
			}
			if len(s) > 100 {
				break
			}
		}
	}
}
