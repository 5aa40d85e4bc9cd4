//go:build !race

package protobufx

const raceEnabled = false
