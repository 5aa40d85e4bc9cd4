package reader

import (
	"math"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

func TestHalf(t *testing.T) {
	for bits, want := range map[uint16]float64{
		0: 0, 1: 1.0 / (1 << 24), 0x8001: -1.0 / (1 << 24), 0x3ff: 1023.0 / (1 << 24), 0x400: 1.0 / (1 << 14), 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x7c00: math.Inf(1),
	} {
		if got := half(bits); float64(got) != want {
			t.Errorf("%#x is %v, want %v", bits, got, want)
		}
	}
	if !math.IsNaN(float64(half(0x7e00))) {
		t.Error("not NaN")
	}
}

// Types that neither writer of the tests makes, and values at their edges.
func TestConvert(t *testing.T) {
	i96 := []byte{0, 0, 0, 0, 0, 0, 0, 0, 0x8c, 0x3d, 0x25, 0} // 1970-01-01
	for _, c := range []struct {
		name string
		e    element
		bits uint64
		b    []byte
		want string
	}{
		{"NaN", element{physical: physDouble}, math.Float64bits(math.NaN()), nil, "null"},
		{"infinity", element{physical: physDouble}, math.Float64bits(math.Inf(-1)), nil, "null"},
		{"NaN of 32 bits", element{physical: physFloat}, uint64(math.Float32bits(float32(math.NaN()))), nil, "null"},
		{"tiny", element{physical: physFloat}, uint64(math.Float32bits(1e-10)), nil, "1e-10"},
		{"INT96", element{physical: physInt96}, 0, i96, `"1970-01-01T00:00:00.000000000Z"`},
		{"before 1970", element{physical: physInt64, logical: logicalTimestamp, unit: 1, utc: true}, math.MaxUint64, nil, `"1969-12-31T23:59:59.999Z"`},
		{"first day", element{physical: physInt32, logical: logicalDate}, uint64(0xffffffffffffffff - 719161), nil, `"0001-01-01T"`},
		{"last day", element{physical: physInt32, logical: logicalDate}, 2932896, nil, `"9999-12-31T"`},
		{"a day more", element{physical: physInt32, logical: logicalDate}, 2932897, nil, ""},
		{"a time of tomorrow", element{physical: physInt32, logical: logicalTime, unit: 1}, 86400000, nil, ""},
		{"38 nines", element{physical: physBytes, logical: logicalDecimal, precision: 38}, 0, []byte{0x4b, 0x3b, 0x4c, 0xa8, 0x5a, 0x86, 0xc4, 0x7a, 0x09, 0x8a, 0x22, 0x3f, 0xff, 0xff, 0xff, 0xff}, "99999999999999999999999999999999999999"},
		{"one more", element{physical: physBytes, logical: logicalDecimal, precision: 38}, 0, []byte{0x4b, 0x3b, 0x4c, 0xa8, 0x5a, 0x86, 0xc4, 0x7a, 0x09, 0x8a, 0x22, 0x40, 0, 0, 0, 0}, ""},
		{"a short decimal", element{physical: physBytes, logical: logicalDecimal, precision: 9, scale: 4}, 0, []byte{0xff}, "-0.0001"},
		{"no decimal", element{physical: physBytes, logical: logicalDecimal, precision: 9}, 0, nil, ""},
		{"not UTF-8", element{physical: physBytes, logical: logicalString}, 0, []byte{0xff}, ""},
		{"BSON", element{physical: physBytes, logical: logicalBSON}, 0, []byte{0xff}, `"/w=="`},
		{"NULL", element{physical: physInt32, logical: logicalNull}, 1, nil, "null"},
	} {
		var arena []byte
		v, err := converterOf(&c.e)(c.bits, c.b, &arena)
		if got := string(v.AppendJSON(nil)); (err != nil) != (c.want == "") || err == nil && got != c.want {
			t.Errorf("%s: %s %v, want %s", c.name, got, err, c.want)
		}
	}
	for name, e := range map[string]element{
		"39 digits": {physical: physBytes, logical: logicalDecimal, precision: value.MaxDigits + 1}, "scale": {physical: physInt32, logical: logicalDecimal, precision: 3, scale: 4},
		"unit": {physical: physInt64, logical: logicalTimestamp, unit: 4}, "INTERVAL": {physical: physFixed, converted: convertedInterval}, "no such type": {physical: 8},
	} {
		if converterOf(&e) != nil {
			t.Errorf("%s has a converter", name)
		}
	}
}

// Runs by turns, skipped over in every way.
func TestHybrid(t *testing.T) {
	b := []byte{5 << 1, 3, 2<<1 | 1, 0b11_10_01_00, 0b00_01_10_11, 0xff, 0x00, 1 << 1, 2} // width 2: 5 times 3, 16 packed, once 2
	want := []uint32{3, 3, 3, 3, 3, 0, 1, 2, 3, 3, 2, 1, 0, 3, 3, 3, 3, 0, 0, 0, 0, 2}
	for skip := range len(want) {
		h := hybrid{b: b, width: 2}
		for i := 0; i < len(want); i++ {
			if i == skip {
				n := min(7, len(want)-i)
				h.skip(n)
				if i += n - 1; h.bad {
					t.Fatal(skip)
				}
				continue
			}
			if got := h.next(); h.bad || got != want[i] {
				t.Fatalf("skip %d: number %d is %d, want %d", skip, i, got, want[i])
			}
		}
		if h.next(); !h.bad {
			t.Error("there is one more")
		}
		h = hybrid{b: b, width: 2}
		threes := 0
		for _, v := range want[:skip] {
			if v == 3 {
				threes++
			}
		}
		if got := h.count(skip, 3); got != threes || h.next() != want[skip] {
			t.Errorf("%d of the first %d are 3, want %d", got, skip, threes)
		}
	}
	// A run that claims two billion numbers.
	h := hybrid{b: []byte{0xfe, 0xff, 0xff, 0xff, 0x0f, 1}, width: 1}
	if h.skip(1 << 30); h.next() != 1 || h.bad {
		t.Error("a long run")
	}
}

func TestBooleanRuns(t *testing.T) {
	c := column{leaf: &leaf{node: &node{}, element: element{physical: physBool}}}
	c.leaf.convert = converterOf(&c.leaf.element)
	if err := c.decode(&header{encoding: encRLE}, []byte{4, 0, 0, 0, 3 << 1, 1, 1 << 1, 0}, 4); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, true, true, false} {
		if v, err := c.value(); err != nil || v.True() != want {
			t.Errorf("%d: %v %v", i, v, err)
		}
	}
	if _, err := c.value(); err == nil {
		t.Error("a fifth value")
	}
}

// Lists as other writers nest them
// (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#backward-compatibility-rules).
func TestOldLists(t *testing.T) {
	const opt, rep = optional, repeated
	group := func(name string, repetition, children int32, logical int16) element {
		return element{physical: -1, converted: -1, name: name, repetition: repetition, children: children, logical: logical}
	}
	leaf := func(name string, repetition int32) element {
		return element{physical: physInt32, converted: -1, name: name, repetition: repetition}
	}
	for _, c := range []struct {
		name   string
		schema []element
		levels [][2]uint8 // of the first leaf; a second one is the same
		want   string
	}{
		{"three levels", []element{group("l", opt, 1, logicalList), group("list", rep, 1, 0), leaf("element", opt)}, [][2]uint8{{0, 3}, {1, 2}}, `[7,null]`},
		{"empty", []element{group("l", opt, 1, logicalList), group("list", rep, 1, 0), leaf("element", opt)}, [][2]uint8{{0, 1}}, `[]`},
		{"none", []element{group("l", opt, 1, logicalList), group("list", rep, 1, 0), leaf("element", opt)}, [][2]uint8{{0, 0}}, `null`},
		{"two levels", []element{group("l", opt, 1, logicalList), leaf("element", rep)}, [][2]uint8{{0, 2}, {1, 2}}, `[7,7]`},
		{"a struct", []element{group("l", opt, 1, logicalList), group("element", rep, 2, 0), leaf("a", 0), leaf("b", 0)}, [][2]uint8{{0, 2}, {1, 2}}, `[{"a":7,"b":7},{"a":7,"b":7}]`},
		{"array", []element{group("l", opt, 1, logicalList), group("array", rep, 1, 0), leaf("a", 0)}, [][2]uint8{{0, 2}}, `[{"a":7}]`},
		{"tuple", []element{group("l", opt, 1, logicalList), group("l_tuple", rep, 1, 0), leaf("a", 0)}, [][2]uint8{{0, 2}}, `[{"a":7}]`},
		{"map", []element{group("l", opt, 1, logicalMap), group("key_value", rep, 2, 0), leaf("key", 0), leaf("value", 0)}, [][2]uint8{{0, 2}, {1, 2}}, `{"7":7,"7":7}`},
		{"repeated", []element{leaf("l", rep)}, [][2]uint8{{0, 0}}, `[]`},
		{"repeated group", []element{group("l", rep, 2, 0), leaf("a", 0), leaf("b", 0)}, [][2]uint8{{0, 1}, {1, 1}}, `[{"a":7,"b":7},{"a":7,"b":7}]`},
	} {
		s, err := newSchema(append([]element{group("root", 0, 1, 0)}, c.schema...))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		a := assembler{}
		for _, l := range s.leaves {
			col := &column{leaf: l}
			for _, lv := range c.levels {
				col.entries = append(col.entries, entry{lv[0], lv[1], value.OfInt(7)})
			}
			a.columns = append(a.columns, col)
		}
		if got, err := a.row(nil, s.root); err != nil || string(got) != `{"l":`+c.want+"}" {
			t.Errorf("%s: %s %v, want %s", c.name, got, err, c.want)
		}
	}
}
