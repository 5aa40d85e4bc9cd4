// Package benchmarks measures protobufx beside proto.Marshal alone, the code of
// AWS's documentation, and the way through aws-lambda-go's handlers:
//
//	go test -bench . -benchtime 200ms -count 6
package benchmarks
