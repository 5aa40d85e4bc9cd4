package s3select

import (
	"context"
	"io"
	"time"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/engine"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
)

// A Query is an SQL expression and the formats of what it reads and returns.
// It may be copied, and used by several goroutines at once.
type Query struct {
	// SQL is the expression, at most 256 KB. It may have parameters, written ?.
	SQL string
	// Statement, where it is not nil, is used in the place of SQL.
	Statement *Statement
	// Params are the values of the parameters, in order: nil, a bool, an integer,
	// a float, a string, a time.Time, or a slice of these for IN ? or IN (?). They
	// need no quoting.
	Params []any
	// Input is the format of the object.
	Input Input
	// Output is the format of the result. [Rows] and [Reduce] choose it themselves.
	Output Output
	// Strict validates all of every record. Otherwise a record is read up to the
	// last member that the query needs, and what follows is not validated. A query
	// that S3 runs is not affected.
	Strict bool
}

// A Statement is a parsed SQL expression. It is safe for concurrent use.
type Statement struct {
	sql    string
	params int
}

// Compile checks an SQL expression, so that a function finds out at INIT what is
// wrong with it. The error is an [*Error].
func Compile(expression string) (*Statement, error) {
	sel, err := sql.Parse(expression)
	if err != nil {
		return nil, public(err)
	}
	return &Statement{expression, sel.Params}, nil
}

// String returns the expression.
func (s *Statement) String() string { return s.sql }

// parse returns the query's own copy of the statement, parameters bound.
func (q *Query) parse() (*sql.Select, error) {
	text := q.SQL
	if q.Statement != nil {
		text = q.Statement.sql
	}
	sel, err := sql.Parse(text)
	if err != nil {
		return nil, err
	}
	if n := sel.Params; n != len(q.Params) {
		return nil, fault.New("InvalidRequestParameter", "the expression has %d parameters, Params has %d", n, len(q.Params))
	}
	args := make([]sql.Arg, len(q.Params))
	for i, p := range q.Params {
		if args[i], err = bind(p); err != nil {
			return nil, fault.New("InvalidRequestParameter", "Params[%d]: %s", i, err)
		}
	}
	sel.Bind(args)
	return sel, nil
}

// compile prepares the query for the local engine.
func (q *Query) compile() (*engine.Program, error) {
	sel, err := q.parse()
	if err != nil {
		return nil, err
	}
	cfg, err := q.config()
	if err != nil {
		return nil, err
	}
	return engine.Compile(sel, cfg)
}

// Run runs the query over r with the local engine and writes the result to w, as
// S3 would serialize it. It reads no more of r than it needs; for PARQUET, r must be
// an io.ReaderAt and an io.Seeker, and all of it is queried. An error is an
// [*Error], or one of r, w or ctx; the Stats then say how far it came, and what w
// has is not the whole result.
func (q Query) Run(ctx context.Context, r io.Reader, w io.Writer) (Stats, error) {
	p, err := q.compile()
	if err != nil {
		return Stats{}, public(err)
	}
	b := batch{w: w}
	var stats Stats
	if p.Columns() {
		stats, err = q.runFile(ctx, p, r, b.add)
		err = public(err)
	} else {
		stats, err = q.run(ctx, p, r, b.add)
	}
	if ferr := b.flush(); err == nil {
		err = ferr
	}
	return stats, err
}

// run evaluates all of r, decompressed, and hands every record to emit.
func (q *Query) run(ctx context.Context, p *engine.Program, r io.Reader, emit func([]byte) error) (Stats, error) {
	scanned := &counter{r: r}
	in, err := decompress(scanned, &q.Input)
	if err != nil {
		return Stats{BytesScanned: scanned.n}, public(err)
	}
	processed := &counter{r: in}
	run := p.NewRun(q.time(), emit)
	if !run.Done() {
		err = run.Read(ctx, processed)
	}
	if cerr := in.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = run.Finish()
	}
	return Stats{
		BytesScanned:   scanned.n,
		BytesProcessed: processed.n,
		BytesReturned:  run.Bytes,
		Records:        run.Records,
		Rows:           run.Rows,
	}, public(err)
}

// time is what UTCNOW says during the run.
func (q *Query) time() time.Time { return time.Now() }

// A batch collects records for larger writes.
type batch struct {
	w   io.Writer
	buf []byte
}

const batchSize = 64 << 10

func (b *batch) add(record []byte) error {
	if len(b.buf)+len(record) > batchSize {
		if err := b.flush(); err != nil {
			return err
		}
	}
	b.buf = append(b.buf, record...)
	return nil
}

func (b *batch) flush() error {
	if len(b.buf) == 0 {
		return nil
	}
	_, err := b.w.Write(b.buf)
	b.buf = b.buf[:0]
	return err
}

// A counter counts what is read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
