module github.com/lambdatune/lambdatune/examples/orders

go 1.26.0

require (
	github.com/lambdatune/lambdatune v0.0.0
	github.com/prozz/aws-embedded-metrics-golang v1.2.0
)

require (
	github.com/aws/aws-lambda-go v1.55.1 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/lambdatune/lambdatune => ../..
