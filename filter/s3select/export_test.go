package s3select

import "iter"

// Ranges are those of an object in a plan.
func Ranges(length, size int64) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) { Object{Size: length}.split(size, yield) }
}
