package filter

import (
	"strings"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

// MarshalJSON renders the FilterCriteria of Lambda's API, as the AWS CLI takes it
// in --filter-criteria and an SDK in its FilterCriteria:
//
//	{"Filters":[{"Pattern":"{\"body\":{\"status\":[\"paid\"]}}"}]}
//
// Criteria without patterns are {"Filters":[]}, which takes all filters off a
// mapping. [Options.ParseTemplate] reads it back.
func (c *Criteria) MarshalJSON() ([]byte, error) {
	return c.appendJSON(nil, "", ""), nil
}

// CloudFormation renders the property FilterCriteria of a resource of the type
// AWS::Lambda::EventSourceMapping, for a template in JSON. [Options.ParseTemplate]
// reads it back.
func (c *Criteria) CloudFormation() string {
	return string(append(c.appendJSON([]byte("{\n  \"FilterCriteria\": "), "\n    ", "\n  "), "\n}\n"...))
}

func (c *Criteria) appendJSON(b []byte, indent, outdent string) []byte {
	b = append(append(append(b, '{'), indent...), `"Filters":`...)
	if indent != "" {
		b = append(b, ' ')
	}
	b = append(b, '[')
	for i, p := range c.patterns {
		if i > 0 {
			b = append(b, ',')
		}
		if indent != "" {
			b = append(append(b, indent...), "  "...)
		}
		b = append(b, `{"Pattern":`...)
		if indent != "" {
			b = append(b, ' ')
		}
		b = append(jsonscan.AppendQuoteBytes(b, compact(p.Text)), '}')
	}
	if len(c.patterns) > 0 {
		b = append(b, indent...)
	}
	return append(append(append(b, ']'), outdent...), '}')
}

// SAM renders the property FilterCriteria of an event of AWS SAM (or of a mapping
// in a CloudFormation template in YAML), each line indented by so many spaces:
//
//	FilterCriteria:
//	  Filters:
//	    - Pattern: '{"body":{"status":["paid"]}}'
//
// [Options.ParseTemplate] reads it back.
func (c *Criteria) SAM(indent int) string {
	margin := strings.Repeat(" ", max(0, indent))
	var s strings.Builder
	s.WriteString(margin + "FilterCriteria:\n" + margin + "  Filters:")
	if len(c.patterns) == 0 {
		s.WriteString(" []")
	}
	s.WriteByte('\n')
	for _, p := range c.patterns {
		s.WriteString(margin + "    - Pattern: '" + strings.ReplaceAll(string(compact(p.Text)), "'", "''") + "'\n")
	}
	return s.String()
}

// compact takes the white space out of JSON, and escapes in it what YAML or a
// terminal would not take as it stands.
func compact(text []byte) []byte {
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '"':
			end, err := jsonscan.SkipString(text, i)
			if err != nil {
				return text // not JSON, which Parse doesn't let happen
			}
			b = appendPrintable(b, text[i:end])
			i = end
			continue
		case c > ' ':
			b = append(b, c)
		}
		i++
	}
	return b
}

func appendPrintable(b, token []byte) []byte {
	const hex = "0123456789abcdef"
	for len(token) > 0 {
		r, n := utf8.DecodeRune(token)
		switch {
		case r == utf8.RuneError && n == 1, r >= 0x7F && r < 0xA0, r == 0x2028, r == 0x2029, r == 0xFEFF, r&0xFFFE == 0xFFFE && r <= 0xFFFF:
			b = append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		default:
			b = append(b, token[:n]...)
		}
		token = token[n:]
	}
	return b
}
