package filter_test

import (
	"math"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/filter"
)

func TestBuild(t *testing.T) {
	sqs, kinesis, ddb, kafka, mq, bare := filter.SQS, filter.Kinesis, filter.DynamoDB, filter.Kafka, filter.MQ, filter.Generic
	for _, c := range []struct {
		got  interface{ String() string }
		want string
	}{
		{sqs.Body("status").Is("paid", "settled").And(sqs.Body("amount").AtLeast(100)),
			`{"body":{"status":["paid","settled"],"amount":[{"numeric":[">=",100]}]}}`},
		{sqs.Body("a", "b").IsNumber(300, 1e300).And(sqs.Body("a", "c").IsNull(), sqs.Body("a", "d").IsBool(true)),
			`{"body":{"a":{"b":[300,1e+300],"c":[null],"d":[true]}}}`},
		{sqs.BodyText().EqualsIgnoreCase("hello"), `{"body":[{"equals-ignore-case":"hello"}]}`},
		{sqs.MessageAttribute("kind").AnythingBut("test"), `{"messageAttributes":{"kind":{"stringValue":[{"anything-but":["test"]}]}}}`},
		{kinesis.Data("tire_pressure").LessThan(32), `{"data":{"tire_pressure":[{"numeric":["<",32]}]}}`},
		{kinesis.Data("x").Between(1, 2).And(kinesis.PartitionKey().Prefix("a", "b")),
			`{"data":{"x":[{"numeric":[">=",1,"<=",2]}]},"partitionKey":[{"prefix":"a"},{"prefix":"b"}]}`},
		{kinesis.Data("x").Missing().Or(kinesis.Data("x").Is("y")), `{"data":{"x":[{"exists":false},"y"]}}`},
		{kinesis.Data("x").Is("y").Or(kinesis.Data("z").AtMost(-0.5), kinesis.Data("z").GreaterThan(5)),
			`{"$or":[{"data":{"x":["y"]}},{"data":{"z":[{"numeric":["<=",-0.5]}]}},{"data":{"z":[{"numeric":[">",5]}]}}]}`},
		{ddb.EventName().Is("INSERT", "MODIFY").And(ddb.NewImage("Price").N().Is("100"), ddb.NewImage("Gift").BOOL(true),
			ddb.OldImage("Meta").M("Owner").S().Exists(), ddb.Key("Id").N().Prefix("1"), ddb.NewImage("Lines").L().M("Sku").SS().Suffix("x"),
			ddb.NewImage("Gone").NULL()),
			`{"eventName":["INSERT","MODIFY"],"dynamodb":{"NewImage":{"Price":{"N":["100"]},"Gift":{"BOOL":[true]},` +
				`"Lines":{"L":{"M":{"Sku":{"SS":[{"suffix":"x"}]}}}},"Gone":{"NULL":[true]}},` +
				`"OldImage":{"Meta":{"M":{"Owner":{"S":[{"exists":true}]}}}},"Keys":{"Id":{"N":[{"prefix":"1"}]}}}}`},
		{kafka.Topic().Is("t").And(kafka.KeyText().Is("k"), kafka.Partition().LessThan(4), kafka.Value("a").AnythingButNumber(1, 2)),
			`{"topic":["t"],"key":["k"],"partition":[{"numeric":["<",4]}],"value":{"a":[{"anything-but":[1,2]}]}}`},
		{mq.Destination().Is("q").Or(mq.DataText().Is(`"quoted"`)), `{"$or":[{"destination":{"physicalName":["q"]}},{"data":["\"quoted\""]}]}`},
		{bare.Field("a").Is("x").Or(bare.Field("b").Is("x")).And(bare.Field("c").Is("y").Or(bare.Field("d").Is("y")), bare.Field("e").Exists()),
			`{"e":[{"exists":true}],"$or":[{"a":["x"],"$or":[{"c":["y"]},{"d":["y"]}]},{"b":["x"],"$or":[{"c":["y"]},{"d":["y"]}]}]}`},
	} {
		if got := c.got.String(); got != c.want {
			t.Errorf("built  %s\nwanted %s", got, c.want)
		}
		if _, err := filter.Parse(filter.Generic, c.want); err != nil {
			t.Errorf("Parse(%s): %v", c.want, err)
		}
	}
}

func TestBuildErrors(t *testing.T) {
	f := filter.Generic.Field
	for _, c := range []struct {
		p    filter.Pattern[filter.GenericSource]
		want string
	}{
		{filter.Pattern[filter.GenericSource]{}, "zero value"},
		{f("a").Is(), "no values for a"},
		{f("a").AnythingBut(), "no values for a"},
		{f("a").LessThan(math.NaN()), "a: the number NaN is not finite"},
		{f("a").IsNumber(1, math.Inf(1)), "not finite"},
		{f("a", "b").Between(5, 5), "a.b: the range from 5 to 5"},
		{f("a").GreaterThan(1).And(f("a").LessThan(5)), "the path a is in the pattern twice"},
		{f("a").Is("x").And(f("a", "b").Is("x")), "above another"},
		{f("a", "b").Is("x").And(f("a").Is("x")), "above another"},
		{f("a.b").Is("x").And(f("a", "b").Is("y")), "twice"},
		{f("a").Is("x").Or(f("b").Is("x")).And(f("a").Is("y")), "both in a disjunction and beside it"},
		{f("a").Is("x").Or(f("b").Is("x")).And(f("b").Is("y").Or(f("c").Is("y"))), "both in a disjunction and beside it"},
		{f("numeric").Is("x").Or(f("b").Is("x")), "reserved word"},
		{f("a").Is("x").And(filter.Pattern[filter.GenericSource]{}), "zero value"},
		{f("a").Prefix("").Or(f("a").AnythingButNumber(math.NaN())), "not finite"},
	} {
		if _, err := filter.Generic.Criteria(c.p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Criteria(%v) = %v, want an error with %q", c.p, err, c.want)
		}
	}
}

// TestBuildMatches builds patterns that cover each source and matches with them.
func TestBuildMatches(t *testing.T) {
	order := filter.SQS.Body("status").Is("paid").And(filter.SQS.Body("amount").Between(10, 20))
	criteria := must(t)(filter.SQS.Criteria(order, filter.SQS.BodyText().Is("ping")))
	for body, want := range map[string]bool{
		`{"status":"paid","amount":10}`: true, `{"status":"paid","amount":20.5}`: false, `ping`: true, `pong`: false,
	} {
		if got, err := criteria.MatchRecord([]byte(sqs(body))); got != want || err != nil {
			t.Errorf("MatchRecord(%s) = %v, %v, want %v", body, got, err, want)
		}
	}
	if p := criteria.Problems(); len(p) > 0 {
		t.Errorf("built patterns have problems: %+v", p)
	}
}

// A shared prefix of a path must not be shared memory.
func TestAttributesAreIndependent(t *testing.T) {
	a := filter.DynamoDB.NewImage("a").M("b")
	s, n := a.M("c").S(), a.M("d").N()
	if got, want := s.Is("x").String(), `{"dynamodb":{"NewImage":{"a":{"M":{"b":{"M":{"c":{"S":["x"]}}}}}}}}`; got != want {
		t.Errorf("built %s, want %s", got, want)
	}
	if got, want := n.Is("1").String(), `{"dynamodb":{"NewImage":{"a":{"M":{"b":{"M":{"d":{"N":["1"]}}}}}}}}`; got != want {
		t.Errorf("built %s, want %s", got, want)
	}
}
