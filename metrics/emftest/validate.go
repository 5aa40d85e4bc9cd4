package emftest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const maxEvent = 1024*1024 - 26 // PutLogEvents adds 26 bytes to each event of at most 1 MiB

// The unit's pattern, as in the specification's schema.
var unitPattern = regexp.MustCompile(`^(Seconds|Microseconds|Milliseconds|Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|Gigabits|Terabits|Percent|Count|Bytes/Second|Kilobytes/Second|Megabytes/Second|Gigabytes/Second|Terabytes/Second|Bits/Second|Kilobits/Second|Megabits/Second|Gigabits/Second|Terabits/Second|Count/Second|None)$`)

var (
	namespacePattern = regexp.MustCompile(`^[-A-Za-z0-9._/# ][-A-Za-z0-9._/#: ]*$`)
	asciiPattern     = regexp.MustCompile(`^[ -~]*[!-~][ -~]*$`)
	linePattern      = regexp.MustCompile(`^(.*)$`)
)

type validator struct {
	members map[string]any
	now     time.Time
	doc     *Document
	errs    []error
}

func (v *validator) fail(format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf("emftest: "+format, args...))
}

// object returns x as an object with the required members and none but the allowed
// ones.
func (v *validator) object(what string, x any, required, optional []string) map[string]any {
	m, ok := x.(map[string]any)
	if !ok {
		v.fail("%s is no object", what)
		return nil
	}
	allowed := map[string]bool{}
	for _, name := range append(append([]string{}, required...), optional...) {
		allowed[name] = true
	}
	for _, name := range required {
		if _, ok := m[name]; !ok {
			v.fail("%s has no %s", what, name)
		}
	}
	for name := range m {
		if !allowed[name] {
			v.fail("%s has a member %q that the specification does not know", what, name)
		}
	}
	return m
}

func (v *validator) array(what string, x any, atLeast, atMost int) []any {
	a, ok := x.([]any)
	if !ok {
		v.fail("%s is no array", what)
		return nil
	}
	if len(a) < atLeast || len(a) > atMost {
		v.fail("%s has %d elements, allowed are %d to %d", what, len(a), atLeast, atMost)
	}
	return a
}

func (v *validator) text(what string, x any, atMost int, pattern *regexp.Regexp) string {
	s, ok := x.(string)
	switch {
	case !ok:
		v.fail("%s is no string", what)
	case s == "":
		v.fail("%s is empty", what)
	case utf8.RuneCountInString(s) > atMost:
		v.fail("%s has %d characters, allowed are %d", what, utf8.RuneCountInString(s), atMost)
	case !pattern.MatchString(s):
		v.fail("%s has characters that are not allowed: %.80q", what, s)
	case strings.TrimSpace(s) == "":
		v.fail("%s is blank", what)
	}
	return s
}

func (v *validator) metadata(x any) {
	m := v.object("_aws", x, []string{"Timestamp", "CloudWatchMetrics"}, []string{"LogGroupName", "LogStreamName"})
	if m == nil {
		return
	}
	n, _ := m["Timestamp"].(json.Number)
	ms, err := strconv.ParseInt(string(n), 10, 64)
	if err != nil {
		v.fail("Timestamp is no integer of milliseconds")
	}
	v.doc.Timestamp = time.UnixMilli(ms)
	if !v.now.IsZero() && (v.doc.Timestamp.Before(v.now.AddDate(0, 0, -14)) || v.doc.Timestamp.After(v.now.Add(2*time.Hour))) {
		v.fail("Timestamp %v is not between 14 days before and 2 hours after %v", v.doc.Timestamp.UTC(), v.now.UTC())
	}
	for _, d := range v.array("CloudWatchMetrics", m["CloudWatchMetrics"], 0, 1<<20) {
		v.directive(d)
	}
}

func (v *validator) directive(x any) {
	m := v.object("MetricDirective", x, []string{"Namespace", "Dimensions", "Metrics"}, nil)
	if m == nil {
		return
	}
	namespace := v.text("Namespace", m["Namespace"], 255, namespacePattern)
	if strings.HasPrefix(namespace, "AWS/") {
		v.fail("Namespace %q belongs to AWS", namespace)
	}
	var sets []map[string]string
	for _, x := range v.array("Dimensions", m["Dimensions"], 1, 1<<20) {
		set := map[string]string{}
		for _, x := range v.array("DimensionSet", x, 0, 30) {
			name, value := v.dimension(x)
			if _, ok := set[name]; ok {
				v.fail("DimensionSet has %q twice", name)
			}
			set[name] = value
		}
		for _, other := range sets {
			if equalSets(set, other) {
				v.fail("DimensionSet %v occurs twice: its values would count twice", set)
			}
		}
		sets = append(sets, set)
	}
	names := map[string]bool{}
	for _, x := range v.array("Metrics", m["Metrics"], 0, 100) {
		metric := v.definition(x)
		if names[metric.Name] {
			v.fail("metric %q is defined twice", metric.Name)
		}
		names[metric.Name] = true
		metric.Namespace, metric.DimensionSets = namespace, sets
		v.doc.Metrics = append(v.doc.Metrics, metric)
	}
}

func (v *validator) dimension(x any) (name, value string) {
	name = v.text("dimension name", x, 250, asciiPattern)
	if strings.HasPrefix(name, ":") {
		v.fail("dimension name %q starts with a colon", name)
	}
	member, ok := v.members[name]
	if !ok {
		v.fail("dimension %.80q has no value in the document", name)
		return name, ""
	}
	return name, v.text(fmt.Sprintf("value of dimension %.80q", name), member, 1024, asciiPattern)
}

func (v *validator) definition(x any) Metric {
	out := Metric{Unit: "None", StorageResolution: 60}
	m := v.object("MetricDefinition", x, []string{"Name"}, []string{"Unit", "StorageResolution"})
	if m == nil {
		return out
	}
	out.Name = v.text("metric name", m["Name"], 255, linePattern)
	if unit, ok := m["Unit"]; ok {
		out.Unit = v.text("Unit", unit, 255, unitPattern)
	}
	if r, ok := m["StorageResolution"]; ok {
		switch r {
		case json.Number("1"):
			out.StorageResolution = 1
		case json.Number("60"):
		default:
			v.fail("StorageResolution of %.80q is %v, not 1 or 60", out.Name, r)
		}
	}
	target, ok := v.members[out.Name]
	if !ok || out.Name == "_aws" {
		v.fail("metric %.80q has no target in the document", out.Name)
		return out
	}
	switch target := target.(type) {
	case json.Number:
		out.Values = []float64{v.number(out.Name, target)}
	case []any:
		for _, x := range v.array(fmt.Sprintf("target of %.80q", out.Name), target, 1, 100) {
			out.Values = append(out.Values, v.number(out.Name, x))
		}
	case map[string]any:
		v.counted(&out, target)
	default:
		v.fail("target of metric %.80q is no number", out.Name)
	}
	return out
}

// counted reads the form with values and counts, which the specification does not
// have, but AWS's libraries emit.
func (v *validator) counted(out *Metric, target map[string]any) {
	what := fmt.Sprintf("target of %.80q", out.Name)
	v.object(what, target, []string{"Values", "Counts"}, nil)
	values := v.array(what+": Values", target["Values"], 1, 100)
	counts := v.array(what+": Counts", target["Counts"], 1, 100)
	if len(values) != len(counts) {
		v.fail("%s has %d values and %d counts", what, len(values), len(counts))
		return
	}
	for i := range values {
		out.Values = append(out.Values, v.number(out.Name, values[i]))
		n, _ := counts[i].(json.Number)
		count, err := strconv.ParseUint(string(n), 10, 64)
		if err != nil || count == 0 {
			v.fail("%s has a count that is no positive integer", what)
		}
		out.Counts = append(out.Counts, count)
	}
}

func (v *validator) number(name string, x any) float64 {
	n, ok := x.(json.Number)
	if !ok {
		v.fail("a value of metric %.80q is no number", name)
		return 0
	}
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil || f > 1<<360 || f < -1<<360 {
		v.fail("value %s of metric %.80q is outside ±2^360", n, name)
	}
	return f
}

func equalSets(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if _, ok := b[name]; !ok {
			return false
		}
	}
	return true
}
