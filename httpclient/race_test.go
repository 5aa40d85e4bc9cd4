//go:build race

package httpclient_test

// The race detector allocates where a plain build does not.
const raceEnabled = true
