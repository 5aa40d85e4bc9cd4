package line

import (
	"os"
	"strings"
	"time"
)

// ReservedForLevel is why a name is rejected where lines carry a level.
const ReservedForLevel = `the name is limits.Metadata: "level" and "timestamp" tell Lambda's log filter to let the line pass`

// PassingLevel returns the level that a line must carry to pass Lambda's
// log-level filter, or "" where lines without one pass. Lambda takes a JSON
// line without a valid level and an RFC 3339 timestamp for INFO
// (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html).
func PassingLevel() string {
	if !strings.EqualFold(os.Getenv("AWS_LAMBDA_LOG_FORMAT"), "JSON") {
		return ""
	}
	switch level := strings.ToUpper(os.Getenv("AWS_LAMBDA_LOG_LEVEL")); level {
	case "WARN", "ERROR", "FATAL":
		return level
	}
	return ""
}

// AppendLevel appends the members that let a line pass.
func AppendLevel(b []byte, level string, ms int64) []byte {
	b = append(b, `,"level":"`...)
	b = append(b, level...)
	b = append(b, `","timestamp":"`...)
	b = time.UnixMilli(ms).UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	return append(b, '"')
}

// LevelLen is more than AppendLevel takes.
const LevelLen = 64
