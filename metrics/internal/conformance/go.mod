module github.com/lambdatune/lambdatune/metrics/internal/conformance

go 1.26.0

require (
	github.com/lambdatune/lambdatune v0.0.0
	github.com/prozz/aws-embedded-metrics-golang v1.2.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.2
)

require golang.org/x/text v0.14.0 // indirect

replace github.com/lambdatune/lambdatune => ../../..
