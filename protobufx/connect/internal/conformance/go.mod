module github.com/lambdatune/lambdatune/protobufx/connect/internal/conformance

go 1.26.0

replace github.com/lambdatune/lambdatune => ../../../..

require (
	connectrpc.com/connect v1.21.1
	github.com/aws/aws-lambda-go v1.55.1
	github.com/awslabs/aws-lambda-go-api-proxy v0.16.2
	github.com/lambdatune/lambdatune v0.0.0
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/segmentio/asm v1.2.1 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
