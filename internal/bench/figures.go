package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// A figure is one unit of one benchmark of one suite.
type figure struct{ suite, name, unit string }

// figures are what was measured, once per pass, and on what.
type figures struct {
	values map[figure][]float64
	config map[string]string
}

// read takes results in the format of Go's benchmarks. Times are in seconds and
// rates in bytes per second, as package benchfmt has them.
func read(results []byte) (*figures, error) {
	f := &figures{map[figure][]float64{}, map[string]string{}}
	r := benchfmt.NewReader(bytes.NewReader(results), resultsFile)
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, rec
		case *benchfmt.Result:
			for _, c := range rec.Config {
				f.config[c.Key] = string(c.Value)
			}
			name := rec.Name.String()
			if _, parts := rec.Name.Parts(); len(parts) > 0 && parts[len(parts)-1][0] == '-' {
				procs := string(parts[len(parts)-1])
				name = strings.TrimSuffix(name, procs)
				f.config["gomaxprocs"] = procs[1:]
			}
			for _, v := range rec.Values {
				key := figure{rec.GetConfig("suite"), name, v.Unit}
				f.values[key] = append(f.values[key], v.Value)
			}
		}
	}
	return f, r.Err()
}

// median is of «suite:Name/of=benchmark» in a unit. It is an error if there is no
// such figure: a table says nothing that was not measured.
func (f *figures) median(benchmark, unit string) (float64, error) {
	suite, name, ok := strings.Cut(benchmark, ":")
	values := f.values[figure{suite, name, unit}]
	if !ok || len(values) == 0 {
		return 0, fmt.Errorf("no figure of %s in %s", benchmark, unit)
	}
	return medianOf(values), nil
}

func medianOf(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// medians are of all benchmarks of a suite that «suite:regexp» matches as a whole.
func (f *figures) medians(pattern, unit string) ([]float64, error) {
	suite, expr, _ := strings.Cut(pattern, ":")
	re, err := regexp.Compile("^(?:" + expr + ")$")
	if err != nil {
		return nil, err
	}
	var all []float64
	for k, v := range f.values {
		if k.suite == suite && k.unit == unit && re.MatchString(k.name) {
			all = append(all, medianOf(v))
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no figure of %s in %s", pattern, unit)
	}
	slices.Sort(all)
	return all, nil
}

// ratios are of the medians of two kinds of benchmarks, pairs of which have the
// same text where the patterns have their group. They are sorted, and never none.
func (f *figures) ratios(above, below string) ([]float64, error) {
	var all []float64
	for k := range f.values {
		if k.unit != "sec/op" {
			continue
		}
		shared := group(above, k)
		if shared == "" {
			continue
		}
		for other := range f.values {
			if other.unit == k.unit && group(below, other) == shared {
				all = append(all, medianOf(f.values[k])/medianOf(f.values[other]))
			}
		}
	}
	if len(all) == 0 {
		return []float64{0}, fmt.Errorf("no pairs of %s and %s", above, below)
	}
	slices.Sort(all)
	return all, nil
}

// group is what the first group of «suite:regexp» takes of a figure's name.
func group(pattern string, k figure) string {
	suite, expr, _ := strings.Cut(pattern, ":")
	if m := regexp.MustCompile("^" + expr + "$").FindStringSubmatch(k.name); suite == k.suite && m != nil {
		return m[1]
	}
	return ""
}

// The functions of the templates.

func (f *figures) funcs() map[string]any {
	unitOr := func(unit []string) string {
		if len(unit) > 0 {
			return unit[0]
		}
		return "sec/op"
	}
	one := func(benchmark string, unit ...string) (float64, error) { return f.median(benchmark, unitOr(unit)) }
	many := func(reduce func([]float64) float64) func(string, ...string) (float64, error) {
		return func(pattern string, unit ...string) (float64, error) {
			v, err := f.medians(pattern, unitOr(unit))
			if err != nil {
				return 0, err
			}
			return reduce(v), nil
		}
	}
	return map[string]any{
		// figures
		"median": one,
		"ratio": func(a, b string, unit ...string) (float64, error) {
			x, err1 := one(a, unit...)
			y, err2 := one(b, unit...)
			return x / y, errors.Join(err1, err2)
		},
		"least": many(func(v []float64) float64 { return v[0] }),
		"most":  many(func(v []float64) float64 { return v[len(v)-1] }),
		"sum": many(func(v []float64) (n float64) {
			for _, x := range v {
				n += x
			}
			return n
		}),
		"ratioUnits": func(benchmark, a, b string) (float64, error) {
			x, err1 := f.median(benchmark, a)
			y, err2 := f.median(benchmark, b)
			return x / y, errors.Join(err1, err2)
		},
		"leastRatio": func(a, b string) (float64, error) {
			v, err := f.ratios(a, b)
			return v[0], err
		},
		"mostRatio": func(a, b string) (float64, error) {
			v, err := f.ratios(a, b)
			return v[len(v)-1], err
		},
		"config": func(key string) string { return f.config[key] },
		// how they are written
		"times":   times,
		"time":    seconds,
		"count":   count,
		"mega":    mega,
		"percent": percent,
		"fixed":   func(digits int, v float64) string { return fmt.Sprintf("%.*f", digits, v) },
	}
}

// times writes a ratio with two digits or so.
func times(v float64) string {
	switch {
	case v < 0.995:
		return fmt.Sprintf("%.2f×", v)
	case v < 9.95:
		return fmt.Sprintf("%.1f×", v)
	}
	return count(v) + "×"
}

// seconds writes a duration with two or three digits.
func seconds(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}} {
		if v >= 0.9995*u.size {
			return digits(v/u.size) + " " + u.name
		}
	}
	return digits(v/1e-9) + " ns"
}

func digits(v float64) string {
	switch {
	case v < 9.95:
		return fmt.Sprintf("%.1f", v)
	case v < 99.5:
		return fmt.Sprintf("%.0f", v)
	}
	return count(v)
}

// percent writes a share, and all or nothing only where it is that.
func percent(v float64) string {
	switch {
	case v > 0 && v < 0.0005:
		return "< 0.1 %"
	case v < 1 && v > 0.9995:
		return "> 99.9 %"
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", 100*v), ".0") + " %"
}

// count writes a whole number, with commas from 1,000 on.
func count(v float64) string {
	s := fmt.Sprintf("%.0f", math.Abs(v))
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if v <= -0.5 {
		s = "-" + s
	}
	return s
}

// mega writes megabytes.
func mega(digits int, v float64) string {
	if digits == 0 {
		return count(v / 1e6)
	}
	return fmt.Sprintf("%.*f", digits, v/1e6)
}
