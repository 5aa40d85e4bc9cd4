package reader

import "encoding/binary"

// A hybrid reads numbers that are run-length encoded or bit-packed, by turns
// (https://github.com/apache/parquet-format/blob/master/Encodings.md). It keeps
// none of them: a run may claim two billion in three bytes.
type hybrid struct {
	b      []byte
	width  uint // bits of a number, at most 32
	run    int  // numbers left of the current run
	packed bool // the run is bit-packed
	value  uint32
	bits   []byte // of a packed run
	at     uint   // bit of the next number
	bad    bool   // it has ended too early
}

// start reads the next run's header.
func (h *hybrid) start() bool {
	head, n := binary.Uvarint(h.b)
	if n <= 0 || head>>1 > 1<<31 {
		h.bad = true
		return false
	}
	h.b = h.b[n:]
	h.packed = head&1 != 0
	h.run = int(head >> 1)
	if h.packed {
		// Eight to a group. The last group may be cut off behind the last number.
		size := min(uint64(h.run)*uint64(h.width), uint64(len(h.b)))
		h.bits, h.at, h.b = h.b[:size], 0, h.b[size:]
		if h.run *= 8; h.width > 0 {
			h.run = min(h.run, int(size*8/uint64(h.width)))
		}
	} else {
		n := int(h.width+7) / 8
		if n > len(h.b) {
			h.bad = true
			return false
		}
		h.value = 0
		for i := n - 1; i >= 0; i-- {
			h.value = h.value<<8 | uint32(h.b[i])
		}
		h.b = h.b[n:]
	}
	if h.run == 0 && len(h.b) == 0 {
		h.bad = true
	}
	return !h.bad
}

// next is the next number, 0 once it is bad.
func (h *hybrid) next() uint32 {
	for h.run == 0 {
		if h.bad || !h.start() {
			return 0
		}
	}
	h.run--
	if !h.packed {
		return h.value
	}
	i := h.at >> 3
	var w uint64
	if i+8 <= uint(len(h.bits)) {
		w = binary.LittleEndian.Uint64(h.bits[i:])
	} else {
		for k := uint(len(h.bits)); k > i; k-- {
			w = w<<8 | uint64(h.bits[k-1])
		}
	}
	w = w >> (h.at & 7) & (1<<h.width - 1)
	h.at += h.width
	return uint32(w)
}

// skip passes over n numbers.
func (h *hybrid) skip(n int) {
	for n > 0 {
		if h.run == 0 && (h.bad || !h.start()) {
			return
		}
		k := min(n, h.run)
		h.run -= k
		h.at += uint(k) * h.width
		n -= k
	}
}

// count passes over n numbers and says how many of them are v.
func (h *hybrid) count(n int, v uint32) (count int) {
	for n > 0 {
		if h.run == 0 && (h.bad || !h.start()) {
			return count
		}
		if !h.packed {
			k := min(n, h.run)
			h.run -= k
			if n -= k; h.value == v {
				count += k
			}
			continue
		}
		if h.next() == v {
			count++
		}
		n--
	}
	return count
}
