package reader

import (
	"encoding/binary"
)

// deltas reads DELTA_BINARY_PACKED: at most most numbers, of 32 or 64 bits. It
// reports what follows them.
func deltas(b []byte, most int, wide bool) (numbers []int64, rest []byte, err error) {
	t := &thrift{b: b} // the same varints
	block, mini, total := t.uvarint(), t.uvarint(), t.uvarint()
	last := t.int(thriftI64)
	switch {
	case t.err != nil:
		return nil, nil, t.err
	case block == 0 || block%128 != 0 || block > 1<<20, mini == 0 || block%mini != 0 || block/mini%32 != 0, total > uint64(most):
		return nil, nil, errWrong
	}
	per := int(block / mini)
	numbers = make([]int64, 0, total)
	if total > 0 {
		numbers = append(numbers, last)
	}
	for uint64(len(numbers)) < total {
		least := t.int(thriftI64)
		if t.err != nil || uint64(len(t.b)-t.i) < mini {
			return nil, nil, errCut
		}
		widths := t.b[t.i : t.i+int(mini)]
		t.i += int(mini)
		for _, w := range widths {
			if uint64(len(numbers)) == total {
				break // what the other widths say is of no account
			}
			if w > 64 {
				return nil, nil, errWrong
			}
			size := per * int(w) / 8
			if size > len(t.b)-t.i {
				return nil, nil, errCut
			}
			packed := t.b[t.i : t.i+size]
			t.i += size
			for k := range min(per, int(total)-len(numbers)) {
				last += least + int64(unpack(packed, uint(k)*uint(w), uint(w)))
				if !wide {
					last = int64(int32(last))
				}
				numbers = append(numbers, last)
			}
		}
	}
	return numbers, t.b[t.i:], nil
}

// unpack is the number of so many bits, up to 64, at a bit of b.
func unpack(b []byte, at, width uint) uint64 {
	if width == 0 {
		return 0
	}
	i, shift := at>>3, at&7
	var w [9]byte
	copy(w[:], b[i:min(i+9, uint(len(b)))])
	v := binary.LittleEndian.Uint64(w[:])>>shift | uint64(w[8])<<1<<(63-shift)
	return v & (1<<width - 1)
}

// lengths reads how long the strings of a page are, which lie one behind the
// other in rest.
func lengths(b []byte, most int) (sizes []int64, rest []byte, err error) {
	if sizes, rest, err = deltas(b, most, false); err != nil {
		return nil, nil, err
	}
	left := uint64(len(rest))
	for _, n := range sizes {
		if n < 0 || uint64(n) > left {
			return nil, nil, errCut
		}
		left -= uint64(n)
	}
	return sizes, rest, nil
}
