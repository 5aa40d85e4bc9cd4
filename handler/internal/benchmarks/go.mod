module github.com/lambdatune/lambdatune/handler/internal/benchmarks

go 1.26.0

require (
	github.com/aws/aws-lambda-go v1.55.1
	github.com/lambdatune/lambdatune v0.0.0
)

require github.com/awslabs/aws-lambda-go-api-proxy v0.16.2

replace github.com/lambdatune/lambdatune => ../../..
