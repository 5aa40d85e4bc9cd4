package s3select

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// itemVersion is the version of the JSON of an Object. A member more or a new
// meaning is a new version: a function that is not deployed yet refuses it.
const itemVersion = 1

// An item is the JSON of an Object. Step Functions takes integers up to 2^53 as
// they are; objects are smaller.
type item struct {
	Version             int    `json:"version"`
	Bucket              string `json:"bucket"`
	Key                 string `json:"key"`
	VersionID           string `json:"versionId,omitempty"`
	ETag                string `json:"etag,omitempty"`
	Size                int64  `json:"size"`
	Start               int64  `json:"start"`
	End                 int64  `json:"end"`
	ExpectedBucketOwner string `json:"expectedBucketOwner,omitempty"`
}

// MarshalJSON writes the object as one JSON object with a version of its format.
func (o Object) MarshalJSON() ([]byte, error) {
	if !utf8.ValidString(o.Key) {
		return nil, fmt.Errorf("s3select: the key %q is not UTF-8, which JSON cannot hold", o.Key)
	}
	return json.Marshal(item{
		Version: itemVersion, Bucket: o.Bucket, Key: o.Key, VersionID: o.VersionID, ETag: o.ETag,
		Size: o.Size, Start: o.Start, End: o.End, ExpectedBucketOwner: o.ExpectedBucketOwner,
	})
}

// UnmarshalJSON reads what MarshalJSON writes. Another version, a member that this
// one does not have, no bucket or key, and a range that the object cannot have are
// errors.
func (o *Object) UnmarshalJSON(b []byte) error {
	var v item
	// The version comes first: what else is there depends on it.
	if err := json.Unmarshal(b, &struct {
		Version *int `json:"version"`
	}{&v.Version}); err != nil {
		return fmt.Errorf("s3select: object: %w", err)
	}
	if v.Version != itemVersion {
		return fmt.Errorf("s3select: object %s: its format is version %d, this function reads version %d", clip(b), v.Version, itemVersion)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return fmt.Errorf("s3select: object %s: %w", clip(b), err)
	}
	if v.Bucket == "" || v.Key == "" {
		return fmt.Errorf("s3select: object %s: it has no bucket or no key", clip(b))
	}
	got := Object{
		Bucket: v.Bucket, Key: v.Key, VersionID: v.VersionID, ETag: v.ETag,
		Size: v.Size, Start: v.Start, End: v.End, ExpectedBucketOwner: v.ExpectedBucketOwner,
	}
	if err := got.checkRange(); err != nil {
		return public(err)
	}
	*o = got
	return nil
}

// checkItem reports an Object that Plan cannot have made.
func (o *Object) checkItem() error {
	if o.Bucket == "" || o.Key == "" || o.ETag == "" || o.Size <= 0 || o.End <= 0 {
		return errors.New("s3select: an item of a plan has a bucket, a key, an ETag, a size and an end, this one is " + o.name())
	}
	return public(o.checkRange())
}

// name is the object and its range, for errors.
func (o *Object) name() string {
	s := "s3://" + o.Bucket + "/" + o.Key
	if o.VersionID != "" {
		s += "?versionId=" + o.VersionID
	}
	return fmt.Sprintf("%s, ETag %s, bytes %d to %d of %d", s, o.ETag, o.Start, o.End, o.Size)
}
