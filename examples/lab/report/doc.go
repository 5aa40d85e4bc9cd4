// Package report shows what the lab measured and simulated: [Table] for a
// terminal, [SVG] as a picture and [JSON] for programs; [Files] writes the latter two. All take a
// [result.Result] in which runs, the simulation, the database or any figure may be
// missing, and say so rather than show a zero.
//
// # JSON
//
// The file is the [result.Result], its fields named as their json tags say. Units
// are in the names: …Ns is nanoseconds, …Bytes bytes, …PerSecond and …RPS per
// second, …MB 1,048,576 bytes; cost is USD per million requests that the function
// took; a share is from 0 to 1. Samples are kept as summaries: count, meanNs, and
// percentiles by nearest rank. New fields may come, none changes its meaning.
//
//	made, command, machine, seed
//	runs[]                  naive, then tuned
//	  config                rate, environments, quotas, …
//	  seconds[]             the course: offered, succeeded, throttled, failed, mean,
//	                        exact and sampled concurrency, little, connections, …
//	  marks[]               rotation and freeze
//	  offered = succeeded + throttled + failed
//	  latency, service, init, alone: summaries
//	  api[], database, payments, cpuNs, peakMemoryBytes, cost
//	simulation              runs[] under the limit, wanted[] without one, limits[],
//	                        agreements[] with the measured runs, assumptions[]
//	assumptions[], prices[]
//
// [ReadJSON] reads it back.
package report
