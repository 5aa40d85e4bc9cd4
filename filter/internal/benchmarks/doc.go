// Package benchmarks measures filter beside its peers, in a module of its own so
// that users don't download them:
//
//	go test -bench . -count 10 | benchstat -col /by -
//
// Beside "filter" stand "quamina" (where it can express the pattern), "sonic" and
// "json" (decoding into a struct that has the wanted fields only, and a check by
// hand), and as the floor "valid": the same scanner that only validates.
package benchmarks
