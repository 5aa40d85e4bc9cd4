module github.com/lambdatune/lambdatune/examples/tirepressure

go 1.26.0

require (
	github.com/aws/aws-lambda-go v1.55.1
	github.com/lambdatune/lambdatune v0.0.0
)

replace github.com/lambdatune/lambdatune => ../..
