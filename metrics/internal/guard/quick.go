package guard

import (
	"bytes"
	"time"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
	"github.com/lambdatune/lambdatune/metrics/internal/limits"
)

// scan looks at a document without decoding it. Its arrays make it one allocation
// less than slices would.
type scan struct {
	b       []byte
	members [64]scanned
	n       int
}

// scanned is a member of the root: its name without quotes, and its value.
type scanned struct {
	name, value []byte
	used        bool // as a metric's target
}

// quick reports whether text, which begins with a brace, is a document that can pass
// as it is, seen in one walk without allocation. It knows the shape that loggers
// write: one directive, single numbers, names without escapes. False means that the
// thorough way has to look.
func quick(text []byte) bool {
	s := scan{b: text}
	var metadata []byte
	root := jsonscan.WalkObject(text, 0)
	for root.Next() {
		name, ok := plain(root.NameToken())
		if !ok || s.n == len(s.members) || s.find(name) != nil {
			return false
		}
		s.members[s.n] = scanned{name: name, value: root.Value()}
		if string(name) == limits.Metadata {
			metadata = s.members[s.n].value
		}
		s.n++
	}
	if root.Err() != nil || jsonscan.End(text, root.End()) != nil || metadata == nil || metadata[0] != '{' {
		return false
	}
	var timestamp, directives []byte
	meta := jsonscan.WalkObject(metadata, 0)
	for meta.Next() {
		switch string(meta.NameToken()) {
		case `"Timestamp"`:
			if timestamp != nil {
				return false
			}
			timestamp = meta.Value()
		case `"CloudWatchMetrics"`:
			if directives != nil {
				return false
			}
			directives = meta.Value()
		case `"LogGroupName"`:
		default:
			return false
		}
	}
	ms, ok := jsonscan.ParseInt(timestamp)
	if !ok || limits.Timestamp(ms, time.Now().UnixMilli()) != "" || directives == nil || directives[0] != '[' {
		return false
	}
	n := 0
	list := jsonscan.WalkArray(directives, 0)
	for list.Next() {
		if n++; n > 1 || !s.directive(list.Value()) {
			return false
		}
	}
	return n == 1
}

func (s *scan) directive(text []byte) bool {
	if text[0] != '{' {
		return false
	}
	var namespace, dimensions, metrics []byte
	members := jsonscan.WalkObject(text, 0)
	for members.Next() {
		var to *[]byte
		switch string(members.NameToken()) {
		case `"Namespace"`:
			to = &namespace
		case `"Dimensions"`:
			to = &dimensions
		case `"Metrics"`:
			to = &metrics
		}
		if to == nil || *to != nil {
			return false
		}
		*to = members.Value()
	}
	name, ok := plain(namespace)
	return ok && limits.Namespace(string(name)) == "" && s.sets(dimensions) && s.metrics(metrics)
}

// sets checks the dimension sets.
func (s *scan) sets(text []byte) bool {
	if len(text) == 0 || text[0] != '[' {
		return false
	}
	n, previous := 0, -1
	sets := jsonscan.WalkArray(text, 0)
	for sets.Next() {
		set := sets.Value()
		if set[0] != '[' {
			return false
		}
		keys := 0
		var names [limits.Dimensions][]byte
		list := jsonscan.WalkArray(set, 0)
		for list.Next() {
			name, ok := plain(list.Value())
			if !ok || keys == limits.Dimensions || limits.DimensionName(string(name)) != "" {
				return false
			}
			for _, other := range names[:keys] {
				if bytes.Equal(other, name) {
					return false
				}
			}
			names[keys] = name
			keys++
			m := s.find(name)
			if m == nil {
				return false
			}
			if value, ok := plain(m.value); !ok || limits.DimensionValue(string(value)) != "" {
				return false
			}
		}
		// Sets that grow can't be equal; anything else is for the thorough way.
		if n++; keys <= previous {
			return false
		}
		previous = keys
	}
	return n > 0
}

// metrics checks the definitions and their targets.
func (s *scan) metrics(text []byte) bool {
	if len(text) == 0 || text[0] != '[' {
		return false
	}
	n := 0
	list := jsonscan.WalkArray(text, 0)
	for list.Next() {
		def := list.Value()
		if n++; n > limits.Metrics || def[0] != '{' {
			return false
		}
		var name, unit, resolution []byte
		members := jsonscan.WalkObject(def, 0)
		for members.Next() {
			var to *[]byte
			switch string(members.NameToken()) {
			case `"Name"`:
				to = &name
			case `"Unit"`:
				to = &unit
			case `"StorageResolution"`:
				to = &resolution
			}
			if to == nil || *to != nil {
				return false
			}
			*to = members.Value()
		}
		key, ok := plain(name)
		if !ok || limits.MetricName(string(key)) != "" {
			return false
		}
		if unit != nil {
			if u, ok := plain(unit); !ok || len(u) == 0 || !limits.IsUnit(u) {
				return false
			}
		}
		if resolution != nil && string(resolution) != "1" && string(resolution) != "60" {
			return false
		}
		m := s.find(key)
		if m == nil || m.used {
			return false
		}
		m.used = true
		if v, ok := jsonscan.ParseFloat(m.value); !ok || !limits.InRange(v) {
			return false
		}
	}
	return true
}

func (s *scan) find(name []byte) *scanned {
	for i := range s.members[:s.n] {
		if m := &s.members[i]; bytes.Equal(m.name, name) {
			return m
		}
	}
	return nil
}

// plain returns what a string token stands for, if it stands there as it is.
func plain(token []byte) ([]byte, bool) {
	if len(token) < 2 || token[0] != '"' {
		return nil, false
	}
	for _, c := range token[1 : len(token)-1] {
		if c == '\\' || c >= 0x80 {
			return nil, false
		}
	}
	return token[1 : len(token)-1], true
}
