// Command worker is a Lambda function behind a queue, on bare aws-lambda-go: a
// message {"fail":N} fails N times, and {"error":true} its whole batch once.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

var (
	failed  = map[string]int{} // by body
	refused = false
)

func work(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	var response events.SQSEventResponse
	for _, m := range e.Records {
		var task struct {
			Fail  int
			Error bool
		}
		if err := json.Unmarshal([]byte(m.Body), &task); err != nil {
			return response, err
		}
		if task.Error && !refused {
			refused = true
			return response, errors.New("refused")
		}
		if failed[m.Body] < task.Fail {
			failed[m.Body]++
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			continue
		}
		fmt.Println("did", m.Attributes["MessageGroupId"], m.Body)
	}
	return response, nil
}

func main() { lambda.Start(work) }
