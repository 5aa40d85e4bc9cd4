package filter

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// ParseTemplate parses filters as they are deployed: the FilterCriteria of the
// API or of a CloudFormation template, in JSON, or one FilterCriteria block of a
// SAM template in YAML. Of YAML it reads what [Criteria.SAM] writes: patterns in
// quotes, each on its line; anything else is an error, never a guess. Text around
// the block is passed over, so a whole template.yaml with one such block will do.
func (o Options) ParseTemplate(src Source, text []byte) (*Criteria, error) {
	var patterns []string
	var err error
	if i := jsonscan.Space(text, 0); jsonscan.KindAt(text, i) == jsonscan.Object {
		patterns, err = readJSON(text)
	} else {
		patterns, err = readYAML(string(text))
	}
	if err != nil {
		return nil, fmt.Errorf("filter: invalid template: %w", err)
	}
	return o.Parse(src, patterns...)
}

func readJSON(text []byte) ([]string, error) {
	if err := jsonscan.Valid(text); err != nil {
		return nil, err
	}
	list, err := jsonscan.Find(text, "FilterCriteria", "Filters")
	if err == nil && list == nil {
		list, err = jsonscan.Find(text, "Filters")
	}
	if err != nil {
		return nil, err
	}
	if jsonscan.KindAt(list, 0) != jsonscan.Array {
		return nil, errors.New(`it has no array "Filters", nor one in "FilterCriteria"`)
	}
	var patterns []string
	a := jsonscan.WalkArray(list, 0)
	for a.Next() {
		p, err := jsonscan.Find(a.Value(), "Pattern")
		if err != nil {
			return nil, err
		}
		if jsonscan.KindAt(p, 0) != jsonscan.String {
			return nil, fmt.Errorf(`filter %d has no string "Pattern"`, len(patterns))
		}
		patterns = append(patterns, string(jsonscan.AppendString(nil, p)))
	}
	return patterns, a.Err()
}

func readYAML(text string) ([]string, error) {
	var patterns []string
	margin, found := -1, false // of the block that the line is in
	n := 0
	for line := range strings.Lines(text) {
		n++
		content := strings.TrimSpace(line)
		if content == "" || content[0] == '#' {
			continue
		}
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if margin >= 0 && indent <= margin {
			margin = -1
		}
		switch {
		case margin < 0:
			if rest, ok := strings.CutPrefix(content, "FilterCriteria:"); ok {
				if found {
					return nil, fmt.Errorf("line %d: a second FilterCriteria: give one block", n)
				}
				if rest != "" {
					return nil, fmt.Errorf("line %d: %q on the line of FilterCriteria: only a block with quoted patterns is read", n, rest)
				}
				margin, found = indent, true
			}
		case content == "Filters:", content == "Filters: []":
		default:
			scalar, ok := strings.CutPrefix(content, "- Pattern:")
			if !ok {
				return nil, fmt.Errorf("line %d: found %q where \"- Pattern:\" and a quoted pattern is expected", n, content)
			}
			p, err := unquoteYAML(strings.TrimSpace(scalar))
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			patterns = append(patterns, p)
		}
	}
	if !found {
		return nil, errors.New("it has no FilterCriteria")
	}
	return patterns, nil
}

// unquoteYAML reads a scalar in single quotes, or in double quotes with JSON's
// escapes.
func unquoteYAML(s string) (string, error) {
	if len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'' {
		inner := s[1 : len(s)-1]
		if plain := strings.ReplaceAll(inner, "''", ""); !strings.Contains(plain, "'") {
			return strings.ReplaceAll(inner, "''", "'"), nil
		}
	}
	if end, err := jsonscan.SkipString([]byte(s), 0); err == nil && end == len(s) {
		return string(jsonscan.AppendString(nil, []byte(s))), nil
	}
	return "", fmt.Errorf("found %q where a pattern in single or double quotes is expected, on one line", s)
}
