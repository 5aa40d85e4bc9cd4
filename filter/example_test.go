package filter_test

import (
	"errors"
	"fmt"

	"github.com/lambdatune/lambdatune/filter"
)

// Build a filter, prove it on a record, and render it for the template.
func Example() {
	criteria, err := filter.SQS.Criteria(
		filter.SQS.Body("status").Is("paid").And(filter.SQS.Body("amount").AtLeast(100)),
	)
	if err != nil {
		panic(err)
	}
	matches, err := criteria.MatchRecord([]byte(`{"messageId":"1","body":"{\"status\":\"paid\",\"amount\":120}"}`))
	fmt.Println(matches, err)
	fmt.Print(criteria.SAM(0))
	// Output:
	// true <nil>
	// FilterCriteria:
	//   Filters:
	//     - Pattern: '{"body":{"status":["paid"],"amount":[{"numeric":[">=",100]}]}}'
}

// A pattern that the service would refuse with "Invalid filter pattern
// definition".
func ExampleParse() {
	_, err := filter.Parse(filter.Kinesis, `{"data":{"temperature":[{"numeric":[">=",5,"<=",5]}]}}`)
	var problem *filter.Problem
	if errors.As(err, &problem) {
		fmt.Println(problem.Path)
		fmt.Println(problem.Message)
	}
	// Output:
	// $.data.temperature[0].numeric
	// the lower end of a range must be less than the upper (for one value use ["=", number])
}

// A pattern that the service accepts, and that never matches.
func ExampleCriteria_Problems() {
	criteria, err := filter.Parse(filter.DynamoDB, `{"dynamodb":{"NewImage":{"price":{"N":[{"numeric":[">",100]}]}}}}`)
	if err != nil {
		panic(err)
	}
	for _, p := range criteria.Problems() {
		fmt.Println(p.Severity, p.Code, p.Path)
		fmt.Println(p.Message)
		fmt.Println(p.Fix)
	}
	// Output:
	// error number-attribute $.dynamodb.NewImage.price.N
	// the value of N is a string in the record, also if it is a number: a number never matches
	// write the number as a string: ["100"]
}
