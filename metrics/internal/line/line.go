// Package line turns metrics into lines of the Embedded Metric Format: the JSON
// encoding of their parts, and the packing of parts into lines within the limits.
package line

import "github.com/prozz/aws-embedded-metrics-golang/emf"

// A line is, in this order,
//
//	HeadTimestamp, the timestamp, HeadDirective, the namespace, HeadDimensions,
//	the dimension sets, HeadMetrics, the definitions, HeadEnd,
//	the members, End
//
// with the members' names and values last, arrays behind all else: CloudWatch Logs
// Insights discovers the first 200 fields only, of which an array's elements are one
// each.
const (
	HeadTimestamp  = `{"_aws":{"Timestamp":`
	HeadDirective  = `,"CloudWatchMetrics":[{"Namespace":`
	HeadDimensions = `,"Dimensions":[`
	HeadMetrics    = `],"Metrics":[`
	HeadEnd        = `]}]}`
	End            = "}\n"
)

// AppendPrefix appends the line's beginning up to the dimension sets, with a gap for
// [PutTimestamp].
func AppendPrefix(b []byte, namespace string) []byte {
	b = append(b, HeadTimestamp+timestampGap+HeadDirective...)
	b = AppendString(b, namespace)
	return append(b, HeadDimensions...)
}

// AppendDefinition appends a metric definition.
func AppendDefinition(b []byte, name string, unit emf.MetricUnit, highResolution bool) []byte {
	b = append(b, `{"Name":`...)
	b = AppendString(b, name)
	if unit != "" && unit != emf.None {
		b = append(b, `,"Unit":"`...)
		b = append(b, unit...)
		b = append(b, '"')
	}
	if highResolution {
		b = append(b, `,"StorageResolution":1`...)
	}
	return append(b, '}')
}

// AppendKey appends a member's name between its comma and its colon.
func AppendKey(b []byte, name string) []byte {
	b = append(b, ',')
	b = AppendString(b, name)
	return append(b, ':')
}

// AppendMember appends a member whose value is a string.
func AppendMember(b []byte, name, value string) []byte {
	return AppendString(AppendKey(b, name), value)
}
