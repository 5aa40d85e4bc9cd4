package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"
)

// A row has every type that parquet-go can write, required and not, in several
// encodings.
type row struct {
	I32    int32            `parquet:"i32,delta"`
	I64    *int64           `parquet:"i64,optional"`
	Dict   *int64           `parquet:"dict,optional,dict"`
	Delta  int64            `parquet:"delta,delta"`
	U32    uint32           `parquet:"u32"`
	U64    uint64           `parquet:"u64"`
	I8     int8             `parquet:"i8"`
	F32    float32          `parquet:"f32"`
	F64    float64          `parquet:"f64,split"`
	B      *bool            `parquet:"b,optional"`
	S      string           `parquet:"s,dict"`
	T      *string          `parquet:"t,optional"`
	DL     string           `parquet:"dl,delta"`
	E      string           `parquet:"e,enum"`
	D32    int32            `parquet:"d32,decimal(2:9)"`
	D64    int64            `parquet:"d64,decimal(5:18)"`
	D38    [16]byte         `parquet:"d38,decimal(9:38)"`
	Day    int32            `parquet:"day,date"`
	Ms     time.Time        `parquet:"ms,timestamp(millisecond)"`
	Us     time.Time        `parquet:"us,timestamp(microsecond),dict"`
	Ns     *time.Time       `parquet:"ns,optional,timestamp(nanosecond)"`
	UUID   [16]byte         `parquet:"uuid,uuid"`
	Plain  []byte           `parquet:"plain"`
	Opaque [3]byte          `parquet:"opaque"`
	List   []string         `parquet:"list,list"`
	Rep    []int64          `parquet:"rep"`
	Map    map[string]int64 `parquet:"map"`
	St     sub              `parquet:"st"`
	Op     *sub             `parquet:"op,optional"`
	Deep   []deep           `parquet:"deep,list"`
	Dup    int64            `parquet:"Dup"`
	Dup2   int64            `parquet:"dup"`
}

type sub struct {
	A *int64 `parquet:"a,optional"`
	B string `parquet:"b"`
}

type deep struct {
	X int64   `parquet:"x"`
	Y *string `parquet:"y,optional"`
	Z []int64 `parquet:"z,list"`
}

type maker struct{ *rand.Rand }

func (m maker) pick(s ...string) string { return s[m.IntN(len(s))] }

func maybe[T any](m maker, v T) *T {
	if m.IntN(4) == 0 {
		return nil
	}
	return &v
}

func (m maker) word() string { return m.pick("", "a", "b", "ab", "abc", "é", "x\"y", "zebra", "1") }

func (m maker) time() time.Time {
	return time.Unix(1_600_000_000+m.Int64N(1000), m.Int64N(1e9)).UTC()
}

func (m maker) sub() sub { return sub{maybe(m, m.Int64N(5)), m.word()} }

func (m maker) row() row {
	r := row{
		I32: int32(m.IntN(20) - 10), I64: maybe(m, m.Int64N(10)), Dict: maybe(m, m.Int64N(4)), Delta: m.Int64N(1000) - 500,
		U32: m.Uint32(), U64: m.Uint64(), I8: int8(m.IntN(256)), F32: float32(m.IntN(100)) / 8, F64: float64(m.IntN(100)) / 8,
		B: maybe(m, m.IntN(2) == 0), S: m.word(), T: maybe(m, m.word()), DL: m.word() + m.word(), E: m.pick("RED", "GREEN"),
		D32: int32(m.IntN(2000) - 1000), D64: m.Int64N(2e6) - 1e6, Day: int32(m.IntN(40000) - 10000),
		Ms: m.time().Truncate(time.Millisecond), Us: m.time().Truncate(time.Microsecond), Ns: maybe(m, m.time()),
		Plain: []byte(m.word()), Opaque: [3]byte{byte(m.Uint32()), 0xff, 1}, St: m.sub(), Op: maybe(m, m.sub()),
		Dup: m.Int64N(3), Dup2: m.Int64N(3),
	}
	for i := range r.UUID {
		r.UUID[i] = byte(m.Uint32())
	}
	if m.IntN(2) == 0 { // a negative number
		for i := range r.D38 {
			r.D38[i] = 0xff
		}
	}
	for i := 6; i < 16; i++ {
		r.D38[i] = byte(m.Uint32())
	}
	for range m.IntN(4) {
		r.List = append(r.List, m.word())
		r.Rep = append(r.Rep, m.Int64N(5))
	}
	r.Map = map[string]int64{}
	if m.IntN(2) == 0 {
		r.Map[m.word()] = m.Int64N(5)
	}
	for range m.IntN(3) {
		d := deep{X: m.Int64N(3), Y: maybe(m, m.word())}
		for range m.IntN(3) {
			d.Z = append(d.Z, m.Int64N(3))
		}
		r.Deep = append(r.Deep, d)
	}
	return r
}

// line is the row as the engine should see it, in JSON.
func (r *row) line() string {
	var b strings.Builder
	add := func(name, text string) {
		b.WriteString(map[bool]string{true: "{", false: ","}[b.Len() == 0] + strconv.Quote(name) + ":" + text)
	}
	add("i32", fmt.Sprint(r.I32))
	add("i64", js(r.I64))
	add("dict", js(r.Dict))
	add("delta", js(r.Delta))
	add("u32", fmt.Sprint(r.U32))
	add("u64", fmt.Sprint(r.U64))
	add("i8", fmt.Sprint(r.I8))
	add("f32", strconv.FormatFloat(float64(r.F32), 'e', -1, 64))
	add("f64", strconv.FormatFloat(r.F64, 'e', -1, 64))
	add("b", js(r.B))
	add("s", js(r.S))
	add("t", js(r.T))
	add("dl", js(r.DL))
	add("e", js(r.E))
	add("d32", dec(fmt.Sprint(r.D32), 2))
	add("d64", dec(fmt.Sprint(r.D64), 5))
	add("d38", dec(bigEndian(r.D38[:]), 9))
	add("day", js(time.Unix(int64(r.Day)*86400, 0).UTC().Format("2006-01-02T")))
	add("ms", js(r.Ms.Format("2006-01-02T15:04:05.000Z")))
	add("us", js(r.Us.Format("2006-01-02T15:04:05.000000Z")))
	ns := "null"
	if r.Ns != nil {
		ns = js(r.Ns.Format("2006-01-02T15:04:05.000000000Z"))
	}
	add("ns", ns)
	u := r.UUID
	add("uuid", js(fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])))
	add("plain", js(string(r.Plain)))
	add("opaque", js(r.Opaque[:]))
	add("list", js(append([]string{}, r.List...)))
	add("rep", js(append([]int64{}, r.Rep...)))
	add("map", js(r.Map))
	add("st", js(r.St.tree()))
	op := "null"
	if r.Op != nil {
		op = js(r.Op.tree())
	}
	add("op", op)
	deeps := []any{}
	for _, d := range r.Deep {
		deeps = append(deeps, struct {
			X int64   `json:"x"`
			Y *string `json:"y"`
			Z []int64 `json:"z"`
		}{d.X, d.Y, append([]int64{}, d.Z...)})
	}
	add("deep", js(deeps))
	add("Dup", fmt.Sprint(r.Dup))
	add("dup", fmt.Sprint(r.Dup2))
	return b.String() + "}\n"
}

func (s *sub) tree() any {
	return struct {
		A *int64 `json:"a"`
		B string `json:"b"`
	}{s.A, s.B}
}

func js(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func write(t testing.TB, rows []row, opts ...pq.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pq.NewGenericWriter[row](&b, opts...)
	for len(rows) > 0 {
		n := min(len(rows), 100)
		if _, err := w.Write(rows[:n]); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
