package s3select

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/engine"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

// runTable evaluates an object of columns.
func (q *Query) runTable(ctx context.Context, p *engine.Program, src engine.Source, emit func([]byte) error) (Stats, error) {
	if q.Input.Parquet == nil {
		return Stats{}, fault.New("InvalidDataSource", "Input.Parquet is nil: for PARQUET, the local engine needs Read of the package s3select/parquet there")
	}
	run := p.NewRun(q.time(), emit)
	var decoded int64
	var err error
	if !run.Done() {
		decoded, err = q.Input.Parquet(ctx, src, run)
	}
	if err == nil {
		err = run.Finish()
	}
	return Stats{BytesProcessed: decoded, BytesReturned: run.Bytes, Records: run.Records, Rows: run.Rows}, err
}

// runFile runs the query over a file of columns.
func (q *Query) runFile(ctx context.Context, p *engine.Program, r io.Reader, emit func([]byte) error) (Stats, error) {
	at, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return Stats{}, fault.New("InvalidDataSource", "PARQUET is not read in order: the reader must be an io.ReaderAt and an io.Seeker, as files and bytes.Reader are; this is a %T", r)
	}
	here, err := at.Seek(0, io.SeekCurrent)
	if err != nil {
		return Stats{}, err
	}
	size, err := at.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = at.Seek(here, io.SeekStart)
	}
	if err != nil {
		return Stats{}, err
	}
	f := &file{at: at, size: size}
	stats, err := q.runTable(ctx, p, f, emit)
	stats.BytesScanned = f.scanned
	return stats, err
}

// A file is a source that has all its bytes at hand.
type file struct {
	at      io.ReaderAt
	size    int64
	scanned int64
}

func (f *file) Tail(_ context.Context, n int64) ([]byte, int64, error) {
	b := make([]byte, min(n, f.size))
	f.scanned += int64(len(b))
	if _, err := f.at.ReadAt(b, f.size-int64(len(b))); err != nil && err != io.EOF {
		return nil, 0, err
	}
	return b, f.size, nil
}

func (f *file) Open(_ context.Context, spans []engine.Span, _ bool) ([]io.ReadCloser, error) {
	out := make([]io.ReadCloser, len(spans))
	for i, s := range spans {
		out[i] = &piece{file: f, r: io.NewSectionReader(f.at, s.Start, s.End-s.Start)}
	}
	return out, nil
}

// A piece is a span of a file.
type piece struct {
	file *file
	r    *io.SectionReader
}

func (p *piece) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.file.scanned += int64(n)
	return n, err
}

func (p *piece) Close() error { return nil }

// runObject reads the columns that the query needs of an object in S3.
func (q *Query) runObject(ctx context.Context, client Client, obj *Object, p *engine.Program, o options, emit func([]byte) error) (Stats, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &object{client: client, obj: target(*obj), part: o.part, parallel: o.parallel, gate: make(chan struct{}, o.parallel)}
	stats, err := q.runTable(ctx, p, s, emit)
	stats.Backend, stats.Requests, stats.BytesScanned = Local, s.requests.Load(), s.scanned.Load()
	return stats, err
}

// An object is a source in S3: its last bytes, and the spans that are asked for,
// by ranged GETs of the same ETag.
type object struct {
	client   Client
	obj      target // its ETag is that of the first reply
	part     int64
	parallel int
	gate     chan struct{} // holds one for each GET that is under way
	size     int64
	tail     []byte

	requests, scanned atomic.Int64
}

const (
	// nearby is the gap that is fetched along rather than asked around: it takes no
	// longer to come than a request of its own.
	nearby = 128 << 10
	// shares is how many sets of spans are open at once, each with its share of the
	// memory that WithParts gives: those of WHERE, the next ones of WHERE, and those
	// of the SELECT list.
	shares = 3
)

func (s *object) Tail(ctx context.Context, n int64) ([]byte, int64, error) {
	if s.size > 0 && n > s.size {
		n = s.size
	}
	if n <= int64(len(s.tail)) {
		return s.tail[int64(len(s.tail))-n:], s.size, nil
	}
	r := newReader(ctx, s.client, Object(s.obj), 0, -1, n, 1)
	defer r.Close()
	b, size, err := r.bytes(-n, 0)
	s.requests.Add(r.requests.Load())
	s.scanned.Add(int64(len(b)))
	if err != nil {
		return nil, 0, err
	}
	if s.obj = r.obj; s.size > 0 && int64(len(b)) != n {
		return nil, 0, fmt.Errorf("%w: the last %d bytes are only %d", ErrTruncated, n, len(b))
	}
	s.tail, s.size = b, size
	return b, size, nil
}

func (s *object) Open(ctx context.Context, spans []engine.Span, ahead bool) ([]io.ReadCloser, error) {
	out := make([]io.ReadCloser, len(spans))
	total := int64(0)
	for _, span := range spans {
		total += span.End - span.Start
	}
	share := s.part * int64(s.parallel) / shares
	for i := 0; i < len(spans); {
		start, end, n := spans[i].Start, spans[i].End, 1
		if at := start - (s.size - int64(len(s.tail))); at >= 0 {
			b := s.tail[at : at+end-start]
			out[i] = io.NopCloser(bytes.NewReader(b)) // it is here already
			i++
			continue
		}
		if total > share {
			// More than may be kept: parts of each, as they are needed.
			part := min(max(share/int64(2*len(spans)), 64<<10), s.part)
			out[i] = &stream{reader: s.reader(ctx, start, end, part, 2, ahead), of: s}
			i++
			continue
		}
		for i+n < len(spans) && spans[i+n].Start-end <= nearby && spans[i+n].End-start <= s.part {
			end = spans[i+n].End
			n++
		}
		b := &block{stream: stream{reader: s.reader(ctx, start, end, end-start, 1, true), of: s}, start: start, users: n}
		for k := range n {
			out[i+k] = &member{block: b, span: spans[i+k]}
		}
		i += n
	}
	return out, nil
}

// reader reads a range; its first parts are under way at once.
func (s *object) reader(ctx context.Context, start, end, part int64, parallel int, ahead bool) *reader {
	r := newReader(ctx, s.client, Object(s.obj), start, end, part, parallel)
	r.size, r.gate = s.size, s.gate
	if ahead {
		r.window = parallel
	}
	r.start()
	return r
}

// A stream is a range that counts for its object.
type stream struct {
	*reader
	of *object
}

func (s *stream) Read(b []byte) (int, error) {
	n, err := s.reader.Read(b)
	s.of.scanned.Add(int64(n))
	return n, err
}

func (s *stream) Close() error {
	s.reader.Close()
	s.of.requests.Add(s.reader.requests.Swap(0))
	return nil
}

// A block is one range for several spans. It is read by one goroutine.
type block struct {
	stream
	start int64
	data  []byte
	users int // spans that are not closed
}

// part is the reader's next part, as it is.
func (r *reader) part() ([]byte, error) {
	head := r.queue[0]
	select {
	case <-head.ready:
		return head.buf, head.err
	case <-r.ctx.Done():
		return nil, r.ctx.Err()
	}
}

// A member is a span of a block.
type member struct {
	block *block
	span  engine.Span
}

func (p *member) Read(b []byte) (int, error) {
	if p.block.data == nil {
		data, err := p.block.part()
		if err != nil {
			return 0, err
		}
		p.block.of.scanned.Add(int64(len(data)))
		p.block.data = data
	}
	rest := p.block.data[p.span.Start-p.block.start : p.span.End-p.block.start]
	if len(rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, rest)
	p.span.Start += int64(n)
	return n, nil
}

func (p *member) Close() error {
	if p.block.users--; p.block.users == 0 {
		return p.block.stream.Close()
	}
	return nil
}
