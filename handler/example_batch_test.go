package handler_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/lambdatune/lambdatune/handler"
)

// The logic of an API behind a queue: the message that failed is named, the other
// one is done.
func ExampleSQS() {
	inv := handler.SQS(handler.Discard(Place))
	response, err := inv.Invoke(context.Background(), []byte(`{"Records":[
		{"messageId":"m-1","body":"{\"sku\":\"A-77\",\"quantity\":2}","eventSource":"aws:sqs"},
		{"messageId":"m-2","body":"{\"sku\":\"B-12\",\"quantity\":0}","eventSource":"aws:sqs"}]}`))
	fmt.Println(string(response), err)
	// Output: {"batchItemFailures":[{"itemIdentifier":"m-2"}]} <nil>
}

// A change of an item, by the names that its attributes have.
func ExampleDynamoDB() {
	type item struct {
		ID    string `dynamodbav:"pk"`
		Total int    `dynamodbav:"total"`
	}
	type change struct {
		EventName          string
		NewImage, OldImage *item
	}
	inv := handler.DynamoDB(func(_ context.Context, c change) error {
		fmt.Println(c.EventName, *c.NewImage, c.OldImage)
		return nil
	})
	_, err := inv.Invoke(context.Background(), []byte(`{"Records":[{"eventName":"INSERT","eventSource":"aws:dynamodb",
		"dynamodb":{"SequenceNumber":"111","Keys":{"pk":{"S":"o-1"}},"NewImage":{"pk":{"S":"o-1"},"total":{"N":"500"}}}}]}`))
	fmt.Println(err)
	// Output:
	// INSERT {o-1 500} <nil>
	// <nil>
}

// A record that will never decode is put aside, and counts as done.
func ExampleOnPoison() {
	aside := handler.OnPoison(func(ctx context.Context, record []byte, err error) error {
		if _, ok := errors.AsType[*handler.DecodeError](err); !ok {
			return err
		}
		r, _ := handler.RecordFrom(ctx)
		fmt.Println("aside:", r.ID, err)
		return nil
	})
	inv := handler.SQS(handler.Discard(Place), aside)
	response, err := inv.Invoke(context.Background(), []byte(`{"Records":[{"messageId":"m-1","body":"{\"sku\":7}"}]}`))
	fmt.Println(string(response), err)
	// Output:
	// aside: m-1 invalid JSON of member "sku" at offset 7: a number where a string is expected
	// {"batchItemFailures":[]} <nil>
}
