package reference

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

func leaf(v any) test {
	switch v := v.(type) {
	case string:
		if a := Address(v); a != "" {
			return test{match: func(x Value) bool { return x.Kind == 's' && Address(x.Text) == a }}
		}
		return test{match: func(x Value) bool { return x == Value{'s', v} }}
	case json.Number:
		f, ok := Exact(v.String())
		return test{match: func(x Value) bool {
			if x.Kind != 'n' {
				return false
			}
			g, same := Exact(x.Text)
			return x.Text == v.String() || ok && same && f == g
		}}
	case bool, nil:
		return test{match: func(x Value) bool { return x == scalar(v) }}
	case object:
		if len(v) != 1 {
			fail("an operator object needs exactly one key")
		}
		return operator(v[0].name, v[0].value)
	}
	fail("an array inside an array")
	return test{}
}

func operator(name string, v any) test {
	is := func(match func(string) bool) test {
		return test{match: func(x Value) bool { return x.Kind == 's' && match(x.Text) }}
	}
	nested, _ := v.(object)
	if nested != nil && (name == "prefix" || name == "suffix") {
		if len(nested) != 1 || nested[0].name != "equals-ignore-case" {
			fail("only equals-ignore-case may be inside %s", name)
		}
		return is(textTest(name+"-ignore-case", str(nested[0].value)))
	}
	switch name {
	case "exactly", "prefix", "suffix", "equals-ignore-case", "wildcard":
		return is(textTest(name, str(v)))
	case "cidr":
		return is(cidr(str(v)))
	case "exists":
		b, ok := v.(bool)
		if !ok {
			fail("exists needs true or false")
		}
		return test{absent: !b, match: func(Value) bool { return b }}
	case "numeric":
		return numeric(v)
	case "anything-but":
		return anythingBut(v, nested)
	}
	fail("unknown operator %q", name)
	return test{}
}

func str(v any) string {
	s, ok := v.(string)
	if !ok {
		fail("%v is not a string", v)
	}
	return s
}

func anythingBut(v any, nested object) test {
	op := "exactly"
	if nested != nil {
		if len(nested) != 1 {
			fail("one key in anything-but")
		}
		op, v = nested[0].name, nested[0].value
		switch op {
		case "prefix", "suffix", "equals-ignore-case", "wildcard":
		default:
			fail("unknown operator %q in anything-but", op)
		}
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var nots []func(Value) bool
	strings, numbers := 0, 0
	for _, e := range list {
		n, isNumber := e.(json.Number)
		if isNumber && nested == nil {
			numbers++
			f := exact(n)
			nots = append(nots, func(x Value) bool {
				g, same := Exact(x.Text)
				return x.Kind == 'n' && same && f == g
			})
			continue
		}
		s := str(e)
		if s == "" && (op == "prefix" || op == "suffix") {
			fail("empty %s in anything-but", op)
		}
		strings++
		match := textTest(op, s)
		nots = append(nots, func(x Value) bool { return x.Kind == 's' && match(x.Text) })
	}
	if len(nots) == 0 || strings > 0 && numbers > 0 {
		fail("anything-but needs strings or numbers")
	}
	return test{match: func(x Value) bool {
		for _, n := range nots {
			if n(x) {
				return false
			}
		}
		return true
	}}
}

func exact(v any) float64 {
	n, ok := v.(json.Number)
	if !ok {
		fail("%v is not a number", v)
	}
	f, ok := Exact(n.String())
	if !ok {
		fail("%s cannot be compared", n)
	}
	return f
}

func numeric(v any) test {
	list, ok := v.([]any)
	if !ok || len(list) != 2 && len(list) != 4 {
		fail("numeric needs an array of two or four")
	}
	is := func(match func(float64) bool) test {
		return test{match: func(x Value) bool {
			f, ok := Exact(x.Text)
			return x.Kind == 'n' && ok && match(f)
		}}
	}
	a := exact(list[1])
	op := str(list[0])
	if len(list) == 2 {
		switch op {
		case "=":
			return is(func(f float64) bool { return f == a })
		case "<":
			return is(func(f float64) bool { return f < a })
		case "<=":
			return is(func(f float64) bool { return f <= a })
		case ">":
			return is(func(f float64) bool { return f > a })
		case ">=":
			return is(func(f float64) bool { return f >= a })
		}
		fail("unknown numeric operator %q", op)
	}
	b, top := exact(list[3]), str(list[2])
	if op != ">" && op != ">=" || top != "<" && top != "<=" || a >= b {
		fail("a range is > or >=, low, < or <=, high")
	}
	return is(func(f float64) bool {
		return (f > a || op == ">=" && f == a) && (f < b || top == "<=" && f == b)
	})
}

func textTest(op, want string) func(string) bool {
	switch op {
	case "exactly":
		return func(s string) bool { return s == want }
	case "prefix":
		return func(s string) bool { return strings.HasPrefix(s, want) }
	case "suffix":
		return func(s string) bool { return strings.HasSuffix(s, want) }
	case "equals-ignore-case":
		return func(s string) bool { return slices.Contains(fold(want, s), len(s)) }
	case "prefix-ignore-case":
		return func(s string) bool {
			return len(fold(want, s)) > 0
		}
	case "suffix-ignore-case":
		return func(s string) bool {
			for i := range len(s) + 1 {
				if slices.Contains(fold(want, s[i:]), len(s)-i) {
					return true
				}
			}
			return false
		}
	}
	checkWildcard(want)
	return func(s string) bool { return wildcard(want, s) }
}

// fold lists the lengths that the beginnings of s have which equal want without
// regard to case.
func fold(want, s string) []int {
	ends := []int{0}
	for _, r := range want {
		var next []int
		for _, i := range ends {
			for _, c := range []string{Lower(r), Upper(r)} {
				if r <= 0xFFFF && strings.HasPrefix(s[i:], c) && !slices.Contains(next, i+len(c)) {
					next = append(next, i+len(c))
				}
			}
		}
		ends = next
	}
	return ends
}

func checkWildcard(p string) {
	for i := 0; i < len(p); i++ {
		switch {
		case p[i] == '*' && i+1 < len(p) && p[i+1] == '*':
			fail("consecutive wildcards")
		case p[i] == '\\':
			if i++; i == len(p) || p[i] != '*' && p[i] != '\\' {
				fail("invalid escape in wildcard")
			}
		}
	}
}

func wildcard(p, s string) bool {
	if p == "" {
		return s == ""
	}
	switch p[0] {
	case '*':
		for i := 0; i <= len(s); i++ {
			if wildcard(p[1:], s[i:]) {
				return true
			}
		}
		return false
	case '\\':
		p = p[1:]
	}
	return s != "" && s[0] == p[0] && wildcard(p[1:], s[1:])
}

// Exact parses a number. It is false if its decimal value is not the shortest
// one of the double it is read as: such a number cannot be compared.
func Exact(text string) (float64, bool) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, false
	}
	want := decimal(text)
	if want == decimal(strconv.FormatFloat(f, 'e', -1, 64)) {
		return f, true
	}
	two := strconv.FormatFloat(f, 'e', 1, 64)
	g, _ := strconv.ParseFloat(two, 64)
	return f, g == f && want == decimal(two)
}

// decimal writes a JSON number as digits without zeros around them, and an
// exponent.
func decimal(s string) string {
	s, neg := strings.CutPrefix(s, "-")
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	e, err := strconv.Atoi(strings.TrimPrefix(exponent, "+"))
	if exponent != "" && err != nil {
		e = 1 << 28
		if exponent[0] == '-' {
			e = -e
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	e -= len(fraction)
	short := strings.TrimRight(digits, "0")
	e += len(digits) - len(short)
	if short == "" {
		return "0"
	}
	sign := ""
	if neg {
		sign = "-"
	}
	return sign + short + "e" + strconv.Itoa(e)
}

// Lower and Upper are the full mappings of the root locale for one character.
func Lower(r rune) string {
	if r == 'İ' {
		return "i̇"
	}
	return string(unicode.ToLower(r))
}

func Upper(r rune) string {
	if s := special[r]; s != "" {
		return s
	}
	return string(unicode.ToUpper(r))
}
