// Command bench measures what README.md says and writes it there: every table
// between a pair of marks,
//
//	<!-- bench: handler -->
//	…
//	<!-- end -->
//
// comes from the template of that name in tables, filled with the medians of what
// the suites in suites.go have printed, peers and floors included.
//
//	go run .                    # everything, in a quarter of an hour on a quiet machine
//	go run . -only filter       # one suite; the figures of the others stay
//	go run . -only ''           # nothing: the tables from results.txt again
//
// What the suites print is kept in results.txt, in the format of Go's benchmarks,
// for benchstat and for the test that holds README.md to it. Tests that measure
// log lines in that format, too.
package main
