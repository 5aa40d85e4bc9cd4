// Package metrics publishes CloudWatch metrics from Lambda as lines of the Embedded
// Metric Format on standard output: no API call, no quota, no permission, and about
// 100 ns for a document. It never loses a value silently.
//
//	m, err := metrics.New("Orders", metrics.WithDimensions("service", "checkout"))
//	placed, err := m.Metric("OrdersPlaced", emf.Count) // checked and encoded once
//
//	handler.Start(handler.Use(h, m.Middleware))
//
//	// anywhere below the handler
//	placed.Add(ctx, 1)
//	r := metrics.From(ctx)
//	r.Duration("Lookup", time.Since(begin))
//	r.Add("CartSize", 3, emf.Count, metrics.HighResolution)
//	r.Property("orderId", id) // searchable, not a dimension, costs no metric
//
// # Recorders
//
// [Metrics.Middleware] gives each invocation a [Recorder] of its own, carried by
// the context; invocations that run at once in one environment never mix. It is
// flushed at the end of the invocation, also after an error or a panic, and shortly
// before the platform's deadline, so that what was recorded before a timeout comes
// out. Code without the middleware calls [Metrics.Begin] and [Recorder.End].
//
// Repeated values of a metric are all kept, in an array. Many observations fit a
// kilobyte with [Histogram]. Values are held until the flush, 8 bytes each.
//
// # Dimensions
//
// A document publishes its metrics under one or more dimension sets, and each set
// with each combination of values is a metric that CloudWatch bills. Default
// dimensions come from [WithDimensions], further ones for one invocation from
// [Recorder.Dimension] and [Recorder.DimensionSet]; [Recorder.In] records under
// others, or in another namespace, on the fly. Request ID and trace become
// properties, which cost nothing but their bytes.
//
// # Limits and errors
//
// What CloudWatch would not take is kept out: a document with 101 metrics, one
// NaN, or one dimension too many, loses all its metrics there, and only the metric
// AWS/Logs EMFValidationErrors tells. More than 100 metrics, more than 100 values,
// or a line too long become several valid documents. Anything invalid (a value that
// is not finite or beyond ±2^360, a bad name or unit, a name that serves twice) is
// left out and named in the error of the next [Recorder.Flush], one
// [*RejectedError] each, while everything valid is emitted. A line that can't be
// written is kept for one more try.
//
// Two things decide for the caller, rather than lose data: a timestamp out of
// CloudWatch's window leaves the invocation's own, and a property too long for a
// line is left out so that the metrics come through.
//
// # Lines
//
// A document is one Write of one line, so it stays whole on a pipe that others
// write to: always up to 4,096 bytes, above that if all write through the same
// [*os.File] or one [LockedWriter]. Lines end below 64 KiB unless [WithMaxLine]
// says otherwise. log/slog on the same os.Stdout works beside it; don't route
// documents through it, whose time, level and msg cost more than the document.
//
// # Coming from prozz
//
// Units are prozz's constants. Code that stays on prozz/aws-embedded-metrics-golang
// gets splitting and errors from [Logger], its own logger on the recorder's output,
// or from [Guard] around its writer.
//
// # Why not PutMetricData
//
// At 6,000 invocations per second with one metric each:
//
//	                 PutMetricData                  this package
//	quota            150 per second, adjustable     none: ingestion is asynchronous
//	price            60 USD per 1,000 s,            0.65 USD per 1,000 s,
//	                 0.01 per 1,000 calls           0.50 per GB of 215-byte events
//	duration         a signed HTTPS call: each 10   1 µs to the pipe
//	                 ms are 60 more environments
//
// Quota and price of calls are those of AWS's talk on tuning Lambda, the log price
// is that of us-east-1; 215 bytes are the example document of 189 bytes and the 26
// that CloudWatch Logs counts per event. 60 environments are Little's law: 6,000 rps
// × 10 ms. Metrics themselves bill the same either way.
//
// CloudWatch also takes OpenTelemetry metrics (OTLP), synchronously or through a
// collector. That suits high-cardinality labels, and is not what this package does.
//
// # How it is fast
//
// A recorder comes from a pool and remembers the names of its last invocation.
// Names that come in the same order again are compared once each, and their
// definitions copied as one block; a [Metric] handle is compared by its pointer.
// Encoding allocates nothing, and the timestamp is the invocation's start, which
// saves reading the clock.
//
// The package links the standard library and prozz's package emf.
package metrics
