module github.com/lambdatune/lambdatune/examples/person

go 1.26.0

require (
	github.com/lambdatune/lambdatune v0.0.0
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/aws/aws-lambda-go v1.55.1 // indirect
	github.com/segmentio/asm v1.2.1 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/lambdatune/lambdatune => ../..
