// Package personpb is the Person, generated from person.proto by protoc 3.21.12
// with protoc-gen-go v1.36.12.
package personpb

//go:generate protoc --go_out=. --go_opt=paths=source_relative person.proto
