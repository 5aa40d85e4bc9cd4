// Command local is the Lambda service on a laptop, without Docker, for any
// Lambda function in Go, also one on bare aws-lambda-go, in any module. A
// function never links it.
//
// Play a recorded event, or many, and exit:
//
//	go run github.com/lambdatune/lambdatune/handler/local -event event.json ./path/to/function
//	go run github.com/lambdatune/lambdatune/handler/local -event event.json -repeat 1000 -concurrency 4 -allocs ./path/to/function
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
// -h lists the flags. Environments behave as package runtimeapi documents. The
// exit code is 0 when all went well, 1 when a function or something around it
// failed, and 2 for wrong usage.
package main

import (
	"os"

	"github.com/lambdatune/lambdatune/handler/local/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
