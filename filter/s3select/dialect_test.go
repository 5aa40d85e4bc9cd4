package s3select_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// expressions are scalar expressions over the record {"a":1}, and what they are
// as JSON. {} is MISSING; a word is an error's code.
var expressions = []struct{ expr, want string }{
	// Precedence.
	{"2+3*4", "14"}, {"(2+3)*4", "20"}, {"10-4-3", "3"}, {"2*3%4", "2"}, {"-2*3", "-6"}, {"- -2", "2"}, {"-(-2)", "2"}, {"+3", "3"},
	{"7/2", "3"}, {"-7/2", "-3"}, {"-7%3", "-1"}, {"7.0/2", "3.5"}, {"1/3.0", "0.33333333333333333333333333333333333333"},
	{"1=1=true", "false"}, {"NOT 1=2", "true"}, {"NOT true OR true", "true"}, {"true OR false AND false", "true"},
	{"1<2=true", "true"}, {"true=1<2", "true"}, {"1+1 IN (2,3)", "true"}, {"2 BETWEEN 1 AND 1+2", "true"}, {"1 BETWEEN 2 AND 3 OR true", "true"},
	{"3 IN (1,2) = false", "true"}, {"'a' LIKE 'a' = true", "true"}, {"2 > 1 = (3 > 2)", "true"},
	{"NOT NOT true", "true"}, {"1 NOT IN (1,2)", "false"}, {"5 NOT BETWEEN 1 AND 3", "true"}, {"'a' NOT LIKE 'b%'", "true"},
	// Comparison.
	{"1<>2", "true"}, {"1!=1", "false"}, {"1<=1", "true"}, {"2>=3", "false"}, {"'a'<'b'", "true"}, {"'a'='A'", "false"}, {"false<true", "true"},
	{"1=1.0", "true"}, {"1=1e0", "true"}, {"0.1=1e-1", "true"}, {"1='1'", "false"}, {"1<>'1'", "true"}, {"1<'2'", "null"},
	{"9223372036854775807=9223372036854775807.0", "true"}, {"9223372036854775807<9223372036854775808.0", "true"},
	{"9007199254740993=9007199254740992e0", "false"}, {"[1,2]=[1,2.0]", "true"}, {"[1]<[2]", "null"},
	// Unknowns.
	{"NULL=NULL", "null"}, {"NULL<>1", "null"}, {"NULL IS NULL", "true"}, {"MISSING IS NULL", "true"}, {"MISSING IS MISSING", "true"},
	{"NULL IS MISSING", "false"}, {"NULL IS NOT NULL", "false"}, {"1 IS NOT MISSING", "true"}, {"s.nope IS MISSING", "true"}, {"s.nope", "{}"},
	{"s.nope=1", "null"}, {"s.nope+1", "null"}, {"NULL AND false", "false"}, {"NULL AND true", "null"}, {"NULL OR true", "true"}, {"NULL OR false", "null"},
	{"NOT NULL", "null"}, {"1 IN (1,NULL)", "true"}, {"2 IN (1,NULL)", "null"}, {"2 NOT IN (1,NULL)", "null"}, {"NULL IN (1)", "null"}, {"1 IN ()", "false"},
	{"NULL BETWEEN 1 AND 2", "null"}, {"3 BETWEEN NULL AND 2", "false"}, {"'a' LIKE NULL", "null"}, {"NULL LIKE 'a'", "null"}, {"1 BETWEEN 0 AND NULL", "null"},
	{"MISSING", "{}"}, {"NULL", "null"}, {"-NULL", "null"}, {"s.a.b", "{}"}, {"s.a[0]", "{}"}, {"UPPER(NULL)", "null"}, {"UPPER(s.nope)", "null"},
	// CASE, COALESCE, NULLIF.
	{"CASE WHEN 1=2 THEN 'x' END", "null"}, {"CASE WHEN NULL THEN 1 ELSE 2 END", "2"}, {"CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END", `"b"`},
	{"CASE NULL WHEN NULL THEN 1 ELSE 2 END", "2"}, {"COALESCE(s.nope, NULL, 'z')", `"z"`}, {"NULLIF('a','b')", `"a"`}, {"COALESCE(1, 1/0)", "1"},
	// CAST.
	{"CAST('12' AS INT)", "12"}, {"CAST('+12' AS INTEGER)", "12"}, {"CAST('007' AS INT)", "7"}, {"CAST('1.5' AS INT)", "CastFailed"}, {"CAST('' AS INT)", "CastFailed"},
	{"CAST(' 1' AS INT)", "1"}, {"CAST(1.9 AS INT)", "1"}, {"CAST(-1.9 AS INT)", "-1"}, {"CAST(1e3 AS INT)", "1000"}, {"CAST(true AS INT)", "1"},
	{"CAST('9223372036854775808' AS INT)", "IntegerOverflow"}, {"CAST('-9223372036854775808' AS INT)", "-9223372036854775808"}, {"CAST(1e30 AS INT)", "IntegerOverflow"},
	{"CAST('1.50' AS DECIMAL)", "1.50"}, {"CAST('1.5' AS DECIMAL(10,4))", "1.5"}, {"CAST('abc' AS DECIMAL)", "CastFailed"}, {"CAST(1 AS NUMERIC)", "1"},
	{"CAST('0.456' AS FLOAT)", "0.456"}, {"CAST('1e3' AS FLOAT)", "1000"}, {"CAST('inf' AS FLOAT)", "CastFailed"}, {"CAST('0x10' AS FLOAT)", "CastFailed"},
	{"CAST(12 AS STRING)", `"12"`}, {"CAST(1.50 AS STRING)", `"1.50"`}, {"CAST(true AS STRING)", `"true"`}, {"CAST(`2010T` AS STRING)", `"2010T"`},
	{"CAST('TRUE' AS BOOL)", "true"}, {"CAST('no' AS BOOL)", "CastFailed"}, {"CAST(0 AS BOOL)", "false"}, {"CAST(2.5 AS BOOLEAN)", "true"},
	{"CAST(NULL AS INT)", "null"}, {"CAST(s.nope AS INT)", "null"}, {"CAST(1 AS TIMESTAMP)", "InvalidCast"}, {"CAST([1] AS INT)", "InvalidCast"},
	{"CAST('2007-04-05T14:30' AS TIMESTAMP)", "CastFailed"}, {"CAST('2007-02-30T' AS TIMESTAMP)", "CastFailed"}, {"CAST('2007-13T' AS TIMESTAMP)", "CastFailed"},
	{"CAST('2007T' AS TIMESTAMP)", `"2007T"`}, {"CAST('2007-02-23T12:14:33.079-08:00' AS TIMESTAMP)", `"2007-02-23T12:14:33.079-08:00"`}, {"CAST('2007' AS TIMESTAMP)", "CastFailed"},
	// Arithmetic.
	{"9223372036854775807+1", "IntegerOverflow"}, {"-9223372036854775808-1", "IntegerOverflow"}, {"-9223372036854775808/-1", "IntegerOverflow"},
	{"9223372036854775807*2", "IntegerOverflow"}, {"3037000500*3037000500", "IntegerOverflow"}, {"-(-9223372036854775808)", "IntegerOverflow"}, {"-4611686018427387904*2", "-9223372036854775808"},
	{"9223372036854775808", "IntegerOverflow"}, {"1/0", "IllegalSqlFunctionArgument"}, {"1.0/0", "IllegalSqlFunctionArgument"}, {"1%0", "IllegalSqlFunctionArgument"},
	{"0.1+0.2", "0.3"}, {"1.10+2.2", "3.30"}, {"1.5*1.5", "2.25"}, {"6.0/2", "3.0"}, {"5.5%2", "1.5"}, {"'1'+1", "IncorrectSqlFunctionArgumentType"},
	{"99999999999999999999999999999999999999.0", "99999999999999999999999999999999999999"}, {"12345678901234567890123456789012345678.5+0", "12345678901234567890123456789012345678"},
	{"1e308*10", "NumberFormatError"}, {"1+1e0", "2"}, {"0.1+1e-1", "0.2"},
	// Strings.
	{"CHAR_LENGTH('añ日')", "3"}, {"CHARACTER_LENGTH('😁')", "1"}, {"CHAR_LENGTH(1)", "IncorrectSqlFunctionArgumentType"}, {"LOWER('ÀB')", `"àb"`}, {"UPPER('äß')", `"Äß"`},
	{"SUBSTRING('abcdefghi' FROM 3 FOR 4)", `"cdef"`}, {"SUBSTRING('abcdefghi', -1, 4)", `"ab"`}, {"SUBSTRING('abc' FROM 2)", `"bc"`}, {"SUBSTRING('123456789',0,2)", `"1"`},
	{"SUBSTRING('1',-4,0)", `""`}, {"SUBSTRING('1234',10,10)", `""`}, {"SUBSTRING('añ日b',2,2)", `"ñ日"`}, {"SUBSTRING('abc',1,-1)", "IllegalSqlFunctionArgument"},
	{"SUBSTRING('abc',-5,3)", `""`}, {"SUBSTRING('abc',9223372036854775807,9223372036854775807)", `""`}, {"SUBSTRING('abc',-9223372036854775808,9223372036854775807)", `""`},
	{"TRIM('  a ')", `"a"`}, {"TRIM(LEADING '0' FROM '0070')", `"70"`}, {"TRIM(TRAILING '0' FROM '0070')", `"007"`}, {"TRIM('x' FROM 'xax')", `"a"`}, {"TRIM(BOTH '😁' FROM '😁a😁')", `"a"`},
	{"TRIM(BOTH NULL FROM 'a')", "null"}, {"'it''s'", `"it's"`}, {"'a\"b'", `"a\"b"`}, {"TRIM('\ta\t')", `"\ta\t"`},
	// LIKE.
	{"'abc' LIKE 'a%'", "true"}, {"'abc' LIKE '_b_'", "true"}, {"'abc' LIKE '%b%'", "true"}, {"'abc' LIKE 'b'", "false"}, {"'日本' LIKE '_本'", "true"}, {"'' LIKE '%'", "true"}, {"'' LIKE ''", "true"}, {"'a' LIKE ''", "false"},
	{"'50%' LIKE '50\\%' ESCAPE '\\'", "true"}, {"'50x' LIKE '50\\%' ESCAPE '\\'", "false"}, {"'a_b' LIKE 'a!_b' ESCAPE '!'", "true"}, {"'a!b' LIKE 'a!!b' ESCAPE '!'", "true"},
	{"'a' LIKE 'a!' ESCAPE '!'", "EvaluatorLikePatternInvalidEscapeSequence"}, {"'a' LIKE 'a!x' ESCAPE '!'", "EvaluatorLikePatternInvalidEscapeSequence"}, {"'a' LIKE 'a' ESCAPE 'xy'", "EvaluatorLikePatternInvalidEscapeSequence"},
	{"1 LIKE '1'", "LikeInvalidInputs"}, {"'1' LIKE 1", "LikeInvalidInputs"}, {"'aXbXc' LIKE 'a%X%c'", "true"}, {"'mississippi' LIKE 'm%iss%pi'", "true"}, {"'ab' LIKE '%_%_%_%'", "false"},
	// Timestamps.
	{"DATE_ADD(month, 1, `2010T`)", `"2010-02T"`}, {"DATE_ADD(month, 13, `2010T`)", `"2011-02T"`}, {"DATE_ADD(day, -1, `2017-01-10T`)", `"2017-01-09T"`}, {"DATE_ADD(hour, 1, `2017T`)", `"2017-01-01T01:00-00:00"`},
	{"DATE_ADD(hour, 1, `2017-01-02T03:04Z`)", `"2017-01-02T04:04Z"`}, {"DATE_ADD(minute, 1, `2017-01-02T03:04:05.006Z`)", `"2017-01-02T03:05:05.006Z"`}, {"DATE_ADD(second, 1, `2017-01-02T03:04:05.006Z`)", `"2017-01-02T03:04:06.006Z"`},
	{"DATE_ADD(month, 1, `2017-01-31T`)", `"2017-02-28T"`}, {"DATE_ADD(year, 1, `2016-02-29T`)", `"2017-02-28T"`}, {"DATE_ADD(month, -1, `2017-01-31T`)", `"2016-12-31T"`}, {"DATE_ADD(year, 9999, `2016T`)", "IllegalSqlFunctionArgument"},
	{"DATE_ADD(second, 1, `2016-12-31T23:59:59Z`)", `"2017-01-01T00:00:00Z"`}, {"DATE_ADD(year, 1.5, `2016T`)", "IncorrectSqlFunctionArgumentType"}, {"DATE_ADD(year, NULL, `2016T`)", "null"},
	{"DATE_DIFF(month, `2010T`, `2010-05T`)", "4"}, {"DATE_DIFF(year, `2010T`, `2010-05T`)", "0"}, {"DATE_DIFF(month, `2010T`, `2011T`)", "12"}, {"DATE_DIFF(month, `2011T`, `2010T`)", "-12"},
	{"DATE_DIFF(day, `2010-01-01T23:00`, `2010-01-02T01:00`)", "0"}, {"DATE_DIFF(hour, `2010-01-01T00:00Z`, `2010-01-01T00:00-02:00`)", "2"}, {"DATE_DIFF(second, `2010-01-01T00:00:00.5Z`, `2010-01-01T00:00:02.4Z`)", "1"},
	{"DATE_DIFF(minute, `2010-01-01T00:00Z`, `2010-01-01T01:00Z`)", "60"}, {"DATE_DIFF(year, `2011-06-01T`, `2010-07-01T`)", "0"},
	{"EXTRACT(MONTH FROM `2010T`)", "1"}, {"EXTRACT(MONTH FROM `2010-10T`)", "10"}, {"EXTRACT(HOUR FROM `2017-01-02T03:04:05+07:08`)", "3"}, {"EXTRACT(MINUTE FROM `2017-01-02T03:04:05+07:08`)", "4"}, {"EXTRACT(SECOND FROM `2017-01-02T03:04:05+07:08`)", "5"},
	{"EXTRACT(TIMEZONE_HOUR FROM `2017-01-02T03:04:05+07:08`)", "7"}, {"EXTRACT(TIMEZONE_MINUTE FROM `2017-01-02T03:04:05+07:08`)", "8"}, {"EXTRACT(TIMEZONE_HOUR FROM `2017-01-02T03:04:05-08:30`)", "-8"}, {"EXTRACT(TIMEZONE_MINUTE FROM `2017-01-02T03:04:05-08:30`)", "-30"},
	{"EXTRACT(DAY FROM NULL)", "null"}, {"EXTRACT(DAY FROM '2010T')", "IncorrectSqlFunctionArgumentType"},
	{"TO_STRING(`1969-07-20T20:18Z`, 'MMM d, yyyy')", `"Jul 20, 1969"`}, {"TO_STRING(`1969-07-20T20:18Z`, 'M-d-yy')", `"7-20-69"`}, {"TO_STRING(`1969-07-20T20:18Z`, 'MM-d-y')", `"07-20-1969"`},
	{"TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y h:m a')", `"July 20, 1969 8:18 PM"`}, {"TO_STRING(`1969-07-20T20:18Z`, 'y-MM-dd''T''H:m:ssX')", `"1969-07-20T20:18:00Z"`},
	{"TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssX')", `"1969-07-20T20:18:00+08"`}, {"TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXX')", `"1969-07-20T20:18:00+0800"`}, {"TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXXX')", `"1969-07-20T20:18:00+08:00"`},
	{"TO_STRING(`0500-03-09`, 'M/d/y')", `"3/9/500"`}, {"TO_STRING(`0500-03-09`, 'MM/dd/yyyy')", `"03/09/0500"`}, {"TO_STRING(`1969-07-20T00:18:05.06Z`, 'hh:mm:ss.SSS a MMMMM n')", `"12:18:05.060 AM J 60000000"`},
	{"TO_STRING(`1969-07-20T20:18Z`, 'Q')", "EvaluatorInvalidTimestampFormatPatternSymbol"}, {"TO_STRING(`1969-07-20T20:18Z`, 'ddd')", "EvaluatorInvalidTimestampFormatPatternToken"}, {"TO_STRING(`1969-07-20T20:18Z`, 'yyy')", "EvaluatorInvalidTimestampFormatPatternToken"}, {"TO_STRING(`1969-07-20T20:18Z`, '''y')", "EvaluatorUnterminatedTimestampFormatPatternToken"},
	{"TO_TIMESTAMP('2007T')", `"2007T"`}, {"TO_TIMESTAMP('2007-02-23T12:14:33.079-08:00')", `"2007-02-23T12:14:33.079-08:00"`}, {"TO_TIMESTAMP('nope')", "ValueParseFailure"}, {"TO_TIMESTAMP('Feb 2016', 'MMM yyyy')", `"2016-02T"`}, {"TO_TIMESTAMP('02-2016', 'MM-yyyy')", `"2016-02T"`}, {"TO_TIMESTAMP('2016', 'y')", `"2016T"`},
	{"TO_TIMESTAMP('7/20/69 8:18 pm Z', 'M/d/yy h:m a X')", `"2069-07-20T20:18Z"`}, {"TO_TIMESTAMP('July 20, 1970 20:18:01.5 +08:30', 'MMMM d, y H:m:s.S XXX')", `"1970-07-20T20:18:01.5+08:30"`}, {"TO_TIMESTAMP('J 2016', 'MMMMM y')", "EvaluatorInvalidTimestampFormatPatternSymbolForParsing"},
	{"TO_TIMESTAMP('2016 2016', 'y yyyy')", "EvaluatorTimestampFormatPatternDuplicateFields"}, {"TO_TIMESTAMP('2016-01-01 3:00', 'y-M-d h:m')", "EvaluatorTimestampFormatPatternHourClockAmPmMismatch"}, {"TO_TIMESTAMP('01', 'MM')", "EvaluatorInvalidTimestampFormatPattern"}, {"TO_TIMESTAMP('x', 'y')", "ValueParseFailure"},
	{"`2010T` = `2010-01-01T00:00:00.000Z`", "true"}, {"`2010-01-01T00:00+01:00` < `2010-01-01T00:00Z`", "true"}, {"`2010-01-01T00:00:00.10Z` = `2010-01-01T00:00:00.1Z`", "true"}, {"EXTRACT(year FROM UTCNOW()) > 2020", "true"},
	{"`1d3`", "1000"}, {"`x`", "LexerInvalidIONLiteral"}, {"CAST(`1e0` AS STRING)", `"1.0"`},
	// Errors of the parser.
	{"FOO(1)", "UnsupportedFunction"}, {"LOWER()", "EvaluatorInvalidArguments"}, {"LOWER('a','b')", "EvaluatorInvalidArguments"}, {"UTCNOW(1)", "EvaluatorInvalidArguments"}, {"NULLIF(1)", "EvaluatorInvalidArguments"}, {"SUBSTRING('a')", "EvaluatorInvalidArguments"}, {"COALESCE()", "EvaluatorInvalidArguments"},
	{"CAST(1 AS FOO)", "ParseExpectedTypeName"}, {"CAST(1)", "ParseExpectedKeyword"}, {"CAST 1 AS INT", "ParseExpectedLeftParenAfterCast"}, {"LOWER 'a'", "ParseExpectedLeftParenBuiltinFunctionCall"}, {"DATE_ADD(week, 1, `2010T`)", "ParseExpectedDatePart"}, {"CASE END", "ParseExpectedWhenClause"}, {"CASE 1 ELSE 2 END", "ParseExpectedWhenClause"},
	{"1 ||| 2", "LexerInvalidOperator"}, {"'a", "LexerInvalidLiteral"}, {"1a", "LexerInvalidLiteral"}, {"#", "LexerInvalidChar"}, {"s.date", "ParseInvalidPathComponent"}, {"s.\"date\"", "{}"}, {"1 +", "ParseUnExpectedKeyword"}, {"SUM(*)", "ParseUnsupportedCallWithStar"}, {"SUM(1,2)", "ParseNonUnaryAgregateFunctionCall"}, {"s.a + SUM(1)", "UnsupportedSqlStructure"},
}

func TestExpressions(t *testing.T) {
	for _, c := range expressions {
		got := run(t, s3select.Query{SQL: "SELECT " + c.expr + " AS r FROM S3Object s", Input: s3select.Input{Format: "JSON"}}, `{"a":1}`)
		want := c.want
		switch {
		case want == "{}":
			want += "\n"
		case len(want) > 0 && want[0] >= 'A' && want[0] <= 'Z':
		default:
			want = `{"r":` + want + "}\n"
		}
		if got != want {
			t.Errorf("%s = %s, want %s", c.expr, got, want)
		}
	}
}

// run returns the result, or the code of the error.
func run(t *testing.T, q s3select.Query, data string) string {
	t.Helper()
	var out strings.Builder
	_, err := q.Run(t.Context(), strings.NewReader(data), &out)
	var e *s3select.Error
	if errors.As(err, &e) {
		return e.Code
	} else if err != nil {
		return err.Error()
	}
	return out.String()
}
