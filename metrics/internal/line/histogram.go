package line

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// Histogram counts values in buckets whose bounds grow by a constant factor, so
// that a Bucket's middle is within 3.9 % of every value in it; rounding it to four
// digits stays within 4 %. A hundred buckets, a document's worth, span a factor of
// 2,400; wider ranges take more documents.
type Histogram struct {
	buckets  []Bucket
	index    map[int32]int32
	min, max float64
	n        uint64
}

// Len returns how many buckets there are.
func (h *Histogram) Len() int { return len(h.buckets) }

// Bucket is a value and how often it counts.
type Bucket struct {
	Value float64
	Count uint64
	key   int32 // sign and logarithm
	mixed bool  // has different values
}

const bucketWidth = 0.078 // of the natural logarithm; tanh(0.039) is 3.9 %

// Reset forgets the values.
func (h *Histogram) Reset() {
	h.buckets, h.n = h.buckets[:0], 0
	clear(h.index)
}

// Add counts v, which must be finite.
func (h *Histogram) Add(v float64) {
	if v == 0 {
		v = 0 // not negative zero
	}
	if h.n == 0 {
		h.min, h.max = v, v
	} else {
		h.min, h.max = min(h.min, v), max(h.max, v)
	}
	h.n++
	key := bucketKey(v)
	i, ok := h.index[key]
	if !ok {
		if h.index == nil {
			h.index = make(map[int32]int32)
		}
		h.index[key] = int32(len(h.buckets))
		h.buckets = append(h.buckets, Bucket{key: key, Value: v, Count: 1})
		return
	}
	b := &h.buckets[i]
	b.Count++
	b.mixed = b.mixed || b.Value != v
}

// bucketKey orders buckets as their values: 0 for zero, positive for positive.
func bucketKey(v float64) int32 {
	if v == 0 {
		return 0
	}
	k := int32(math.Floor(math.Log(math.Abs(v))/bucketWidth)) + 1<<15 // logarithms are above -746
	if v < 0 {
		return -k
	}
	return k
}

// middle returns the value for which the largest relative error in the Bucket is
// smallest, with four digits.
func middle(key int32) float64 {
	k := float64(key)
	if key < 0 {
		k = -k
	}
	low := math.Exp((k - 1<<15) * bucketWidth)
	high := math.Exp((k - 1<<15 + 1) * bucketWidth)
	v := 2 * low * (high / (low + high))
	var scratch [32]byte
	v, _ = strconv.ParseFloat(string(strconv.AppendFloat(scratch[:0], v, 'g', 4, 64)), 64)
	if key < 0 {
		return -v
	}
	return v
}

// Export returns values and counts in ascending order. The counts add up to the
// number of values added; the first value is the minimum, the last the maximum.
func (h *Histogram) Export() []Bucket {
	slices.SortFunc(h.buckets, func(a, b Bucket) int { return cmp.Compare(a.key, b.key) })
	out := make([]Bucket, 0, len(h.buckets)+2)
	for i, b := range h.buckets {
		if !b.mixed {
			out = append(out, b)
			continue
		}
		// Only the outermost buckets hold the extremes: take them out.
		first, last := i == 0, i == len(h.buckets)-1
		rest := b.Count
		if first {
			out = append(out, Bucket{Value: h.min, Count: 1})
			rest--
		}
		if last {
			rest--
		}
		if rest > 0 {
			v := min(max(middle(b.key), h.min), h.max)
			out = append(out, Bucket{Value: v, Count: rest})
		}
		if last {
			out = append(out, Bucket{Value: h.max, Count: 1})
		}
	}
	return out
}
