package s3select_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/fault"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/sql"
	"github.com/lambdatune/lambdatune/filter/s3select/internal/value"
)

// The reference evaluates a statement the plain way: it decodes whole records
// with encoding/json, and walks the syntax tree for each of them. It shares with
// the engine only what two numbers, texts or times are to each other.

type refKind int

const (
	refScalar refKind = iota // v: also NULL and MISSING
	refList
	refObject
)

type refValue struct {
	kind  refKind
	v     value.Value
	elems []refValue
	names []string // of the elems of an object
}

func scalar(v value.Value) refValue { return refValue{v: v} }

func (r refValue) unknown() bool { return r.kind == refScalar && r.v.Unknown() }

func refDecode(d *json.Decoder) refValue {
	t, err := d.Token()
	if err != nil {
		panic(err)
	}
	switch t := t.(type) {
	case bool:
		return scalar(value.OfBool(t))
	case string:
		return scalar(value.OfString([]byte(t)))
	case json.Number:
		return scalar(value.OfNumber([]byte(t)))
	case json.Delim:
		r := refValue{kind: refList}
		if t == '{' {
			r.kind = refObject
		}
		for d.More() {
			if r.kind == refObject {
				name, _ := d.Token()
				r.names = append(r.names, name.(string))
			}
			r.elems = append(r.elems, refDecode(d))
		}
		d.Token()
		return r
	}
	return scalar(value.NullValue)
}

func (r refValue) json(b *bytes.Buffer) {
	switch r.kind {
	case refScalar:
		b.Write(r.v.AppendJSON(nil))
	case refList:
		b.WriteByte('[')
		for i, e := range r.elems {
			if i > 0 {
				b.WriteByte(',')
			}
			e.json(b)
		}
		b.WriteByte(']')
	case refObject:
		b.WriteByte('{')
		for i, e := range r.elems {
			if i > 0 {
				b.WriteByte(',')
			}
			name := value.OfString([]byte(r.names[i]))
			b.Write(name.AppendJSON(nil))
			b.WriteByte(':')
			e.json(b)
		}
		b.WriteByte('}')
	}
}

// flat is the value as the shared functions take it.
func (r refValue) flat() value.Value {
	if r.kind == refScalar {
		return r.v
	}
	var b bytes.Buffer
	r.json(&b)
	return value.OfToken(b.Bytes())
}

type reference struct {
	sel   *sql.Select
	alias sql.Name
	row   refValue
	rows  []refValue // that passed, for aggregates
}

// refRun is the result of a statement over JSON lines.
func refRun(sel *sql.Select, data string) (out string, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(*fault.Error)
			if !ok {
				panic(r)
			}
			err = f
		}
	}()
	r := &reference{sel: sel, alias: sql.Name{Text: "S3Object"}}
	if sel.From.Wild {
		r.alias.Text = "_1"
		if n := len(sel.From.Path); n > 0 && sel.From.Path[n-1].Kind == sql.Member {
			r.alias = sel.From.Path[n-1].Name
		}
	}
	if sel.From.Alias != nil {
		r.alias = *sel.From.Alias
	}
	limit := int64(1 << 62)
	if l, ok := sel.Limit.(*sql.Literal); ok {
		limit = l.Value.Int()
	}
	var b bytes.Buffer
	d := json.NewDecoder(strings.NewReader(data))
	d.UseNumber()
	for d.More() && limit > 0 {
		for _, row := range unnest([]refValue{refDecode(d)}, sel.From.Path) {
			r.row = row
			if sel.Where != nil {
				if w := r.eval(sel.Where); w.kind != refScalar || !w.v.True() {
					continue
				}
			}
			if sel.Aggregated() {
				r.rows = append(r.rows, row)
			} else if limit > 0 {
				r.print(&b)
				limit--
			}
			if limit == 0 {
				break
			}
		}
	}
	if sel.Aggregated() && limit > 0 {
		r.print(&b)
	}
	return b.String(), nil
}

// unnest applies the path of FROM.
func unnest(rows []refValue, steps []sql.Step) []refValue {
	if len(steps) == 0 {
		return rows
	}
	var out []refValue
	for _, row := range rows {
		n := len(out)
		switch s := steps[0]; {
		case s.Kind == sql.AnyMember && row.kind == refObject, s.Kind == sql.AnyIndex && row.kind == refList:
			out = append(out, row.elems...)
		case s.Kind == sql.Member || s.Kind == sql.Index:
			out = append(out, refStep(row, s))
		}
		if len(out) == n {
			out = append(out, refValue{})
		}
	}
	return unnest(out, steps[1:])
}

func refStep(v refValue, s sql.Step) refValue {
	if s.Kind == sql.Index {
		if v.kind == refList && s.Index < len(v.elems) {
			return v.elems[s.Index]
		}
		return refValue{}
	}
	found := refValue{}
	n := 0
	for i, name := range v.names {
		if s.Name.Quoted && name == s.Name.Text {
			return v.elems[i]
		}
		if !s.Name.Quoted && strings.EqualFold(name, s.Name.Text) {
			if found = v.elems[i]; n > 0 {
				panic(fault.New("AmbiguousFieldName", ""))
			}
			n++
		}
	}
	return found
}

// refPath follows a path of an expression: from its first wildcard on it leads to
// a list.
func refPath(v refValue, steps []sql.Step) refValue {
	for i, s := range steps {
		if s.Kind < sql.AnyMember {
			v = refStep(v, s)
			continue
		}
		if v.unknown() {
			return refValue{}
		}
		all := []refValue{v}
		for _, s := range steps[i:] {
			var next []refValue
			for _, v := range all {
				switch {
				case s.Kind == sql.AnyMember && v.kind == refObject, s.Kind == sql.AnyIndex && v.kind == refList:
					next = append(next, v.elems...)
				case s.Kind < sql.AnyMember:
					if v = refStep(v, s); v.kind != refScalar || v.v.Kind != value.Missing {
						next = append(next, v)
					}
				}
			}
			all = next
		}
		return refValue{kind: refList, elems: all}
	}
	return v
}

func (r *reference) print(b *bytes.Buffer) {
	out := refValue{kind: refObject}
	if r.sel.Star {
		switch {
		case r.row.kind == refObject:
			out = r.row
		case r.row.kind != refScalar || r.row.v.Kind != value.Missing:
			out.names, out.elems = []string{"_1"}, []refValue{r.row}
		}
	}
	for i, it := range r.sel.Items {
		v := r.eval(it.Expr)
		if it.Star {
			if v.kind == refObject {
				out.names, out.elems = append(out.names, v.names...), append(out.elems, v.elems...)
			}
			continue
		}
		if v.kind == refScalar && v.v.Kind == value.Missing {
			continue
		}
		name := "_" + strconv.Itoa(i+1)
		if p, ok := it.Expr.(*sql.Path); ok {
			if n := len(p.Steps); n == 0 {
				name = p.Root.Text
			} else if p.Steps[n-1].Kind == sql.Member {
				name = p.Steps[n-1].Name.Text
			}
		}
		if it.Alias != "" {
			name = it.Alias
		}
		out.names, out.elems = append(out.names, name), append(out.elems, v)
	}
	out.json(b)
	b.WriteByte('\n')
}

func must(v value.Value, err error) refValue {
	if err != nil {
		var f *fault.Error
		errors.As(err, &f)
		panic(f)
	}
	return scalar(v)
}

// logic: nil is unknown.
func truthOf(v refValue) *bool {
	if v.kind == refScalar && v.v.Kind == value.Bool {
		t := v.v.True()
		return &t
	}
	return nil
}

func ofTruth(t *bool) refValue {
	if t == nil {
		return scalar(value.NullValue)
	}
	return scalar(value.OfBool(*t))
}

func both(a, b *bool) *bool {
	f := false
	switch {
	case a != nil && !*a, b != nil && !*b:
		return &f
	case a == nil || b == nil:
		return nil
	}
	t := true
	return &t
}

func negate(a *bool) *bool {
	if a == nil {
		return nil
	}
	n := !*a
	return &n
}

func either(a, b *bool) *bool { return negate(both(negate(a), negate(b))) }

func compare(op string, x, y refValue) *bool {
	if x.unknown() || y.unknown() {
		return nil
	}
	a, b := x.flat(), y.flat()
	eq := value.Equal(&a, &b)
	c, ordered := value.Compare(&a, &b)
	var t bool
	switch op {
	case "=":
		t = eq
	case "<>":
		t = !eq
	default:
		if !ordered {
			return nil
		}
		t = map[string]bool{"<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[op]
	}
	return &t
}

func (r *reference) eval(x sql.Expr) refValue {
	switch x := x.(type) {
	case *sql.Literal:
		return scalar(x.Value)
	case *sql.Path:
		steps := x.Steps
		is := func(name string) bool {
			return x.Root.Text == name || !x.Root.Quoted && strings.EqualFold(x.Root.Text, name)
		}
		if !is(r.alias.Text) && (!is("S3Object") || len(steps) == 0 || len(r.sel.From.Path) > 0) {
			steps = append([]sql.Step{{Kind: sql.Member, Name: x.Root}}, steps...)
		}
		return refPath(r.row, steps)
	case *sql.List:
		l := refValue{kind: refList}
		for _, e := range x.Elems {
			if v := r.eval(e); v.kind != refScalar || v.v.Kind != value.Missing {
				l.elems = append(l.elems, v)
			}
		}
		return l
	case *sql.Unary:
		v := r.eval(x.X)
		if x.Op == "NOT" {
			return ofTruth(negate(truthOf(v)))
		}
		f := v.flat()
		n := must(value.Neg(&f))
		if x.Op == "+" && !v.unknown() {
			return v
		}
		return n
	case *sql.Binary:
		switch x.Op {
		case "AND":
			a := truthOf(r.eval(x.X))
			if a != nil && !*a {
				return ofTruth(a)
			}
			return ofTruth(both(a, truthOf(r.eval(x.Y))))
		case "OR":
			a := truthOf(r.eval(x.X))
			if a != nil && *a {
				return ofTruth(a)
			}
			return ofTruth(either(a, truthOf(r.eval(x.Y))))
		case "+", "-", "*", "/", "%":
			a, b := r.eval(x.X).flat(), r.eval(x.Y).flat()
			return must(value.Arith(x.Op[0], &a, &b))
		}
		return ofTruth(compare(x.Op, r.eval(x.X), r.eval(x.Y)))
	case *sql.In:
		v, f := r.eval(x.X), false
		found := &f
		if l, ok := x.Y.(*sql.List); ok {
			for _, e := range l.Elems {
				if found = either(found, compare("=", v, r.eval(e))); found != nil && *found {
					break
				}
			}
		} else {
			l := r.eval(x.Y)
			if l.unknown() {
				return ofTruth(nil)
			}
			if l.kind != refList {
				panic(fault.New("IncorrectSqlFunctionArgumentType", ""))
			}
			for _, e := range l.elems {
				found = either(found, compare("=", v, e))
			}
		}
		if x.Not {
			found = negate(found)
		}
		return ofTruth(found)
	case *sql.Between:
		v := r.eval(x.X)
		t := both(compare(">=", v, r.eval(x.Low)), compare("<=", v, r.eval(x.High)))
		if x.Not {
			t = negate(t)
		}
		return ofTruth(t)
	case *sql.Like:
		return r.like(x)
	case *sql.Is:
		v := r.eval(x.X)
		is := v.unknown()
		if x.Missing {
			is = v.kind == refScalar && v.v.Kind == value.Missing
		}
		return scalar(value.OfBool(is != x.Not))
	case *sql.Case:
		for _, w := range x.Whens {
			t := truthOf(r.eval(w.Cond))
			if x.Operand != nil {
				t = compare("=", r.eval(x.Operand), r.eval(w.Cond))
			}
			if t != nil && *t {
				return r.eval(w.Then)
			}
		}
		if x.Else != nil {
			return r.eval(x.Else)
		}
		return scalar(value.NullValue)
	case *sql.Cast:
		f := r.eval(x.X).flat()
		return must(value.Cast(&f, x.Type))
	case *sql.Call:
		return r.call(x)
	case *sql.Aggregate:
		return r.aggregate(x)
	}
	panic("no such expression")
}

// like matches by trying every split.
func (r *reference) like(x *sql.Like) refValue {
	v, p := r.eval(x.X), r.eval(x.Pattern)
	if v.unknown() || p.unknown() {
		return ofTruth(nil)
	}
	if v.flat().Kind != value.String || p.flat().Kind != value.String {
		panic(fault.New("LikeInvalidInputs", ""))
	}
	var match func(p, s []rune) bool
	match = func(p, s []rune) bool {
		switch {
		case len(p) == 0:
			return len(s) == 0
		case p[0] == '%':
			return match(p[1:], s) || len(s) > 0 && match(p, s[1:])
		}
		return len(s) > 0 && (p[0] == '_' || p[0] == s[0]) && match(p[1:], s[1:])
	}
	t := match([]rune(string(p.v.Text)), []rune(string(v.v.Text))) != x.Not
	return ofTruth(&t)
}

func (r *reference) call(x *sql.Call) refValue {
	var args []refValue
	for _, a := range x.Args {
		v := r.eval(a)
		if x.Func == "COALESCE" {
			if !v.unknown() {
				return v
			}
			continue
		}
		args = append(args, v)
	}
	switch x.Func {
	case "COALESCE":
		return scalar(value.NullValue)
	case "NULLIF":
		if t := compare("=", args[0], args[1]); args[0].unknown() || t != nil && *t {
			return scalar(value.NullValue)
		}
		return args[0]
	}
	kinds := map[string][]value.Kind{"SUBSTRING": {value.String, value.Int, value.Int}}[x.Func]
	if kinds == nil {
		kinds = []value.Kind{value.String, value.String}
	}
	for i, a := range args {
		if a.unknown() {
			return scalar(value.NullValue)
		}
		if a.kind != refScalar || a.v.Kind != kinds[i] {
			panic(fault.New("IncorrectSqlFunctionArgumentType", ""))
		}
	}
	s := string(args[0].v.Text)
	str := func(s string) refValue { return scalar(value.OfString([]byte(s))) }
	switch x.Func {
	case "CHAR_LENGTH":
		return scalar(value.OfInt(int64(utf8.RuneCountInString(s))))
	case "LOWER":
		return str(strings.ToLower(s))
	case "UPPER":
		return str(strings.ToUpper(s))
	case "TRIM":
		return str(strings.Trim(s, " "))
	case "SUBSTRING":
		var b strings.Builder
		for i, c := range []rune(s) {
			at := int64(i) + 1
			if at >= args[1].v.Int() && (len(args) < 3 || at < args[1].v.Int()+args[2].v.Int()) {
				b.WriteRune(c)
			}
		}
		return str(b.String())
	}
	panic("no such function in the reference")
}

func (r *reference) aggregate(x *sql.Aggregate) refValue {
	n, acc := int64(0), scalar(value.NullValue)
	for _, r.row = range r.rows {
		if x.X == nil {
			n++
			continue
		}
		v := r.eval(x.X)
		if v.unknown() {
			continue
		}
		n++
		f, a := v.flat(), acc.v
		switch c, ok := value.Compare(&f, &a); {
		case x.Func == "COUNT":
		case x.Func == "SUM" || x.Func == "AVG":
			if !f.Number() {
				panic(fault.New("IncorrectSqlFunctionArgumentType", ""))
			}
			if n > 1 {
				v = must(value.Arith('+', &a, &f))
			}
			acc = v
		case !f.Number() && f.Kind != value.Timestamp, n > 1 && !ok:
			panic(fault.New("IncorrectSqlFunctionArgumentType", ""))
		case n == 1, x.Func == "MIN" && c < 0, x.Func == "MAX" && c > 0:
			acc = v
		}
	}
	switch {
	case x.Func == "COUNT":
		return scalar(value.OfInt(n))
	case x.Func == "AVG" && n > 0:
		sum, count := acc.v, value.OfInt(n)
		if sum.Kind == value.Int {
			sum = value.OfDec(sum.AsDec())
		}
		return must(value.Arith('/', &sum, &count))
	}
	return acc
}
