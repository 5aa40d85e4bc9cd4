// Package conformance holds no code: its tests validate documents with the JSON
// schema of the format's specification and a JSON schema library. It is a module of
// its own, so that no user's go.sum names the library.
package conformance
