package filter_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter"
)

func jsonString(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		src           filter.Source
		pattern       string
		code, path    string
		message, hint string
	}{
		{filter.Generic, `[1]`, "invalid-pattern", "$", "JSON object", ""},
		{filter.Generic, `{"a":[1]`, "invalid-pattern", "$", "offset 8", ""},
		{filter.Generic, `{}`, "invalid-pattern", "$", "empty object", "at least one field"},
		{filter.Generic, `{"a":{"b":{}}}`, "invalid-pattern", "$.a.b", "empty object", ""},
		{filter.Generic, `{"a":[]}`, "invalid-pattern", "$.a", "empty array", "at least one value"},
		{filter.Generic, `{"a":"x"}`, "invalid-pattern", "$.a", "a string", "array"},
		{filter.Generic, `{"a b":[[1]]}`, "invalid-pattern", `$["a b"][0]`, "array inside an array", ""},
		{filter.Generic, `{"a":["x",{"numeric":[">=",5,"<=",5]}]}`, "invalid-pattern", "$.a[1].numeric", "less than the upper", `["=", number]`},
		{filter.Generic, `{"a":[{"numeric":[">",9007199254740993]}]}`, "invalid-pattern", "$.a[0].numeric[1]", "9007199254740993", "15 significant digits"},
		{filter.Generic, `{"a":[{"numeric":["=>",1]}]}`, "invalid-pattern", "$.a[0].numeric", `"=>"`, "=, <, <=, > and >="},
		{filter.Generic, `{"a":[{"Numeric":["=",1]}]}`, "invalid-pattern", "$.a[0].Numeric", `unknown operator "Numeric"`, "numeric"},
		{filter.Generic, `{"a":[{"prefix":1}]}`, "invalid-pattern", "$.a[0].prefix", "needs a string, not a number", ""},
		{filter.Generic, `{"a":[{"prefix":"a","suffix":"b"}]}`, "invalid-pattern", "$.a[0]", "exactly one key, not 2", ""},
		{filter.Generic, `{"a":[{"anything-but":["a",1]}]}`, "invalid-pattern", "$.a[0].anything-but", "mixes strings and numbers", ""},
		{filter.Generic, `{"a":[{"anything-but":[null]}]}`, "invalid-pattern", "$.a[0].anything-but[0]", "not null", ""},
		{filter.Generic, `{"a":[{"exists":"true"}]}`, "invalid-pattern", "$.a[0].exists", "true or false", ""},
		{filter.Generic, `{"a":[{"wildcard":"a**"}]}`, "invalid-pattern", "$.a[0].wildcard", "two wildcards in a row", ""},
		{filter.Generic, `{"a":[{"cidr":"10.0.0.0/33"}]}`, "invalid-pattern", "$.a[0].cidr", `"33"`, "0 to 32"},
		{filter.Generic, `{"$or":[{"a":[1]}]}`, "invalid-pattern", "$.$or", "at least two objects", ""},
		{filter.Generic, `{"$or":[{"a":[1]},{"numeric":[1]}]}`, "invalid-pattern", "$.$or[1].numeric", "reserved word", ""},
		{filter.SQS, `{"body":[` + strings.Repeat(`"0123456789",`, 400) + `1]}`, "pattern-too-long", "$", "5212 characters", "0 to 4096"},
		{filter.Kinesis, `{"data":["x"]}`, "data-not-json", "$.data", "JSON", "write fields"},
		{filter.DynamoDB, `{"dynamodb":[{"exists":true}]}`, "data-not-json", "$.dynamodb", "JSON", ""},
	} {
		_, err := filter.Parse(c.src, c.pattern)
		var p *filter.Problem
		if !errors.As(err, &p) {
			t.Errorf("Parse(%s) = %v, want a *Problem", c.pattern, err)
			continue
		}
		if p.Code != c.code || p.Path != c.path || p.Severity != filter.Error || !strings.Contains(p.Message, c.message) ||
			!strings.Contains(p.Message+p.Fix, c.hint) {
			t.Errorf("Parse(%.80s) = %+v, want %q at %s with %q and %q", c.pattern, *p, c.code, c.path, c.message, c.hint)
		}
	}
}

func TestParseReportsAllPatterns(t *testing.T) {
	_, err := filter.Parse(filter.SQS, `{"body":[]}`, `{"body":["ok"]}`, `{`)
	if err == nil || !strings.Contains(err.Error(), "filter 0: $.body") || !strings.Contains(err.Error(), "filter 2: $") {
		t.Errorf("Parse = %v, want an error of filters 0 and 2", err)
	}
	if _, err := filter.Parse(nil, `{"a":[1]}`); err == nil {
		t.Error("Parse of a nil source succeeds")
	}
}

func TestLimits(t *testing.T) {
	many := slices.Repeat([]string{`{"body":["x"]}`}, 10)
	if _, err := filter.Parse(filter.SQS, many[:5]...); err != nil {
		t.Errorf("5 filters: %v", err)
	}
	if _, err := filter.Parse(filter.SQS, many[:6]...); err == nil || !strings.Contains(err.Error(), "6 filters, allowed are 0 to 5") {
		t.Errorf("6 filters: %v", err)
	}
	if _, err := (filter.Options{MaxFilters: 10}).Parse(filter.SQS, many...); err != nil {
		t.Errorf("10 filters with the quota: %v", err)
	}
	if _, err := filter.Parse(filter.Generic, many...); err != nil {
		t.Errorf("10 patterns of Generic: %v", err)
	}
	exact := `{"body":["` + strings.Repeat("é", 4096-len(`{"body":[""]}`)) + `"]}`
	if _, err := filter.Parse(filter.SQS, exact); err != nil {
		t.Errorf("4,096 characters: %v", err)
	}
	if _, err := filter.Parse(filter.SQS, exact+" "); err == nil {
		t.Error("4,097 characters are taken")
	}
	for _, o := range []filter.Options{{MaxFilters: -1}, {MaxPatternLength: -1}, {Mode: 9}} {
		if _, err := o.Parse(filter.SQS); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

// TestTooManyCombinations multiplies ten disjunctions of two.
func TestTooManyCombinations(t *testing.T) {
	var s strings.Builder
	for i := range 10 {
		s.WriteString(`"k` + string(rune('a'+i)) + `":{"$or":[{"a":[1]},{"b":[1]}]},`)
	}
	_, err := filter.Parse(filter.Generic, "{"+strings.TrimSuffix(s.String(), ",")+"}")
	if err == nil || !strings.Contains(err.Error(), "more than 1000 combinations") {
		t.Errorf("1,024 combinations: %v", err)
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		src      filter.Source
		pattern  string
		code     string
		path     string
		severity filter.Severity
	}{
		{filter.SQS, `{"body":{"a":[{"wildcard":"x*"}]}}`, "unlisted-operator", "$.body.a[0].wildcard", filter.Warning},
		{filter.SQS, `{"body":{"a":[{"anything-but":{"prefix":"x"}}]}}`, "unlisted-operator", "$.body.a[0].anything-but.prefix", filter.Warning},
		{filter.SQS, `{"body":{"a":[{"cidr":"10.0.0.0/8"}]}}`, "unlisted-operator", "$.body.a[0].cidr", filter.Warning},
		{filter.SQS, `{"body":{"a":[{"prefix":{"equals-ignore-case":"x"}}]}}`, "unlisted-operator", "$.body.a[0].prefix.equals-ignore-case", filter.Warning},
		{filter.Generic, `{"a":[{"exactly":"x"}]}`, "undocumented-operator", "$.a[0].exactly", filter.Warning},
		{filter.Generic, `{"a":[1],"a":[2]}`, "duplicate-key", "$.a", filter.Warning},
		{filter.Generic, `{"a.b":[1],"a":{"b":[2]}}`, "overridden", "$.a.b", filter.Warning},
		{filter.Generic, `{"$or":[{"a":[1]},{"b":[1]}],"a":[2]}`, "overridden", "$.a", filter.Warning},
		{filter.Generic, `{"a":[1]}"`, "text-after-pattern", "$", filter.Warning},
		{filter.Generic, `{"a":[{"numeric":["<",6e9]}]}`, "number-domain", "$.a[0].numeric[1]", filter.Warning},
		{filter.Generic, `{"a":[{"numeric":["<",0.1234567890123456]}]}`, "number-domain", "$.a[0].numeric[1]", filter.Warning},
		{filter.Generic, `{"a":[9007199254740993]}`, "number-as-text", "$.a[0]", filter.Warning},
		{filter.Generic, `{"a":["::1"]}`, "address-literal", "$.a[0]", filter.Warning},
		{filter.Generic, `{"a":[{"numeric":[">",1.7976931348623157e308]}]}`, "empty-range", "$.a[0].numeric", filter.Error},
		{filter.SQS, `{"eventSourceARN":["x"]}`, "unfilterable-key", "$.eventSourceARN", filter.Error},
		{filter.Kinesis, `{"eventName":["x"]}`, "unfilterable-key", "$.eventName", filter.Error},
		{filter.Kinesis, `{"kinesis":{"data":{"a":[1]}}}`, "unknown-key", "$.kinesis.data.a", filter.Error},
		{filter.DynamoDB, `{"eventSource":["x"]}`, "undocumented-key", "$.eventSource", filter.Warning},
		{filter.SQS, `{"messageId":["x"]}`, "undocumented-key", "$.messageId", filter.Warning},
		{filter.SQS, `{"Body":{"a":[1]}}`, "unknown-key", "$.Body.a", filter.Error},
		{filter.SQS, `{"body":["x"],"body":{"a":[1]}}`, "mixed-formats", "$.body", filter.Error},
		{filter.DynamoDB, `{"dynamodb":{"NewImage":{"a":{"N":[1]}}}}`, "number-attribute", "$.dynamodb.NewImage.a.N", filter.Error},
		{filter.DynamoDB, `{"dynamodb":{"NewImage":{"a":{"N":[{"numeric":["<",1]}]}}}}`, "number-attribute", "$.dynamodb.NewImage.a.N", filter.Error},
		{filter.DynamoDB, `{"dynamodb":{"NewImage":{"a":["x"]}}}`, "attribute-type", "$.dynamodb.NewImage.a", filter.Error},
		{filter.DynamoDB, `{"dynamodb":{"NewImage":{"a":[{"exists":false}]}}}`, "attribute-type", "$.dynamodb.NewImage.a", filter.Error},
		{filter.DynamoDB, `{"dynamodb":{"OldImage":[{"exists":false}]}}`, "attribute-type", "$.dynamodb.OldImage", filter.Error},
		{filter.DynamoDB, `{"dynamodb":{"NewImage":{"a":{"BOOL":["true"]}}}}`, "attribute-type", "$.dynamodb.NewImage.a.BOOL", filter.Error},
	} {
		criteria, err := filter.Parse(c.src, c.pattern)
		if err != nil {
			t.Errorf("Parse(%s): %v", c.pattern, err)
			continue
		}
		if !slices.ContainsFunc(criteria.Problems(), func(p filter.Problem) bool {
			return p.Code == c.code && p.Path == c.path && p.Severity == c.severity && p.Message != ""
		}) {
			t.Errorf("problems of %s = %+v, want %s at %s", c.pattern, criteria.Problems(), c.code, c.path)
		}
		strict := c.severity == filter.Error || strings.HasSuffix(c.code, "operator") || c.code == "text-after-pattern"
		if _, err := (filter.Options{Mode: filter.Strict}).Parse(c.src, c.pattern); (err != nil) != strict {
			t.Errorf("Strict parse of %s = %v, want an error: %v", c.pattern, err, strict)
		}
	}
}

func TestNoProblems(t *testing.T) {
	for _, c := range []struct {
		src     filter.Source
		mode    filter.Mode
		pattern string
	}{
		{filter.SQS, filter.Strict, `{"body":{"a":["x",null,true,300,"",{"prefix":"a"},{"suffix":"b"},{"equals-ignore-case":"c"},{"anything-but":["d"]},{"anything-but":[1]},` +
			`{"exists":true},{"numeric":[">",0,"<=",5]}],"$or":[{"b":[1]},{"c":[{"exists":false}]}]}}`},
		{filter.SQS, filter.EventBridge, `{"body":{"a":[{"wildcard":"x*"},{"cidr":"10.0.0.0/8"},{"anything-but":{"wildcard":["a*"]}}]}}`},
		{filter.Generic, filter.Lambda, `{"a":[{"wildcard":"x*"}],"detail":{"b":[{"suffix":{"equals-ignore-case":"x"}}]}}`},
		{filter.DynamoDB, filter.Strict, `{"eventName":["INSERT"],"dynamodb":{"NewImage":{"a":{"N":["1"]},"m":{"M":{"x":{"S":["y"]}}},"l":{"L":{"S":["y"]}},"z":{"NULL":[true]}}}}`},
		{filter.Kafka, filter.Strict, `{"value":{"a":[1]},"key":["x"]}`},
	} {
		criteria, err := filter.Options{Mode: c.mode}.Parse(c.src, c.pattern)
		if err != nil || len(criteria.Problems()) > 0 {
			t.Errorf("Parse(%s) = %v, %+v, want no problems", c.pattern, err, criteria.Problems())
		}
	}
}

func TestNoPatterns(t *testing.T) {
	for _, c := range []*filter.Criteria{{}, must(t)(filter.Parse(filter.Generic))} {
		if ok, err := c.Match([]byte(`{"a":1}`)); !ok || err != nil {
			t.Errorf("Match without patterns = %v, %v, want true", ok, err)
		}
		if ok, err := c.Match([]byte(`{"a":}`)); ok || err == nil {
			t.Error("a malformed event matches")
		}
	}
}

func must(t *testing.T) func(*filter.Criteria, error) *filter.Criteria {
	return func(c *filter.Criteria, err error) *filter.Criteria {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}
