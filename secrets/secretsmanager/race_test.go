//go:build race

package secretsmanager_test

const raceEnabled = true
