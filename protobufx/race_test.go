//go:build race

package protobufx

const raceEnabled = true
