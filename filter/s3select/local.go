package s3select

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/engine"
)

// runLocal reads the object in parts and evaluates it here.
func runLocal(ctx context.Context, client Client, obj *Object, q *Query, p *engine.Program, o options, emit func([]byte) error) (Stats, error) {
	if p.Columns() {
		return q.runObject(ctx, client, obj, p, o, emit)
	}
	r := newReader(ctx, client, *obj, 0, -1, o.part, o.parallel)
	r.cautious = p.Limited()
	stats, err := q.run(ctx, p, r, emit)
	r.Close()
	stats.Backend, stats.Requests = Local, r.requests.Load()
	return stats, err
}

// fetch is one ranged GET: the bytes from start to end, end not included, or up
// to the end of the object; a negative start counts from there. It verifies that
// the reply is what was asked for, and pins the object's ETag.
func (r *reader) fetch(ctx context.Context, start, end int64, etag string) (body io.ReadCloser, length, size int64, newTag string, err error) {
	span := fmt.Sprintf("bytes=%d-%d", start, end-1)
	if start < 0 {
		span = fmt.Sprintf("bytes=%d", start)
	}
	r.requests.Add(1)
	out, err := r.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &r.obj.Bucket, Key: &r.obj.Key, Range: &span, IfMatch: given(etag),
		VersionId: given(r.obj.VersionID), ExpectedBucketOwner: given(r.obj.ExpectedBucketOwner),
	})
	if err != nil {
		var reply *smithyhttp.ResponseError
		if errors.As(err, &reply) {
			switch reply.HTTPStatusCode() {
			case http.StatusPreconditionFailed:
				err = fmt.Errorf("%w: s3://%s/%s: %w", ErrChanged, r.obj.Bucket, r.obj.Key, err)
			case http.StatusRequestedRangeNotSatisfiable:
				// There is nothing at start: the object is empty, or ends there.
				return http.NoBody, 0, max(start, 0), etag, (*Object)(&r.obj).sized(max(start, 0))
			}
		}
		return nil, 0, 0, "", err
	}
	from, to, size, ok := contentRange(aws.ToString(out.ContentRange))
	if start < 0 {
		start, end = max(size+start, 0), size
	}
	if !ok || from != start || to > size || to > end || to < min(end, size) {
		out.Body.Close()
		return nil, 0, 0, "", fmt.Errorf("s3select: asked s3://%s/%s for bytes %d to %d, the reply has the range %q", r.obj.Bucket, r.obj.Key, start, end-1, aws.ToString(out.ContentRange))
	}
	if err := (*Object)(&r.obj).sized(size); err != nil {
		out.Body.Close()
		return nil, 0, 0, "", err
	}
	return out.Body, to - from, size, aws.ToString(out.ETag), nil
}

// contentRange reads "bytes 0-99/1000"; to is behind the last byte.
func contentRange(s string) (from, to, size int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	span, total, ok2 := strings.Cut(s, "/")
	a, b, ok3 := strings.Cut(span, "-")
	var errs [3]error
	from, errs[0] = strconv.ParseInt(a, 10, 64)
	to, errs[1] = strconv.ParseInt(b, 10, 64)
	size, errs[2] = strconv.ParseInt(total, 10, 64)
	return from, to + 1, size, ok && ok2 && ok3 && errors.Join(errs[:]...) == nil && from <= to
}
