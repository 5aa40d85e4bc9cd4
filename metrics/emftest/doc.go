// Package emftest checks and queries Embedded Metric Format documents in tests.
//
//	var out emftest.Capture
//	m, err := metrics.New("Orders", metrics.WithWriter(&out))
//	// … run the code under test …
//	out.AssertValid(t)
//	out.AssertValues(t, "Conversion", []float64{100}, "dim", "sales")
//
// The validator was written from the format's specification and the JSON schema in
// it (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html),
// with the stricter limits of the PutMetricData API where CloudWatch stores what it
// extracts, and shares no code with the encoder. It is strict: what it accepts,
// CloudWatch extracts; it may refuse what CloudWatch happens to tolerate, such as a
// member that occurs twice.
package emftest
