package interop

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/memory"
	apq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// A field is a column of Arrow, and how a random value goes into it; what comes
// back is the value's JSON.
type field struct {
	name string
	typ  arrow.DataType
	add  func(m maker, b array.Builder) string
}

func of[B array.Builder](f func(m maker, b B) string) func(maker, array.Builder) string {
	return func(m maker, b array.Builder) string { return f(m, b.(B)) }
}

var stamp = time.Date(2021, 3, 4, 5, 6, 7, 123456789, time.UTC)

func tick(unit arrow.TimeUnit, format string) func(maker, array.Builder) string {
	return of(func(m maker, b *array.TimestampBuilder) string {
		t := stamp.Add(time.Duration(m.Int64N(1e15)))
		v, err := arrow.TimestampFromTime(t, unit)
		if err != nil {
			panic(err)
		}
		b.Append(v)
		return js(t.Truncate(unit.Multiplier()).Format(format))
	})
}

var fields = []field{
	{"bool", arrow.FixedWidthTypes.Boolean, of(func(m maker, b *array.BooleanBuilder) string { v := m.IntN(2) == 0; b.Append(v); return js(v) })},
	{"i8", arrow.PrimitiveTypes.Int8, of(func(m maker, b *array.Int8Builder) string { v := int8(m.Uint32()); b.Append(v); return js(v) })},
	{"i16", arrow.PrimitiveTypes.Int16, of(func(m maker, b *array.Int16Builder) string { v := int16(m.Uint32()); b.Append(v); return js(v) })},
	{"i32", arrow.PrimitiveTypes.Int32, of(func(m maker, b *array.Int32Builder) string { v := int32(m.Uint32()); b.Append(v); return js(v) })},
	{"i64", arrow.PrimitiveTypes.Int64, of(func(m maker, b *array.Int64Builder) string { v := int64(m.Uint64()); b.Append(v); return js(v) })},
	{"u8", arrow.PrimitiveTypes.Uint8, of(func(m maker, b *array.Uint8Builder) string { v := uint8(m.Uint32()); b.Append(v); return js(v) })},
	{"u16", arrow.PrimitiveTypes.Uint16, of(func(m maker, b *array.Uint16Builder) string { v := uint16(m.Uint32()); b.Append(v); return js(v) })},
	{"u32", arrow.PrimitiveTypes.Uint32, of(func(m maker, b *array.Uint32Builder) string { v := m.Uint32(); b.Append(v); return js(v) })},
	{"u64", arrow.PrimitiveTypes.Uint64, of(func(m maker, b *array.Uint64Builder) string { v := m.Uint64(); b.Append(v); return js(v) })},
	{"f16", arrow.FixedWidthTypes.Float16, of(func(m maker, b *array.Float16Builder) string {
		// Not a subnormal one: arrow-go widens those wrongly.
		v := float16.FromBits(uint16(0x400+m.IntN(0x7800)) | uint16(m.IntN(2))<<15)
		b.Append(v)
		return strconv.FormatFloat(float64(v.Float32()), 'e', -1, 32)
	})},
	{"f32", arrow.PrimitiveTypes.Float32, of(func(m maker, b *array.Float32Builder) string { v := m.Float32(); b.Append(v); return js(v) })},
	{"f64", arrow.PrimitiveTypes.Float64, of(func(m maker, b *array.Float64Builder) string { v := m.NormFloat64() * 1e30; b.Append(v); return js(v) })},
	{"str", arrow.BinaryTypes.String, of(func(m maker, b *array.StringBuilder) string { v := m.word() + m.word(); b.Append(v); return js(v) })},
	{"large", arrow.BinaryTypes.LargeString, of(func(m maker, b *array.LargeStringBuilder) string { v := m.word(); b.Append(v); return js(v) })},
	{"bytes", arrow.BinaryTypes.Binary, of(func(m maker, b *array.BinaryBuilder) string { v := m.word(); b.Append([]byte(v)); return js(v) })},
	{"fixed", &arrow.FixedSizeBinaryType{ByteWidth: 5}, of(func(m maker, b *array.FixedSizeBinaryBuilder) string {
		v := []byte{byte(m.Uint32()), 0xff, 0, 1, 2}
		b.Append(v)
		return js(v)
	})},
	{"dec9", &arrow.Decimal128Type{Precision: 9, Scale: 3}, decimals(1e9, 3)},
	{"dec18", &arrow.Decimal128Type{Precision: 18, Scale: 0}, decimals(1e18, 0)},
	{"dec38", &arrow.Decimal128Type{Precision: 38, Scale: 38}, decimals(1<<62, 38)},
	{"date", arrow.FixedWidthTypes.Date32, of(func(m maker, b *array.Date32Builder) string {
		v := m.IntN(1e6) - 5e5
		b.Append(arrow.Date32(v))
		return js(time.Unix(int64(v)*86400, 0).UTC().Format("2006-01-02T"))
	})},
	{"ms", &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}, tick(arrow.Millisecond, "2006-01-02T15:04:05.000Z")},
	{"us", &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, tick(arrow.Microsecond, "2006-01-02T15:04:05.000000Z")},
	{"local", &arrow.TimestampType{Unit: arrow.Microsecond}, tick(arrow.Microsecond, "2006-01-02T15:04:05.000000-00:00")},
	{"t32", arrow.FixedWidthTypes.Time32ms, of(func(m maker, b *array.Time32Builder) string {
		v := m.IntN(86400e3)
		b.Append(arrow.Time32(v))
		return js(time.UnixMilli(int64(v)).UTC().Format("15:04:05.000"))
	})},
	{"t64", arrow.FixedWidthTypes.Time64us, of(func(m maker, b *array.Time64Builder) string {
		v := m.Int64N(86400e6)
		b.Append(arrow.Time64(v))
		return js(time.UnixMicro(v).UTC().Format("15:04:05.000000"))
	})},
	{"list", arrow.ListOf(arrow.PrimitiveTypes.Int32), of(func(m maker, b *array.ListBuilder) string {
		b.Append(true)
		var parts []string
		for range m.IntN(5) {
			if m.IntN(4) == 0 {
				b.ValueBuilder().AppendNull()
				parts = append(parts, "null")
				continue
			}
			v := int32(m.IntN(100))
			b.ValueBuilder().(*array.Int32Builder).Append(v)
			parts = append(parts, fmt.Sprint(v))
		}
		return "[" + strings.Join(parts, ",") + "]"
	})},
	{"map", arrow.MapOf(arrow.BinaryTypes.String, arrow.ListOf(arrow.BinaryTypes.String)), of(func(m maker, b *array.MapBuilder) string {
		b.Append(true)
		var parts []string
		for i := range m.IntN(3) {
			key := fmt.Sprint("k", i)
			b.KeyBuilder().(*array.StringBuilder).Append(key)
			l := b.ItemBuilder().(*array.ListBuilder)
			if m.IntN(3) == 0 {
				l.AppendNull()
				parts = append(parts, js(key)+":null")
				continue
			}
			l.Append(true)
			words := []string{}
			for range m.IntN(3) {
				w := m.word()
				l.ValueBuilder().(*array.StringBuilder).Append(w)
				words = append(words, w)
			}
			parts = append(parts, js(key)+":"+js(words))
		}
		return "{" + strings.Join(parts, ",") + "}"
	})},
	{"struct", arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, arrow.Field{Name: "b", Type: arrow.StructOf(arrow.Field{Name: "c", Type: arrow.BinaryTypes.String, Nullable: true}), Nullable: true}), of(func(m maker, b *array.StructBuilder) string {
		b.Append(true)
		a, inner := b.FieldBuilder(0).(*array.Int64Builder), b.FieldBuilder(1).(*array.StructBuilder)
		v := m.Int64N(10)
		a.Append(v)
		if m.IntN(3) == 0 {
			inner.AppendNull()
			return fmt.Sprintf(`{"a":%d,"b":null}`, v)
		}
		inner.Append(true)
		w := m.word()
		inner.FieldBuilder(0).(*array.StringBuilder).Append(w)
		return fmt.Sprintf(`{"a":%d,"b":{"c":%s}}`, v, js(w))
	})},
}

func decimals(most int64, scale int) func(maker, array.Builder) string {
	return of(func(m maker, b *array.Decimal128Builder) string {
		v := m.Int64N(2*(most-1)) - (most - 1)
		b.Append(decimal128.FromI64(v))
		if scale == 0 {
			return fmt.Sprint(v)
		}
		return dec(fmt.Sprint(v), scale)
	})
}

// arrowFile writes random rows with Arrow's writer.
func arrowFile(t testing.TB, m maker, n int) (file []byte, lines string) {
	var schema []arrow.Field
	for i, f := range fields {
		schema = append(schema, arrow.Field{Name: f.name, Type: f.typ, Nullable: i%3 > 0})
	}
	s := arrow.NewSchema(schema, nil)
	codecs := []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Zstd}
	props := []apq.WriterProperty{
		apq.WithDictionaryDefault(m.IntN(2) == 0), apq.WithCompression(codecs[m.IntN(4)]), apq.WithDataPageSize(1 << 10 << m.IntN(8)),
		apq.WithDataPageVersion([]apq.DataPageVersion{apq.DataPageV1, apq.DataPageV2}[m.IntN(2)]), apq.WithBatchSize(int64(1 + m.IntN(50))),
		apq.WithMaxRowGroupLength(int64(1 + m.IntN(n+1))), apq.WithStats(m.IntN(3) > 0), apq.WithPageIndexEnabled(m.IntN(2) == 0),
	}
	if m.IntN(2) == 0 {
		props = append(props, apq.WithStoreDecimalAsInteger(true))
	}
	if m.IntN(2) == 0 {
		// No RLE for bool: arrow-go writes what its own reader does not read back.
		for name, enc := range map[string]apq.Encoding{
			"i32": apq.Encodings.DeltaBinaryPacked, "i64": apq.Encodings.DeltaBinaryPacked, "str": apq.Encodings.DeltaByteArray,
			"bytes": apq.Encodings.DeltaLengthByteArray, "f32": apq.Encodings.ByteStreamSplit, "f64": apq.Encodings.ByteStreamSplit,
			"fixed": apq.Encodings.ByteStreamSplit, "u64": apq.Encodings.ByteStreamSplit,
		} {
			props = append(props, apq.WithEncodingFor(name, enc), apq.WithDictionaryFor(name, false))
		}
	}
	var out bytes.Buffer
	w, err := pqarrow.NewFileWriter(s, &out, apq.NewWriterProperties(props...), pqarrow.NewArrowWriterProperties(pqarrow.WithDeprecatedInt96Timestamps(false)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for done := 0; done < n; {
		rb := array.NewRecordBuilder(memory.DefaultAllocator, s)
		batch := min(1+m.IntN(200), n-done)
		for range batch {
			for i, f := range fields {
				b.WriteString(map[bool]string{true: "{", false: ","}[i == 0] + js(f.name) + ":")
				if schema[i].Nullable && m.IntN(3) == 0 {
					rb.Field(i).AppendNull()
					b.WriteString("null")
				} else {
					b.WriteString(f.add(m, rb.Field(i)))
				}
			}
			b.WriteString("}\n")
		}
		done += batch
		rec := rb.NewRecordBatch()
		if err := w.WriteBuffered(rec); err != nil {
			t.Fatal(err)
		}
		rec.Release()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), b.String()
}

// What Arrow writes, in all of its types, encodings and page versions, comes back.
func TestArrow(t *testing.T) {
	for i := range *rounds {
		m := maker{rand.New(rand.NewPCG(uint64(i), 11))}
		file, lines := arrowFile(t, m, m.IntN(500))
		got, _, err := run(t, "SELECT * FROM S3Object", "PARQUET", bytes.NewReader(file))
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		if err := same(got, lines); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		for _, sql := range []string{
			"SELECT s.str, s.\"map\" FROM S3Object s WHERE s.i32 > 0 AND s.u8 < 100", "SELECT s.\"list\"[1], s.f64 FROM S3Object s WHERE s.u64 > 9223372036854775807 OR s.i64 < 0",
			"SELECT s.\"struct\".a, s.dec9 FROM S3Object s WHERE s.dec18 > 0 AND s.dec9 < 10.5", "SELECT s.large FROM S3Object s WHERE s.str LIKE 'a%'",
			"SELECT COUNT(*), MAX(s.u32), MIN(s.str) FROM S3Object s WHERE s.\"bool\"", "SELECT s.\"map\".k0[0] FROM S3Object s WHERE s.i16 BETWEEN -100 AND 10000 LIMIT 7",
			"SELECT s.f32 FROM S3Object s WHERE s.f16 > 0.5", "SELECT s.u16 FROM S3Object s WHERE s.u32 > 3000000000", "SELECT s.i8 FROM S3Object s WHERE s.bytes IS NULL",
		} {
			got, _, err := run(t, sql, "PARQUET", bytes.NewReader(file))
			want, _, wantErr := run(t, sql, "JSON", strings.NewReader(lines))
			if err == nil && wantErr == nil {
				err = same(got, want)
			}
			if code(err) != code(wantErr) || strings.HasPrefix(code(err), "Parse") {
				t.Fatalf("round %d: %s: %v\n%s\nfrom JSON %v\n%s", i, sql, err, got, wantErr, want)
			}
		}
	}
}
