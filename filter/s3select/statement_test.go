package s3select_test

import (
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

const (
	rules = `{"Rules":[{"id":"1"},{"expr":"y > x"},{"id":"2","expr":"z = DEBUG"}]}` + "\n" + `{"created":"June 27"}` + "\n"
	books = `{"books":[{"price":10,"t":{"x":1}},{"price":null},{"other":1}],"empty":[],"obj":{"a":1,"b":[2,3]}}` + "\n"
	mixed = `{"NAME":"up","name":"low","x":1}` + "\n"
	nums  = `{"n":1}` + "\n" + `{"n":2}` + "\n" + `{"n":null}` + "\n" + `{"m":9}` + "\n" + `{"n":2.5}` + "\n"
)

func TestJSONStatements(t *testing.T) {
	for _, c := range []struct{ sql, data, want string }{
		// FROM.
		{"SELECT * FROM S3Object", rules, rules},
		{"select * from s3object[*] s", rules, rules},
		{"SELECT _1.id FROM S3Object[*].Rules[*]", rules, "{\"id\":\"1\"}\n{}\n{\"id\":\"2\"}\n{}\n"},
		{"SELECT id FROM S3Object[*].Rules[*].id", rules, "{\"id\":\"1\"}\n{}\n{\"id\":\"2\"}\n{}\n"},
		{"SELECT * FROM S3Object[*].Rules[*].id", rules, "{\"_1\":\"1\"}\n{}\n{\"_1\":\"2\"}\n{}\n"},
		{"SELECT * FROM S3Object[*].rules[*]", rules, "{\"id\":\"1\"}\n{\"expr\":\"y > x\"}\n{\"id\":\"2\",\"expr\":\"z = DEBUG\"}\n{}\n"},
		{"SELECT * FROM S3Object[*].\"rules\"[*]", rules, "{}\n{}\n"},
		{"SELECT * FROM S3Object[*]['Rules'][0]", rules, "{\"id\":\"1\"}\n{}\n"},
		{"SELECT price FROM S3Object[*].books[*].price", books, "{\"price\":10}\n{\"price\":null}\n{}\n"},
		{"SELECT p FROM S3Object[*].books[*].price AS p WHERE p IS NOT NULL", books, "{\"p\":10}\n"},
		{"SELECT b.t.x, b.price p FROM S3Object[*].books[*] b LIMIT 1", books, "{\"x\":1,\"p\":10}\n"},
		{"SELECT * FROM S3Object[*].empty[*]", books, "{}\n"},
		{"SELECT * FROM S3Object[*].obj.*", books, "{\"_1\":1}\n{\"_1\":[2,3]}\n"},
		{"SELECT * FROM S3Object[*].obj.b[*]", books, "{\"_1\":2}\n{\"_1\":3}\n"},
		{"SELECT * FROM S3Object[*].nothing[*].x", books, "{}\n"},
		{"SELECT * FROM S3Object[*][*]", `[{"a":1},{"a":2}]`, "{\"a\":1}\n{\"a\":2}\n"},
		{"SELECT COUNT(*) FROM S3Object[*].Rules[*].id", rules, "{\"_1\":4}\n"},
		{"SELECT COUNT(id) FROM S3Object[*].Rules[*].id", rules, "{\"_1\":2}\n"},
		{"SELECT s.x FROM S3Object.x s", rules, "InvalidKeyPath"},
		{"SELECT * FROM other", rules, "InvalidDataSource"},
		{"SELECT * FROM S3Object, S3Object", rules, "MultipleDataSourcesUnsupported"},
		{"SELECT * FROM S3Object JOIN x", rules, "ParseMalformedJoin"},
		// Names.
		{"SELECT s.x, S.X y FROM S3Object s", mixed, "{\"x\":1,\"y\":1}\n"},
		{"SELECT s.name FROM S3Object s", mixed, "AmbiguousFieldName"},
		{"SELECT s.x FROM S3Object s WHERE name = 'up'", mixed, "AmbiguousFieldName"},
		{`SELECT s."name", s."NAME", s."Name" FROM S3Object s`, mixed, "{\"name\":\"low\",\"NAME\":\"up\"}\n"},
		{`SELECT s.x FROM S3Object s WHERE s."name" = 'low'`, mixed, "{\"x\":1}\n"},
		{"SELECT S3Object.x FROM S3Object", mixed, "{\"x\":1}\n"},
		{`SELECT "s".x FROM S3Object s`, mixed, "{\"x\":1}\n"},
		{`SELECT "S".x FROM S3Object s`, mixed, "{}\n"},
		{"SELECT a FROM S3Object", `{"a":1,"a":2}`, "AmbiguousFieldName"},
		{`SELECT "a" FROM S3Object`, `{"a":1,"a":2}`, "{\"a\":1}\n"},
		{"SELECT a FROM S3Object", `{"b":{"A":5},"a":1,"c":"\"A\":"}`, "{\"a\":1}\n"},
		{"SELECT a FROM S3Object", `{"a":1,"\u0041":2}`, "AmbiguousFieldName"},
		{"SELECT a FROM S3Object", `{"a":1,"some text to be read over":"in words of eight","A":2}`, "AmbiguousFieldName"},
		{`SELECT s."A"[0], s.A FROM S3Object s`, `{"a":1,"A":[]}`, "AmbiguousFieldName"},
		{`SELECT s."A".b, s.A FROM S3Object s`, `{"a":1,"A":{}}`, "AmbiguousFieldName"},
		{`SELECT s."A".x, s.A.y, s.b FROM S3Object s`, `{"\u0041":{"\u0062":1},"b":5}`, "{\"b\":5}\n"},
		{"SELECT München FROM S3Object", `{"München":1,"MÜNCHEN":2}`, "AmbiguousFieldName"},
		{"SELECT a FROM S3Object", `{"a":1,"b":"\\"}x`, "JSONParsingError"}, // the walk goes on because of the backslash
		{"SELECT s.a.b.c FROM S3Object s", `{"a":{"b":{"c":[1, {"d" : "\u00e9"}]}}}`, "{\"c\":[1,{\"d\":\"é\"}]}\n"},
		{"SELECT s.a[1][0], s.a[9], s.a[0] z FROM S3Object s", `{"a":[1,[2]]}`, "{\"_1\":2,\"z\":1}\n"},
		{"SELECT 'über' AS \"é\" FROM S3Object", "{}", "{\"é\":\"über\"}\n"},
		{"SELECT MÜNCHEN FROM S3Object", `{"München":1}`, "{\"MÜNCHEN\":1}\n"},
		// The SELECT list.
		{"SELECT s.*, 1 AS one FROM S3Object s", `{"a":1, "b":[ ]}`, "{\"a\":1,\"b\":[],\"one\":1}\n"},
		{"SELECT s.o.* FROM S3Object s", `{"o":{"a":1}}`, "{\"a\":1}\n"},
		{"SELECT s FROM S3Object s", `{"o":1}`, "{\"s\":{\"o\":1}}\n"},
		{"SELECT a, a, 1+1, 'x' FROM S3Object", `{"a":1}`, "{\"a\":1,\"a\":1,\"_3\":2,\"_4\":\"x\"}\n"},
		{"SELECT *, a FROM S3Object", "{}", "ParseAsteriskIsNotAloneInSelectList"},
		{"SELECT a, * FROM S3Object", "{}", "ParseAsteriskIsNotAloneInSelectList"},
		{"SELECT s[0].* FROM S3Object s", "{}", "ParseCannotMixSqbAndWildcardInSelectList"},
		{"SELECT s.*.a FROM S3Object s", "{}", "ParseInvalidContextForWildcardInSelectList"},
		{"SELECT s[*] FROM S3Object s", "{}", "ParseInvalidContextForWildcardInSelectList"},
		{"SELECT FROM S3Object", "{}", "ParseEmptySelect"},
		{"SELECT a", "{}", "ParseSelectMissingFrom"},
		{"SELECT a AS date FROM S3Object", "{}", "ParseExpectedIdentForAlias"},
		{"SELECT a AS FROM S3Object", "{}", "ParseExpectedIdentForAlias"},
		{"SELECT DISTINCT a FROM S3Object", "{}", "ParseUnsupportedSelect"},
		{"INSERT INTO S3Object", "{}", "ParseExpectedKeyword"},
		{"", "{}", "ParseExpectedKeyword"},
		// WHERE.
		{"SELECT n FROM S3Object WHERE n > 1", nums, "{\"n\":2}\n{\"n\":2.5}\n"},
		{"SELECT n FROM S3Object WHERE n = 2", nums, "{\"n\":2}\n"},
		{"SELECT n FROM S3Object WHERE 2 < n", nums, "{\"n\":2.5}\n"},
		{"SELECT n FROM S3Object WHERE n <> 2", nums, "{\"n\":1}\n{\"n\":2.5}\n"},
		{"SELECT n FROM S3Object WHERE n IS MISSING", nums, "{}\n"},
		{"SELECT n FROM S3Object WHERE n IS NULL", nums, "{\"n\":null}\n{}\n"},
		{"SELECT n FROM S3Object WHERE n IN (1, 2.5)", nums, "{\"n\":1}\n{\"n\":2.5}\n"},
		{"SELECT n FROM S3Object WHERE NOT n = 2", nums, "{\"n\":1}\n{\"n\":2.5}\n"},
		{"SELECT n FROM S3Object WHERE n = '2'", nums, ""},
		{"SELECT n FROM S3Object WHERE n < 'x'", nums, ""},
		{"SELECT 1 AS r FROM S3Object WHERE 'b' IN tags", `{"tags":["a","b"]}`, "{\"r\":1}\n"},
		{"SELECT 1 AS r FROM S3Object WHERE s = 'a\"b'", `{"s":"a\"b"}`, "{\"r\":1}\n"},
		{"SELECT 1 AS r FROM S3Object WHERE s = 'é'", `{"s":"\u00e9"}`, "{\"r\":1}\n"},
		{"SELECT 1 AS r FROM S3Object WHERE COUNT(*) > 1", "{}", "UnsupportedSqlStructure"},
		{"SELECT 1 AS r FROM S3Object WHERE 1", "{}", "IncorrectSqlFunctionArgumentType"},
		{"SELECT 1 AS r FROM S3Object WHERE b", `{"b":true}` + "\n" + `{"b":false}` + "\n" + `{"b":"true"}`, "{\"r\":1}\n"},
		// Aggregates.
		{"SELECT COUNT(*), COUNT(n), SUM(n), AVG(n), MIN(n), MAX(n) FROM S3Object", nums, "{\"_1\":5,\"_2\":3,\"_3\":5.5,\"_4\":1.8333333333333333333333333333333333333,\"_5\":1,\"_6\":2.5}\n"},
		{"SELECT SUM(n) AS s, AVG(n) AS a, MIN(n) AS i, COUNT(n) AS c FROM S3Object WHERE n > 9", nums, "{\"s\":null,\"a\":null,\"i\":null,\"c\":0}\n"},
		{"SELECT AVG(n) AS a FROM S3Object WHERE n < 2.1", nums, "{\"a\":1.5}\n"},
		{"SELECT SUM(n)/COUNT(n)+1 AS a FROM S3Object WHERE n < 2.1", nums, "{\"a\":2}\n"},
		{"SELECT MAX(s) AS a FROM S3Object", `{"s":"9"}` + "\n" + `{"s":"10"}`, "IncorrectSqlFunctionArgumentType"},
		{"SELECT MAX(CAST(s AS TIMESTAMP)) AS a FROM S3Object", `{"s":"2010T"}` + "\n" + `{"s":"2011T"}`, "{\"a\":\"2011T\"}\n"},
		{"SELECT SUM(s) AS a FROM S3Object", `{"s":"b"}`, "IncorrectSqlFunctionArgumentType"},
		{"SELECT SUM(n) AS a FROM S3Object", `{"n":9223372036854775807}` + "\n" + `{"n":1}`, "IntegerOverflow"},
		{"SELECT AVG(n) AS a FROM S3Object", `{"n":9223372036854775807}` + "\n" + `{"n":9223372036854775807}`, "{\"a\":9223372036854775807}\n"},
		{"SELECT COUNT(*), n FROM S3Object", nums, "UnsupportedSqlStructure"},
		{"SELECT SUM(COUNT(n)) FROM S3Object", nums, "UnsupportedSqlStructure"},
		// LIMIT.
		{"SELECT n FROM S3Object LIMIT 2", nums, "{\"n\":1}\n{\"n\":2}\n"},
		{"SELECT n FROM S3Object LIMIT 0", nums, ""},
		{"SELECT n FROM S3Object LIMIT 99", "", ""},
		{"SELECT n FROM S3Object LIMIT -1", nums, "EvaluatorNegativeLimit"},
		{"SELECT n FROM S3Object LIMIT 1.5", nums, "ParseExpectedNumber"},
		{"SELECT n FROM S3Object LIMIT x", nums, "ParseExpectedNumber"},
		{"SELECT COUNT(*) AS c FROM S3Object LIMIT 1", nums, "{\"c\":5}\n"},
		// Not supported.
		{"SELECT n FROM S3Object GROUP BY n", nums, "ParseExpectedIdentForGroupName"},
		{"SELECT n FROM S3Object ORDER BY n", nums, "UnsupportedSqlStructure"},
		{"SELECT n FROM S3Object LIMIT 1 OFFSET 1", nums, "ParseUnexpectedToken"},
		{"SELECT n FROM (SELECT n FROM S3Object)", nums, "UnsupportedSqlStructure"},
		{"SELECT n FROM S3Object WHERE n IN (SELECT 1 FROM S3Object)", nums, "UnsupportedSqlStructure"},
		{"SELECT n FROM S3Object WHERE n = ?", nums, "InvalidRequestParameter"},
		// Values.
		{"SELECT a, b, c FROM S3Object", `{"a":1.50,"b":1e3,"c":12345678901234567890}`, "{\"a\":1.50,\"b\":1e3,\"c\":12345678901234567890}\n"},
		{"SELECT a+1 AS a, b+1 AS b, c+1 AS c FROM S3Object", `{"a":1.50,"b":1e3,"c":12345678901234567890}`, "{\"a\":2.50,\"b\":1001,\"c\":12345678901234567891}\n"},
		{"SELECT * FROM S3Object", "5\n\"x\"\nnull\n[1, 2]\n", "{\"_1\":5}\n{\"_1\":\"x\"}\n{\"_1\":null}\n{\"_1\":[1,2]}\n"},
		{"SELECT -- all\n a /* of them */ FROM S3Object", `{"a":1}`, "{\"a\":1}\n"},
		// Broken input.
		{"SELECT a FROM S3Object", "{\"a\":1}\nnope\n", "JSONParsingError"},
		{"SELECT * FROM S3Object", `{"a":1`, "JSONParsingError"},
		{"SELECT * FROM S3Object", `{"a":1} x`, "JSONParsingError"},
		{"SELECT COUNT(*) FROM S3Object", `{"a":}`, "JSONParsingError"},
		{"SELECT 1 FROM S3Object", `{"a":01}`, "JSONParsingError"},
		{"SELECT * FROM S3Object", `{"a":"` + strings.Repeat("x", 1<<20-8) + `"}`, `{"a":"` + strings.Repeat("x", 1<<20-8) + `"}` + "\n"},
		{"SELECT * FROM S3Object", `{"a":"` + strings.Repeat("x", 1<<20-7) + `"}`, "OverMaxRecordSize"},
		{"SELECT a, a FROM S3Object", `{"a":"` + strings.Repeat("x", 600<<10) + `"}`, "OverMaxRecordSize"},
		{"SELECT a FROM S3Object" + strings.Repeat(" ", 256<<10-22), "", ""},
		{"SELECT a FROM S3Object" + strings.Repeat(" ", 256<<10-21), "", "ExpressionTooLong"},
		{"SELECT " + strings.Repeat("(", 5000) + "a FROM S3Object", "", "MaxOperatorsExceeded"},
		{"SELECT a" + strings.Repeat("+1", 30000) + " FROM S3Object", "", "MaxOperatorsExceeded"},
	} {
		for _, typ := range []string{"LINES", "DOCUMENT"} {
			got := run(t, s3select.Query{SQL: c.sql, Input: s3select.Input{JSON: s3select.JSONInput{Type: typ}}}, c.data)
			if typ == "DOCUMENT" && (strings.Contains(c.data, "} x") || c.want == "JSONParsingError") && len(got) > len(c.want) {
				got = got[len(got)-len(c.want):] // the value before the broken one is complete
			}
			if got != c.want {
				t.Errorf("%s: %.200s:\n got %.300s\nwant %.300s", typ, c.sql, got, c.want)
			}
		}
	}
}

func TestParameters(t *testing.T) {
	const data = `{"n":1,"s":"it's"}` + "\n" + `{"n":2,"s":"x"}` + "\n"
	for _, c := range []struct {
		sql    string
		params []any
		want   string
	}{
		{"SELECT n FROM S3Object WHERE s = ?", []any{"it's"}, "{\"n\":1}\n"},
		{"SELECT n FROM S3Object WHERE n IN ? LIMIT ?", []any{[]int{2, 3}, 5}, "{\"n\":2}\n"},
		{"SELECT n FROM S3Object WHERE n IN (?)", []any{[]int{2, 3}}, "{\"n\":2}\n"},
		{"SELECT n FROM S3Object WHERE n IN (?, ?)", []any{2, 3}, "{\"n\":2}\n"},
		{"SELECT n FROM S3Object WHERE n NOT IN (?)", []any{[]int{}}, "{\"n\":1}\n{\"n\":2}\n"},
		{"SELECT n FROM S3Object WHERE n IN (?)", []any{1}, "{\"n\":1}\n"},
		{"SELECT ? AS a, ? AS b, ? AS c FROM S3Object LIMIT 1", []any{nil, true, 1.5}, "{\"a\":null,\"b\":true,\"c\":1.5}\n"},
		{"SELECT n FROM S3Object WHERE s = ?", []any{struct{}{}}, "InvalidRequestParameter"},
		{"SELECT n FROM S3Object WHERE s = ?", []any{"\xff"}, "InvalidRequestParameter"},
		{"SELECT n FROM S3Object LIMIT ?", []any{-1}, "EvaluatorNegativeLimit"},
	} {
		st, err := s3select.Compile(c.sql)
		if err != nil {
			t.Fatal(err)
		}
		if got := run(t, s3select.Query{Statement: st, Params: c.params, Input: s3select.Input{Format: "JSON"}}, data); got != c.want {
			t.Errorf("%s: got %s, want %s", c.sql, got, c.want)
		}
	}
}
