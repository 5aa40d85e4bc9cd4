package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/lambdatune/lambdatune/metrics/internal/limits"
	"github.com/lambdatune/lambdatune/metrics/internal/line"
	"github.com/prozz/aws-embedded-metrics-golang/emf"
)

// guarded is a document that passes a Guard.
type guarded struct {
	members    []member
	timestamp  int64
	logGroup   json.RawMessage
	directives []directive
	changed    bool // needs rebuilding though nothing is rejected
}

// member is a member of the document's root.
type member struct {
	name   string
	key    []byte // ,"name":
	raw    json.RawMessage
	target bool // of a metric
}

// directive is a MetricDirective with what was found to be right in it.
type directive struct {
	raw       json.RawMessage
	namespace string
	sets      [][]string
	items     []line.Item
}

var errNoDocument = errors.New("the line has a metadata object but is no valid JSON object")

// parseGuarded returns the document on the line, or nil if the line is none.
func parseGuarded(text []byte) (*guarded, error) {
	if !json.Valid(text) {
		return nil, errNoDocument
	}
	doc := &guarded{}
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return nil, errNoDocument
	}
	var aws json.RawMessage
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		var raw json.RawMessage
		if err == nil {
			err = dec.Decode(&raw)
		}
		if err != nil || !ok {
			return nil, errNoDocument
		}
		if i := slices.IndexFunc(doc.members, func(m member) bool { return m.name == name }); i >= 0 {
			doc.members = slices.Delete(doc.members, i, i+1) // the last one counts
			doc.changed = true
		}
		doc.members = append(doc.members, member{name: name, key: line.AppendKey(nil, name), raw: raw})
		if name == limits.Metadata {
			aws = raw
		}
	}
	if aws == nil {
		return nil, nil
	}
	var meta map[string]json.RawMessage
	if json.Unmarshal(aws, &meta) != nil || meta == nil {
		return nil, errors.New("its metadata, _aws, is no object")
	}
	if err := json.Unmarshal(meta["Timestamp"], &doc.timestamp); err != nil || meta["Timestamp"][0] == 'n' {
		return nil, errors.New("its Timestamp is no integer of milliseconds")
	}
	if why := limits.Timestamp(doc.timestamp, time.Now().UnixMilli()); why != "" {
		return nil, fmt.Errorf("its Timestamp is %d: %s", doc.timestamp, why)
	}
	doc.logGroup = meta["LogGroupName"]
	var directives []json.RawMessage
	if json.Unmarshal(meta["CloudWatchMetrics"], &directives) != nil {
		return nil, errors.New("its CloudWatchMetrics is no array")
	}
	for _, raw := range directives {
		doc.directives = append(doc.directives, directive{raw: raw})
	}
	return doc, nil
}

func (doc *guarded) has(name string) bool { return doc.member(name) != nil }

func (doc *guarded) member(name string) *member {
	for i := range doc.members {
		if doc.members[i].name == name {
			return &doc.members[i]
		}
	}
	return nil
}

func (d *directive) uses(name string) bool {
	return slices.ContainsFunc(d.sets, func(set []string) bool { return slices.Contains(set, name) })
}

// check finds what has to be left out of doc.
func (doc *guarded) check(rejected *rejections) {
	defined := map[string]int{}
	for i := range doc.directives {
		doc.checkDirective(&doc.directives[i], rejected)
		for k := range doc.directives[i].items {
			it := &doc.directives[i].items[k]
			doc.member(it.Name).target = true
			if first, ok := defined[it.Name]; ok {
				rejected.add("metric", it.Name, fmt.Sprintf("directives %d and %d share its one value; both publish it", first+1, i+1), 1)
			}
			defined[it.Name] = i
		}
	}
}

func (doc *guarded) checkDirective(d *directive, rejected *rejections) {
	var fields map[string]json.RawMessage
	var definitions []json.RawMessage
	if json.Unmarshal(d.raw, &fields) != nil || json.Unmarshal(fields["Metrics"], &definitions) != nil {
		rejected.add("document", "", "a metric directive has no array of metrics", 1)
		return
	}
	if len(definitions) > limits.Metrics {
		doc.changed = true
	}
	why := ""
	if json.Unmarshal(fields["Namespace"], &d.namespace) != nil {
		why = "the namespace is no string"
	} else {
		why = limits.Namespace(d.namespace)
	}
	if why != "" {
		rejected.add("namespace", d.namespace, why, 1)
		why = "its namespace was rejected: " + why
	} else if doc.checkSets(d, fields["Dimensions"], rejected); len(d.sets) == 0 {
		why = "all its dimension sets were rejected"
	}
	for _, raw := range definitions {
		it, reason := doc.checkMetric(d, raw)
		if reason == "" {
			reason = why
		}
		if i := slices.IndexFunc(d.items, func(other line.Item) bool { return other.Name == it.Name }); reason == "" && i >= 0 {
			rejected.add("metric", it.Name, "it is defined twice, so that one of its values is lost; use value arrays", 1)
			d.items = slices.Delete(d.items, i, i+1)
		}
		if reason != "" {
			rejected.add("metric", it.Name, reason, 1)
			continue
		}
		if it.Len() > limits.Values {
			doc.changed = true
		}
		d.items = append(d.items, it)
	}
}

// checkSets fills d.sets with the valid dimension sets.
func (doc *guarded) checkSets(d *directive, raw json.RawMessage, rejected *rejections) {
	var sets [][]string
	if raw != nil && json.Unmarshal(raw, &sets) != nil {
		rejected.add("dimension set", "", "Dimensions is no array of arrays of names", 1)
		return
	}
	if len(sets) == 0 {
		d.sets, doc.changed = [][]string{{}}, true
		return
	}
	for _, set := range sets {
		why := ""
		if len(set) > limits.Dimensions {
			why = strconv.Itoa(len(set)) + " dimensions, allowed are 30"
		}
		for i, name := range set {
			if why != "" {
				break
			}
			var value string
			m := doc.member(name)
			switch {
			case slices.Contains(set[:i], name):
				why = "it names the dimension twice"
			case m == nil:
				why = "the dimension has no value"
			case m.raw[0] != '"' || json.Unmarshal(m.raw, &value) != nil:
				why = "the dimension's value is no string; does a metric have its name?"
			default:
				if why = limits.DimensionName(name); why == "" {
					why = limits.DimensionValue(value)
				}
			}
			if why != "" {
				why = "dimension " + strconv.Quote(name[:min(len(name), 80)]) + ": " + why
			}
		}
		if why == "" && slices.ContainsFunc(d.sets, func(other []string) bool { return sameNames(other, set) }) {
			why = "it is given twice, which would count every value twice"
		}
		if why != "" {
			rejected.add("dimension set", "", why, 1)
			continue
		}
		d.sets = append(d.sets, set)
	}
}

// checkMetric returns a definition and its values ready for packing, or why it
// has to be left out.
func (doc *guarded) checkMetric(d *directive, raw json.RawMessage) (it line.Item, why string) {
	var def map[string]json.RawMessage
	if json.Unmarshal(raw, &def) != nil || json.Unmarshal(def["Name"], &it.Name) != nil {
		return it, "its definition has no name"
	}
	if why := limits.MetricName(it.Name); why != "" {
		return it, why
	}
	var unit emf.MetricUnit
	if u := def["Unit"]; u != nil {
		if json.Unmarshal(u, &unit) != nil {
			return it, limits.BadUnit
		}
		if _, ok := limits.Unit(unit); !ok || unit == "" {
			return it, limits.BadUnit
		}
	}
	high := false
	switch string(def["StorageResolution"]) {
	case "", "60":
	case "1":
		high = true
	default:
		return it, "its StorageResolution is neither 1 nor 60"
	}
	m := doc.member(it.Name)
	switch {
	case m == nil:
		return it, "it has no value"
	case d.uses(it.Name):
		return it, "the name is also a dimension's"
	}
	it.Def, it.Key = line.AppendDefinition(nil, it.Name, unit, high), m.key
	return it, parse(&it, m.raw)
}

// parse reads the values of a metric's target: a number, an array of numbers or
// values with counts.
func parse(it *line.Item, raw json.RawMessage) (why string) {
	number := func(raw json.RawMessage) string {
		v, err := strconv.ParseFloat(string(raw), 64)
		switch {
		case raw[0] != '-' && (raw[0] < '0' || raw[0] > '9'):
			return "its value is no number; does a property have its name?"
		case err != nil:
			return "the value is outside ±2^360"
		}
		return limits.Value(v)
	}
	switch raw[0] {
	case '[':
		var values []json.RawMessage
		if json.Unmarshal(raw, &values) != nil || len(values) == 0 {
			return "it has no values"
		}
		for _, v := range values {
			if why := number(v); why != "" {
				return why
			}
			it.Raw = append(it.Raw, v)
		}
	case '{':
		var h struct {
			Values []float64
			Counts []uint64
		}
		if json.Unmarshal(raw, &h) != nil || len(h.Values) == 0 || len(h.Values) != len(h.Counts) {
			return "its value is neither number, array of numbers nor Values with as many Counts"
		}
		for i, v := range h.Values {
			if why := limits.Value(v); why != "" {
				return why
			}
			it.Hist = append(it.Hist, line.Bucket{Value: v, Count: h.Counts[i]})
		}
	default:
		if why := number(raw); why != "" {
			return why
		}
		it.Raw = [][]byte{raw}
	}
	return ""
}

// sameNames reports whether a and b, each without duplicates, are equal sets.
func sameNames(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(name string) bool { return !slices.Contains(b, name) })
}
