// Command local is the Lambda service on a laptop, without Docker: it builds a
// function, runs it in execution environments as the service does, and lets it
// be invoked with recorded events, through the service's invocation URL or
// over plain HTTP.
//
//	go run github.com/lambdatune/lambdatune/handler/local [flags] ./path/to/function
//
// Run it with -h for the flags. It works for any Lambda function in Go, also
// one on bare aws-lambda-go, in any module. A function never links it.
package main

import (
	"os"

	"github.com/lambdatune/lambdatune/handler/local/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
