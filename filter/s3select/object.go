package s3select

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/engine"
)

// A Client is the part of [s3.Client] that is used to read objects. For [Auto]
// and [Server] it must have the SelectObjectContent of [s3.Client], too; it is not
// asked for here so that a function which does without does not link it.
type Client interface {
	GetObject(ctx context.Context, in *s3.GetObjectInput, opts ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// An Object is what to query. Its JSON, which has a version, is an item for a
// function to query, see [Query.Plan].
type Object struct {
	Bucket string
	Key    string
	// VersionID reads an older version; locally only.
	VersionID string
	// ETag, where it is known, as from an event: another one is [ErrChanged]. If it
	// is empty, the first part that is read sets it.
	ETag string
	// Size in bytes, where it is known, as from an event. It helps to choose the
	// backend and the ranges.
	Size int64
	// Start and End are a range of the object to query, in bytes: the records that
	// start at Start or behind it and before End, the last one to its own end.
	// Ranges that meet have every record exactly once between them, wherever they
	// meet. An End of 0 is the end of the object. Where a format has no ranges (see
	// [Reduce]) they are an error with the code UnsupportedScanRangeInput. Ranges
	// are queried locally.
	Start, End int64
	// ExpectedBucketOwner is the account that must own the bucket, if not empty.
	ExpectedBucketOwner string
}

// Backend is who runs a query.
type Backend uint8

const (
	// Local reads the object with GetObject and evaluates it in the function. It is
	// the default: it works on every account, for every object, and scanning costs
	// no more than the requests, where S3 Select charges for each GB.
	Local Backend = iota
	// Auto asks S3 to run the query, unless it cannot (a version, a range, a
	// directory bucket, Input.Decompress) or the object is known to be small, and
	// goes local where the account has no S3 Select. That is remembered per client
	// and region. It never changes once a row was yielded. It suits functions that
	// have little memory or CPU for large objects, on an account that has S3 Select.
	Auto
	// Server has S3 run every query; what S3 cannot do is an error.
	Server
)

// String returns Local, Auto or Server.
func (b Backend) String() string {
	switch b {
	case Local:
		return "Local"
	case Auto:
		return "Auto"
	}
	return "Server"
}

const (
	defaultPart     = 4 << 20
	defaultParallel = 4
	smallObject     = 1 << 20 // Auto does not ask S3 for less
)

type options struct {
	backend  Backend
	server   serverFunc // these two are nil for Local
	choose   chooseFunc
	stats    *Stats
	part     int64
	parallel int
}

// An Option changes how [Rows], [Raw] and [Reduce] work.
type Option func(*options)

// WithBackend chooses who runs the query; Local if it is not given.
func WithBackend(b Backend) Option {
	return func(o *options) { o.backend, o.server, o.choose = b, runServer, runChosen }
}

// A serverFunc is runServer, a chooseFunc runChosen: only who calls [WithBackend]
// links them.
type (
	serverFunc func(ctx context.Context, client Client, obj *Object, q *Query, scan *scanRange, emit func([]byte) error) (Stats, error)
	chooseFunc func(ctx context.Context, client Client, obj *Object, q *Query, p *engine.Program, o options, emit func([]byte) error) (Stats, error)
)

// A scanRange is S3's: the records that start from start on and, if end is not 0,
// before it.
type scanRange struct{ start, end int64 }

// WithStats has the figures of the query written to s when it ends.
func WithStats(s *Stats) Option { return func(o *options) { o.stats = s } }

// WithParts sets how a local query reads the object: parts of size bytes (64 KiB
// to 64 MiB, 4 MiB if it is not given), of which at most parallel (1 to 64, 4 if
// it is not given) are fetched at the same time. Their product is the memory that
// a query needs; for Reduce, parallel is the number of ranges.
func WithParts(size int64, parallel int) Option {
	return func(o *options) {
		o.part = min(max(size, 64<<10), 64<<20)
		o.parallel = min(max(parallel, 1), 64)
	}
}

func newOptions(opts []Option) options {
	o := options{part: defaultPart, parallel: defaultParallel}
	for _, f := range opts {
		f(&o)
	}
	return o
}

// serverCannot says why S3 cannot run the query, empty if it can.
func serverCannot(obj *Object, q *Query) string {
	switch {
	case obj.VersionID != "":
		return "S3 Select reads the current version only"
	case strings.HasSuffix(obj.Bucket, "--x-s3"):
		return "directory buckets have no S3 Select"
	case q.Input.Decompress != nil && upper(q.Input.Compression, "NONE") != "NONE":
		return "S3 Select reads GZIP and BZIP2 only, and not with Input.Decompress"
	case obj.ranged():
		return "S3 Select does not say whether a scan range has its end in it"
	}
	return ""
}
