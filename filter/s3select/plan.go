package s3select

import (
	"context"
	"fmt"
	"iter"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
)

// defaultRange is what Plan makes one item of: some seconds of a function, beside
// which a state transition costs little.
const defaultRange = 256 << 20

// Plan lists the objects of prefix.Bucket whose keys begin with prefix.Key, and
// yields each as the ranges that one invocation each is to query: the items of a
// Distributed Map. They are of about size bytes, 256 MiB if it is 0, and together
// have every record exactly once. They come in the order of the listing, an
// object's ranges one behind the other; memory does not grow with their number.
// Empty objects have none. An object whose format has no ranges (see [Reduce]) is
// one item.
//
// An item has the object's ETag: [Part] refuses an object that was replaced. As
// JSON it is a line of a few hundred bytes, such as the ItemReader of a Distributed
// Map takes with the InputType JSONL
// (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html).
//
// Planning costs the listing's requests, one for each 1,000 objects, and reads no
// object: a range may begin anywhere, and Part finds its first record.
//
// LIMIT and aggregate functions are about one object: what they give of a range,
// as an AVG, need not add up to the result, so that the query is refused with an
// [*Error]. Let fold count, add up or compare the rows instead. Other errors are
// those of the client and ctx. An error is yielded last, with a zero Object: what
// was planned until then is not the whole plan.
func (q Query) Plan(ctx context.Context, client s3.ListObjectsV2APIClient, prefix Object, size int64) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		ranges, err := q.plannable()
		if err == nil && size < 0 {
			err = fmt.Errorf("s3select: Plan: the size of a range is %d bytes; it may be 1 or more, or 0 for %d", size, defaultRange)
		}
		if err != nil {
			yield(Object{}, public(err))
			return
		}
		if size == 0 {
			size = defaultRange
		}
		in := &s3.ListObjectsV2Input{Bucket: &prefix.Bucket, EncodingType: types.EncodingTypeUrl} // XML cannot hold every key
		if prefix.Key != "" {
			in.Prefix = &prefix.Key
		}
		if prefix.ExpectedBucketOwner != "" {
			in.ExpectedBucketOwner = &prefix.ExpectedBucketOwner
		}
		pages := s3.NewListObjectsV2Paginator(client, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(Object{}, err)
				return
			}
			for i := range page.Contents {
				obj, err := listed(&page.Contents[i], page.EncodingType)
				if err != nil {
					yield(Object{}, err)
					return
				}
				obj.Bucket, obj.ExpectedBucketOwner = prefix.Bucket, prefix.ExpectedBucketOwner
				step := size
				if !ranges {
					step = obj.Size
				}
				if !obj.split(step, yield) {
					return
				}
			}
		}
	}
}

// plannable reports whether objects can be read in ranges. A query whose result is
// more than its rows cannot be planned.
func (q *Query) plannable() (ranges bool, err error) {
	p, err := q.compile()
	if err != nil {
		return false, err
	}
	cfg, err := q.config()
	if err != nil {
		return false, err
	}
	if !p.Splittable() {
		return false, fault.New("UnsupportedSyntax", "LIMIT and aggregate functions are about one object, not about the parts of many: leave it to fold")
	}
	return q.divisible(&cfg), nil
}

// listed is an object of a listing.
func listed(o *types.Object, encoding types.EncodingType) (Object, error) {
	obj := Object{Key: aws.ToString(o.Key), ETag: aws.ToString(o.ETag), Size: aws.ToInt64(o.Size)}
	if encoding == types.EncodingTypeUrl {
		key, err := url.QueryUnescape(obj.Key)
		if err != nil {
			return Object{}, fmt.Errorf("s3select: Plan: the listing has the key %q: %w", obj.Key, err)
		}
		obj.Key = key
	}
	if obj.Size > 0 && obj.ETag == "" {
		return Object{}, fmt.Errorf("s3select: Plan: the listing has no ETag of the key %q", obj.Key)
	}
	return obj, nil
}

// split yields the object in ranges of at most size bytes, as even as they can be.
func (o Object) split(size int64, yield func(Object, error) bool) bool {
	if o.Size == 0 {
		return true
	}
	n := (o.Size-1)/size + 1
	for each, more := o.Size/n, o.Size%n; o.End < o.Size; more-- {
		o.Start, o.End = o.End, o.End+each
		if more > 0 {
			o.End++
		}
		if !yield(o, nil) {
			return false
		}
	}
	return true
}
