//go:build race

package s3select_test

const raceEnabled = true
