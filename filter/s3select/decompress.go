package s3select

import (
	"bufio"
	"compress/bzip2"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

// decompress reads r as the compression says, on a goroutine of its own that
// runs ahead of the evaluation. Close ends it and waits for it.
func decompress(r io.Reader, in *Input) (io.ReadCloser, error) {
	var open func(r io.Reader) (io.ReadCloser, error)
	switch compression := strings.ToUpper(in.Compression); {
	case compression == "" || compression == "NONE":
		return io.NopCloser(r), nil
	case in.Decompress != nil:
		open = in.Decompress
	case compression == "GZIP":
		open = gunzip
	case compression == "BZIP2":
		open = func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(bzip2.NewReader(r)), nil }
	}
	source := &source{r: r}
	buffered := bufio.NewReaderSize(source, 64<<10)
	_, err := buffered.Peek(1) // no format has an empty form
	var z io.ReadCloser
	if err == nil {
		z, err = open(buffered)
	}
	if err != nil {
		return nil, source.cause(err, "InvalidCompressionFormat", "the object does not start as "+strings.ToUpper(in.Compression))
	}
	return readAhead(z, func(err error) error {
		return source.cause(err, "TruncatedInput", "the object is damaged or cut off")
	}), nil
}

// gunzip reads gzip.
func gunzip(r io.Reader) (io.ReadCloser, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(readFunc(z.Read)), nil
}

// A readFunc is an io.Reader, and no more than that: as itself, a gzip.Reader
// would be linked with all that it has besides.
type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// A source remembers its own error, to keep it apart from that of what is read.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func (s *source) cause(err error, code, msg string) error {
	if s.err != nil {
		return s.err
	}
	return &fault.Error{Code: code, Msg: msg + ": " + err.Error(), Offset: -1, Err: err}
}

const aheadSize = 128 << 10

// An ahead reads in its own goroutine, at most two buffers ahead.
type ahead struct {
	full  chan []byte
	free  chan []byte
	err   error // of the reader, once full is closed
	quit  chan struct{}
	once  sync.Once
	ended chan struct{}
	rest  []byte
	buf   []byte
	z     io.ReadCloser
}

func readAhead(z io.ReadCloser, wrap func(error) error) *ahead {
	a := &ahead{
		full: make(chan []byte, 2), free: make(chan []byte, 3),
		quit: make(chan struct{}), ended: make(chan struct{}), z: z,
	}
	for range 3 {
		a.free <- make([]byte, aheadSize)
	}
	go func() {
		defer close(a.ended)
		defer close(a.full)
		for {
			var b []byte
			select {
			case <-a.quit:
				return
			case b = <-a.free:
			}
			n, err := fill(z, b)
			if n > 0 {
				select {
				case <-a.quit:
					return
				case a.full <- b[:n]:
				}
			}
			switch {
			case err == io.EOF:
				return
			case err != nil:
				a.err = wrap(err)
				return
			}
		}
	}()
	return a
}

// fill reads until b is full. Unlike io.ReadFull it leaves errors as they are: an
// unexpected end of the compressed data is not the end of this buffer.
func fill(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:])
		n += m
	}
	return n, err
}

func (a *ahead) Read(p []byte) (int, error) {
	if len(a.rest) == 0 {
		if a.buf != nil {
			a.free <- a.buf[:aheadSize]
			a.buf = nil
		}
		b, ok := <-a.full
		if !ok {
			if a.err != nil {
				return 0, a.err
			}
			return 0, io.EOF
		}
		a.buf, a.rest = b, b
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

func (a *ahead) Close() error {
	a.once.Do(func() { close(a.quit) })
	<-a.ended
	a.z.Close() // says nothing that reading has not said
	return nil
}
