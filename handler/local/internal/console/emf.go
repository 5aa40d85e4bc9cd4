package console

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// EMF is what a log line in the embedded metric format says, see
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html.
type EMF struct {
	Metrics    []Metric          `json:"metrics"`
	Dimensions map[string]string `json:"dimensions,omitempty"`
	// Problems are what CloudWatch would drop without a word.
	Problems []string `json:"problems,omitempty"`
}

// Metric is one metric of a line.
type Metric struct {
	Namespace  string     `json:"namespace"`
	Name       string     `json:"name"`
	Unit       string     `json:"unit"`
	Resolution int        `json:"resolution"` // seconds
	Values     []float64  `json:"values"`
	Dimensions [][]string `json:"dimensionSets"`
}

// ParseEMF recognises a log line in the embedded metric format.
func ParseEMF(line string) (EMF, bool) {
	if len(line) == 0 || line[0] != '{' || !strings.Contains(line, `"_aws"`) || !strings.Contains(line, `"CloudWatchMetrics"`) {
		return EMF{}, false
	}
	var members map[string]json.RawMessage
	var meta struct {
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct {
				Name, Unit        string
				StorageResolution int
			}
		}
	}
	if json.Unmarshal([]byte(line), &members) != nil || json.Unmarshal(members["_aws"], &meta) != nil {
		return EMF{}, false
	}
	m := EMF{Dimensions: map[string]string{}}
	for _, directive := range meta.CloudWatchMetrics {
		for _, set := range directive.Dimensions {
			for _, name := range set {
				var value string
				if json.Unmarshal(members[name], &value) != nil {
					m.Problems = append(m.Problems, fmt.Sprintf("dimension %q has no string value", name))
				}
				m.Dimensions[name] = value
			}
		}
		for _, d := range directive.Metrics {
			values, ok := numbers(members[d.Name])
			if !ok {
				m.Problems = append(m.Problems, fmt.Sprintf("metric %q has no number as its value", d.Name))
			}
			if len(values) > 100 {
				m.Problems = append(m.Problems, fmt.Sprintf("metric %q has %d values, more than 100", d.Name, len(values)))
			}
			m.Metrics = append(m.Metrics, Metric{
				Namespace: directive.Namespace, Name: d.Name, Unit: or(d.Unit, "None"),
				Resolution: resolution(d.StorageResolution), Values: values, Dimensions: directive.Dimensions,
			})
		}
	}
	return m, len(m.Metrics) > 0
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// resolution is in seconds; unset means standard resolution.
func resolution(n int) int {
	if n == 0 {
		return 60
	}
	return n
}

// numbers are those of a number or an array of numbers.
func numbers(raw json.RawMessage) ([]float64, bool) {
	var one float64
	if json.Unmarshal(raw, &one) == nil && string(raw) != "null" {
		return []float64{one}, true
	}
	var many []float64
	if json.Unmarshal(raw, &many) == nil && len(many) > 0 {
		return many, true
	}
	return nil, false
}

// table shows the metrics as a person reads them, each line after prefix.
func (m EMF) table(prefix string) string {
	var b strings.Builder
	names := make([]string, 0, len(m.Dimensions))
	for name := range m.Dimensions {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = name + "=" + m.Dimensions[name]
	}
	width := 0
	for _, x := range m.Metrics {
		width = max(width, len(x.Namespace)+1+len(x.Name))
	}
	for _, x := range m.Metrics {
		fmt.Fprintf(&b, "%smetric  %-*s  %12s  %-13s %ds  %s\n", prefix, width, x.Namespace+"/"+x.Name, summary(x.Values), x.Unit, x.Resolution, strings.Join(names, " "))
	}
	for _, p := range m.Problems {
		fmt.Fprintf(&b, "%smetric  problem: %s: CloudWatch would drop it\n", prefix, p)
	}
	return b.String()
}

func summary(values []float64) string {
	switch len(values) {
	case 0:
		return "-"
	case 1:
		return number(values[0])
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return fmt.Sprintf("%s…%s n=%d avg=%s", number(slices.Min(values)), number(slices.Max(values)), len(values), number(sum/float64(len(values))))
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
