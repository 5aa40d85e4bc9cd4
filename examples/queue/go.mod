module github.com/lambdatune/lambdatune/examples/queue

go 1.26.0

require (
	github.com/aws/aws-sdk-go-v2 v1.47.7
	github.com/coder/websocket v1.8.15
	github.com/lambdatune/lambdatune v0.0.0
	go.yaml.in/yaml/v3 v3.0.6
)

require (
	github.com/aws/aws-lambda-go v1.55.1 // indirect
	github.com/aws/smithy-go v1.28.8 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/lambdatune/lambdatune => ../..
