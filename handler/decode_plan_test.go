package handler

import (
	"encoding/json"
	"math"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// zoo has a field for everything that a plan treats in a way of its own.
type zoo struct {
	S      string            `json:"s"`
	B      bool              `json:"b,omitempty"`
	I      int               `json:"i"`
	I8     int8              `json:"i8"`
	U      uint              `json:"u"`
	U16    uint16            `json:"u16"`
	F      float64           `json:"f"`
	F32    float32           `json:"f32,omitzero"`
	P      *int              `json:"p"`
	PP     **string          `json:"pp"`
	L      []string          `json:"l"`
	LL     [][]int           `json:"ll"`
	N      nested            `json:"n"`
	NP     *nested           `json:"np"`
	NL     []nested          `json:"nl"`
	NLP    []*nested         `json:"nlp"`
	Tree   *tree             `json:"tree"`
	M      map[string]nested `json:"m"`
	A      any               `json:"a"`
	Raw    json.RawMessage   `json:"raw"`
	Bytes  []byte            `json:"bytes"`
	Array  [2]int            `json:"array"`
	Time   time.Time         `json:"time"`
	TimeP  *time.Time        `json:"timep"`
	Addr   netip.Addr        `json:"addr"`
	Number json.Number       `json:"number"`
	Own    anything          `json:"own"`
	OwnP   *anything         `json:"ownp"`
	Emb    embedding         `json:"emb"`
	Quoted quoted            `json:"quoted"`
	Named  stringKind        `json:"named"`
	NamedL []stringKind      `json:"namedl"`
	Odd    odd               `json:"odd"`
	Skip   string            `json:"-"`
	hidden string
	NoTag  int
	KSs    int `json:"kss"`
}

type nested struct {
	X int    `json:"x"`
	Y string `json:"y"`
}

type tree struct {
	V    int     `json:"v"`
	Kids []*tree `json:"kids"`
	Next *tree   `json:"next"`
}

type embedding struct {
	nested
	Z int `json:"z"`
}

type quoted struct {
	Q int `json:"q,string"`
}

type odd struct {
	A int `json:"a b"`
	E int `json:"é"`
}

type stringKind string

var zooTexts = []string{
	`{"s":"text","b":true,"i":-12,"i8":-128,"u":3,"u16":65535,"f":1.5e3,"f32":0.1,"p":4,"pp":"x","l":["a","b"],"ll":[[1],[],[2,3]]}`,
	`{"n":{"x":1,"y":"a"},"np":{"x":2},"nl":[{"x":1},{"y":"b"},{}],"nlp":[null,{"x":1}],"tree":{"v":1,"kids":[{"v":2},null],"next":{"next":{}}}}`,
	`{"m":{"a":{"x":1}},"a":[1,{"b":null}],"raw":{"k": 1},"bytes":"AQID","array":[1,2,3],"time":"2020-01-02T03:04:05Z","timep":"2020-01-02T03:04:05Z","addr":"::1"}`,
	`{"number":12e3,"own":{"x":[1]},"ownp":[1],"emb":{"x":1,"z":2},"quoted":{"q":"5"},"named":"n","namedl":["a"],"odd":{"a b":1,"é":2},"hidden":"x","-":"y","NoTag":7,"unknown":[{"x":1}]}`,
	`{"s":null,"b":null,"i":null,"u":null,"f":null,"p":null,"pp":null,"l":null,"n":null,"np":null,"m":null,"a":null,"raw":null,"bytes":null,"array":null,"time":null,"timep":null,"addr":null,"number":null,"own":null,"ownp":null}`,
	`{"l":[],"ll":[[]],"nl":[],"m":{},"n":{}} `, "\t{ \"s\" : \"a\" ,\r\n\"i\" : 1 } ", `{}`, `{ }`, `null`, `[]`, `1`, ``, `{`, `{"s"`, `{"s":`, `{"s":"a"`, `{"s":"a",`, `{"s":"a",}`, `{,}`,
	`{"S":"upper"}`, `{"notag":1,"NOTAG":2}`, `{"s":"a","s":"b"}`, `{"n":{"x":1},"n":{"y":"b"}}`, `{"l":["a","b"],"l":["c"]}`, `{"s":"escaped name"}`, "{\"\u212a\u017fs\":1}", "{\"k\u017f\u017f\":1}",
	`{"KSS":1}`, `{"i":1.0}`, `{"i":1e2}`, `{"i":9223372036854775807}`, `{"i":9223372036854775808}`, `{"i":-9223372036854775808}`, `{"i8":128}`, `{"u":-1}`, `{"u":-0}`, `{"i":-0}`, `{"u16":65536}`, `{"u":18446744073709551615}`,
	`{"f":1e400}`, `{"f32":1e40}`, `{"f":-0}`, `{"f":1.7976931348623157e308}`, `{"f32":3.4028235e38}`, `{"f32":3.5e38}`, `{"f":5e-324}`, `{"f":123456789.123456789123456789}`, `{"f32":16777217}`, `{"f":01}`, `{"f":"1"}`, `{"f":"NaN"}`,
	`{"s":"\u00e9\ud83d\ude00\ud800\n\/"}`, "{\"s\":\"\xff\xfe é\"}", "{\"s\":\"a\nb\"}", `{"s":1}`, `{"b":1}`, `{"b":"true"}`, `{"b":tru}`, `{"n":[]}`, `{"l":{}}`, `{"l":["a",1]}`, `{"l":["a" "b"]}`, `{"l":["a",]}`, `{"p":"x"}`, `{"s":nul}`, `{"s":nullx}`,
	`{"s":"a"} x`, `{"s":"a"}{}`, `{"addr":1}`, `{"time":1}`, `{"own":x}`, `{"x":[1,2}`, `{"number":"12"}`, `{"number":"x"}`, `{"bytes":"!"}`, `{"quoted":{"q":5}}`, `{"-":"x","Skip":"y"}`, `{"é":1}`, "{\"\xff\":1}",
	`{"n":{"x":1,"unknown":1}}`, `{"m":{"a":{"unknown":1}}}`, `{"emb":{"unknown":1}}`, `{"a":{"unknown":1}}`, `{"own":{"unknown":1}}`,
}

var zooPlan = planFor(reflect.TypeFor[zoo]())

func checkPlan(t *testing.T, text []byte) {
	t.Helper()
	var want zoo
	wantErr := json.Unmarshal(text, &want)
	var got zoo
	took := zooPlan.decode(text, reflect.ValueOf(&got).Elem(), false)
	if took && wantErr != nil {
		t.Fatalf("the plan accepts %q, encoding/json says %v", text, wantErr)
	}
	if took && (!reflect.DeepEqual(got, want) || got.hidden != "") {
		t.Fatalf("%q: the plan has\n%+v, encoding/json\n%+v", text, got, want)
	}
	// The plan must not accept what DisallowUnknownFields refuses.
	var strict zoo
	if zooPlan.decode(text, reflect.ValueOf(&strict).Elem(), true) {
		dec := json.NewDecoder(strings.NewReader(string(text)))
		dec.DisallowUnknownFields()
		var other zoo
		if err := dec.Decode(&other); err != nil || !took {
			t.Fatalf("without unknown members the plan accepts %q, encoding/json says %v", text, err)
		}
	}
	// And decode as a whole agrees with encoding/json on everything.
	whole, err := decodeAs[*zoo](string(text), options{})
	if (err == nil) != (wantErr == nil) || err == nil && whole != nil && !reflect.DeepEqual(*whole, want) {
		t.Fatalf("decode(%q) = %+v, %v, encoding/json has %+v, %v", text, whole, err, want, wantErr)
	}
}

func TestPlanEqualsEncodingJSON(t *testing.T) {
	for _, text := range zooTexts {
		checkPlan(t, []byte(text))
	}
}

// FuzzPlan checks that what a plan accepts encoding/json accepts, with the same
// values.
func FuzzPlan(f *testing.F) {
	for _, text := range zooTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkPlan(t, text) })
}

// The plan must do the common cases itself: everything above would also hold if
// it always gave up.
func TestPlanTakesTheCommonCases(t *testing.T) {
	for i, text := range zooTexts[:6] {
		var v zoo
		if !zooPlan.decode([]byte(text), reflect.ValueOf(&v).Elem(), false) {
			t.Errorf("text %d is left to encoding/json: %s", i, text)
		}
	}
	for _, c := range []struct {
		t    reflect.Type
		want bool
	}{
		{reflect.TypeFor[zoo](), true}, {reflect.TypeFor[[]nested](), true}, {reflect.TypeFor[*tree](), true}, {reflect.TypeFor[string](), true},
		{reflect.TypeFor[map[string]int](), false}, {reflect.TypeFor[any](), false}, {reflect.TypeFor[time.Time](), false}, {reflect.TypeFor[embedding](), false},
		{reflect.TypeFor[odd](), false}, {reflect.TypeFor[quoted](), false}, {reflect.TypeFor[json.Number](), false}, {reflect.TypeFor[[]byte](), false},
	} {
		if (planFor(c.t) != nil) != c.want {
			t.Errorf("a plan for %v: %v, want %v", c.t, planFor(c.t) != nil, c.want)
		}
	}
}

// encoding/json counts the depth of the whole text.
func TestPlanDepth(t *testing.T) {
	for _, n := range []int{maxPlanBrackets - 1, jsonscan.MaxDepth - 2, jsonscan.MaxDepth - 1, jsonscan.MaxDepth, jsonscan.MaxDepth + 1} {
		deep := strings.Repeat("[", n) + strings.Repeat("]", n)
		for _, text := range []string{`{"unknown":` + deep + `}`, `{"a":` + deep + `}`, `{"n":{"unknown":` + deep + `}}`} {
			checkPlan(t, []byte(text))
		}
		checkPlan(t, []byte(strings.Repeat(`{"tree":{"next":`, 1)+strings.Repeat(`{"next":`, n)+"null"+strings.Repeat("}", n+2)))
	}
}

func TestPlanManyFields(t *testing.T) {
	fields := make([]reflect.StructField, maxPlanFields+1)
	for i := range fields {
		name := "F" + strconv.Itoa(i)
		fields[i] = reflect.StructField{Name: name, Type: reflect.TypeFor[int]()}
	}
	for _, n := range []int{maxPlanFields, maxPlanFields + 1} {
		typ := reflect.StructOf(fields[:n])
		p := planFor(typ)
		if (p != nil) != (n <= maxPlanFields) {
			t.Errorf("%d fields: plan %v", n, p)
		}
		if p == nil {
			continue
		}
		v := reflect.New(typ).Elem()
		if !p.decode([]byte(`{"F63":63,"F0":1,"F62":62}`), v, true) || v.Field(63).Int() != 63 || v.Field(0).Int() != 1 {
			t.Errorf("%d fields: %v", n, v)
		}
		if p.decode([]byte(`{"F63":63,"F63":64}`), reflect.New(typ).Elem(), true) {
			t.Error("a name twice is accepted")
		}
	}
}

func TestPlanDoesNotRetain(t *testing.T) {
	text := []byte(zooTexts[0])
	var v zoo
	if !zooPlan.decode(text, reflect.ValueOf(&v).Elem(), false) {
		t.Fatal("given up")
	}
	clear(text)
	if v.S != "text" || **v.PP != "x" || v.L[1] != "b" || v.F != 1500 || v.F32 != 0.1 || math.Signbit(v.F) {
		t.Errorf("%+v", v)
	}
}

func TestPlanAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under -race")
	}
	text := []byte(`{"s":"text","b":true,"i":-12,"f":1.5,"n":{"x":1,"y":"nested"},"unknown":[1,2]}`)
	d := decoderFor[zoo](&options{})
	var v zoo
	if n := testing.AllocsPerRun(100, func() {
		v = zoo{}
		if err := d.decode(text, &v); err != nil {
			t.Error(err)
		}
	}); n > 2 {
		t.Errorf("%v allocations for two strings", n)
	}
}
