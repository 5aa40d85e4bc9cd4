package runtimeapi

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzSplit: however a program's output comes in pieces, and wherever marks
// get into it, every line comes out once, whole and in order, and every mark
// is acknowledged.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("one\ntwo\r\n\nfour"), []byte{3, 1, 9, 2})
	f.Add([]byte("\x00sync:"), []byte{1})
	f.Add([]byte("a\x00b\nc"), []byte{0, 0, 0})
	f.Add([]byte(strings.Repeat("long ", 1000)), []byte{200, 255, 7})
	f.Fuzz(func(t *testing.T, text, cuts []byte) {
		p := &logPipe{mark: []byte("\x00sync:ABCDEFGHIJKLMNOPQRSTUVWXYZ\x00"), ack: make(chan struct{}, len(cuts)+1)}
		if bytes.Contains(text, p.mark) {
			return
		}
		// The stream: the text with a mark after some of its pieces.
		var stream []byte
		marks, rest := 0, text
		for _, c := range cuts {
			n := min(int(c), len(rest))
			stream, rest = append(stream, rest[:n]...), rest[n:]
			if c%2 == 0 {
				stream = append(stream, p.mark...)
				marks++
			}
		}
		stream = append(stream, rest...)

		var lines []string
		line := func(b []byte) { lines = append(lines, string(b)) }
		var pending []byte
		for i := 0; len(stream) > 0; i++ {
			n := len(stream)
			if len(cuts) > 0 {
				n = min(n, int(cuts[i%len(cuts)])+1)
			}
			pending = p.split(append(pending, stream[:n]...), line, false)
			stream = stream[n:]
		}
		if len(pending) > 0 {
			line(pending)
		}
		var want []string
		for l := range strings.SplitSeq(string(text), "\n") {
			want = append(want, strings.TrimSuffix(l, "\r"))
		}
		if text := string(text); text == "" || strings.HasSuffix(text, "\n") {
			want = want[:len(want)-1]
		} else {
			want[len(want)-1] = text[strings.LastIndex(text, "\n")+1:] // it may go on
		}
		if strings.Join(lines, "\n") != strings.Join(want, "\n") || len(lines) != len(want) || len(p.ack) != marks {
			t.Errorf("%q and %d marks, want %q and %d", lines, len(p.ack), want, marks)
		}
	})
}

func TestSplitLongLines(t *testing.T) {
	p := &logPipe{mark: []byte("\x00sync:x\x00")}
	var sizes []int
	rest := p.split(bytes.Repeat([]byte("x"), 2*maxLogLine+100), func(b []byte) { sizes = append(sizes, len(b)) }, false)
	if len(sizes) != 2 || sizes[0] != maxLogLine || sizes[1] != maxLogLine || len(rest) != 100 {
		t.Errorf("lines of %d bytes and a rest of %d", sizes, len(rest))
	}
}
