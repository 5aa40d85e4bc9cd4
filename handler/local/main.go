// Command local is the Lambda service on a laptop, without Docker, for any
// Lambda function in Go, also one on bare aws-lambda-go, in any module. A
// function never links it.
//
// Play a recorded event, or many, and exit:
//
//	go run github.com/lambdatune/lambdatune/handler/local -event event.json ./path/to/function
//	go run github.com/lambdatune/lambdatune/handler/local -event event.json -repeat 1000 -concurrency 4 -allocs ./path/to/function
//
// Put a queue in front of a function, one message per line, with visibility
// timeouts, a dead-letter queue and its redrive:
//
//	go run github.com/lambdatune/lambdatune/handler/local -source sqs -event messages.jsonl -batch 10 -max-receive 3 -concurrency 5 -redrive ./path/to/function
//
// Serve functions to the AWS CLI and SDKs, and over HTTP as API Gateway, a
// function URL or a load balancer does, and build them again when their source
// changes:
//
//	go run github.com/lambdatune/lambdatune/handler/local -front http ./path/to/function
//	curl http://127.0.0.1:9000/
//	aws --endpoint-url http://127.0.0.1:9000 lambda invoke --function-name function out.json
//
// Serve one that runs in a debugger:
//
//	go run github.com/lambdatune/lambdatune/handler/local -listen 127.0.0.1:9001 ./path/to/function
//
// Print an event to edit:
//
//	go run github.com/lambdatune/lambdatune/handler/local -sample sqs > event.json
//
// -h lists the flags. Environments behave as package runtimeapi documents, and
// queues as package queue does. With -source a line is the body of a message: a
// JSON string its text, any other value as it stands; or it is an entry of
// aws sqs send-message-batch, with a MessageBody, a MessageGroupId and so on; or
// an event of a queue, such as -sample sqs prints, whose records are sent.
//
// The exit code is 0 when all went well, 1 when a function or something around
// it failed, or messages are left in the dead-letter queue, and 2 for wrong
// usage.
package main

import (
	"os"

	"github.com/lambdatune/lambdatune/handler/local/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
