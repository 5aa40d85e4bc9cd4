// Package rank says how welcome media types are under an Accept header:
// https://www.rfc-editor.org/rfc/rfc9110#name-accept
package rank

import (
	"strconv"
	"strings"
)

// A Rank says how welcome a type is. The zero Rank: not at all.
type Rank struct {
	Q           int // quality in thousandths
	Specificity int // of the range that decides: 3 for a type, 2 for type/*, 1 for */*
	index       int // of that range in the header
}

// Better reports whether r is more welcome: by quality, among equals by the more
// specific range, then by the earlier one.
func (r Rank) Better(than Rank) bool {
	switch {
	case r.Q != than.Q:
		return r.Q > than.Q
	case r.Q == 0:
		return false
	case r.Specificity != than.Specificity:
		return r.Specificity > than.Specificity
	}
	return r.index < than.index
}

// Of returns how welcome t is under an Accept header: what the most specific
// range that covers it says. Without a header everything is welcome.
func Of(accept, t string) Rank {
	if strings.TrimSpace(accept) == "" {
		return Rank{Q: 1000, Specificity: 1}
	}
	var best Rank
	index := 0
	for element := range splitList(accept, ',') {
		index++
		name, params, _ := strings.Cut(element, ";")
		name = strings.TrimSpace(name)
		specificity := 0
		switch {
		case strings.EqualFold(name, t):
			specificity = 3
		case name == "*/*":
			specificity = 1
		default:
			if major, ok := strings.CutSuffix(name, "/*"); ok && len(t) > len(major) && t[len(major)] == '/' && strings.EqualFold(t[:len(major)], major) {
				specificity = 2
			}
		}
		if specificity > best.Specificity {
			best = Rank{Q: quality(params), Specificity: specificity, index: index}
		}
	}
	return best
}

// splitList yields the parts of a header between separators, which don't count in
// quotes.
func splitList(s string, sep byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, quoted := 0, false
		for i := 0; i < len(s); i++ {
			switch {
			case quoted && s[i] == '\\':
				i++
			case s[i] == '"':
				quoted = !quoted
			case s[i] == sep && !quoted:
				if !yield(s[start:i]) {
					return
				}
				start = i + 1
			}
		}
		yield(s[start:])
	}
}

// quality returns the q of parameters in thousandths: 1000 without one, 0 for one
// that is not from 0 to 1.
func quality(params string) int {
	for p := range splitList(params, ';') {
		name, value, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return int(q*1000 + .5)
	}
	return 1000
}
