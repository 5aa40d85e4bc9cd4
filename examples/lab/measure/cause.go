package measure

import "strings"

// TooManyConnections is the cause of a failure above the database's limit.
const TooManyConnections = "database: too many connections"

// causes are what the functions' errors say, from the most telling text on.
var causes = []struct{ text, cause string }{
	{"SQLSTATE 53300", TooManyConnections},
	{"SQLSTATE 28P01", "database: password rejected"},
	{"SQLSTATE 28000", "database: password rejected"},
	{"SQLSTATE 57P05", "database: idle session ended"},
	{"SQLSTATE 57P01", "database: session ended"},
	{"payment API refuses the key", "payment API: key rejected"},
	{"Task timed out", "timeout of the function"},
	{"Rate exceeded", "Secrets Manager: throttled"},
	{"connection reset by peer", "connection reset"},
	{"EOF", "connection closed"},
	{"deadline exceeded", "deadline exceeded"},
}

// Cause names the cause of a failure, given what is known of it: the error that
// the function returned, or its answer and its log.
func Cause(texts ...string) string {
	for _, c := range causes {
		for _, t := range texts {
			if strings.Contains(t, c.text) {
				return c.cause
			}
		}
	}
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			return "other: " + t[:min(len(t), 100)]
		}
	}
	return "other"
}
