package runtimeapi

import (
	"bytes"
	"crypto/rand"
	"os"
	"sync"
	"time"
)

// maxLogLine is the size of a CloudWatch Logs event; a longer line is split.
const maxLogLine = 1 << 20

// logPipe reads what a program writes, line by line. Its write end is the
// program's standard output and error, and stays open here too: sync writes a
// mark into it and waits until the reader meets the mark, so that everything
// the program wrote before has been seen. That works on every operating
// system, without asking how full a pipe is.
type logPipe struct {
	r, w *os.File
	mark []byte
	ack  chan struct{}
	done chan struct{} // closed when the reader has ended

	mu sync.Mutex // held during a sync
}

// newLogPipe starts a reader that calls line for each line. With flush, a sync
// ends an unfinished line; without, its rest may still come.
func newLogPipe(line func([]byte), flush bool) (*logPipe, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &logPipe{
		r: r, w: w,
		mark: append([]byte("\x00sync:"), rand.Text()+"\x00"...),
		ack:  make(chan struct{}, 1),
		done: make(chan struct{}),
	}
	go p.read(line, flush)
	return p, nil
}

func (p *logPipe) read(line func([]byte), flush bool) {
	defer close(p.done)
	var pending []byte
	buf := make([]byte, 32<<10)
	for {
		n, err := p.r.Read(buf)
		pending = p.split(append(pending, buf[:n]...), line, flush)
		if err != nil {
			if len(pending) > 0 {
				line(pending)
			}
			return
		}
	}
}

// split hands out the whole lines of b, acknowledges marks and returns the
// rest, moved to the front.
func (p *logPipe) split(b []byte, line func([]byte), flush bool) []byte {
	rest := b
	for {
		end := bytes.IndexByte(rest, '\n')
		mark := -1
		if bytes.IndexByte(rest, 0) >= 0 {
			mark = bytes.Index(rest, p.mark)
		}
		switch {
		case mark >= 0 && (end < 0 || mark < end):
			if flush {
				if mark > 0 {
					line(rest[:mark])
				}
				rest = rest[mark+len(p.mark):]
			} else {
				rest = append(rest[:mark:mark], rest[mark+len(p.mark):]...)
			}
			p.ack <- struct{}{}
		case end >= 0:
			line(bytes.TrimSuffix(rest[:end], []byte("\r")))
			rest = rest[end+1:]
		case len(rest) > maxLogLine+len(p.mark):
			line(rest[:maxLogLine])
			rest = rest[maxLogLine:]
		default:
			return append(b[:0], rest...)
		}
	}
}

// sync returns when everything that was written before has been handed out.
func (p *logPipe) sync() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.w.Write(p.mark); err != nil {
		return // closed
	}
	select {
	case <-p.ack:
	case <-p.done:
	}
}

// close waits for the rest of what an ended program wrote.
func (p *logPipe) close() {
	p.sync()
	p.mu.Lock()
	p.w.Close()
	p.mu.Unlock()
	select {
	case <-p.done:
	case <-time.After(time.Second): // something that escaped still holds it
	}
	p.r.Close()
	<-p.done
}
