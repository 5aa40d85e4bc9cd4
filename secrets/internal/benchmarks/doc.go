// Package benchmarks compares package secrets with
// aws-secretsmanager-caching-go v2, AWS's own cache, and with the floor: a bare
// atomic load, and a signed HTTP request.
//
//	go test -bench Get -count 10 | tee new.txt; benchstat new.txt
//	go test -run Cold -v -cold 40
package benchmarks
