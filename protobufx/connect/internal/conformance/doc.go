// Package conformance holds protobufx/connect against connect-go: its client
// talks to both servers, ours behind emulated fronts, and must not be able to tell
// them apart. It is a module of its own so that nobody else downloads connect-go.
package conformance
