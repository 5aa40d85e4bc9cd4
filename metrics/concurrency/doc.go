// Package concurrency says how many execution environments a function needs,
// and how many it really used, from Little's law and from its REPORT lines.
//
// # One formula
//
// concurrency = requests per second × duration. [Need] is that; [Rate] and
// [Drain] are its inverses: the rate that a reservation carries, and the time a
// backlog takes.
//
// # Peak concurrency, exactly
//
// Lambda's own ConcurrentExecutions metric resolves one minute. A widely used
// Logs Insights query estimates it per second from REPORT lines as
//
//	count × pct(duration, 99.5) / 1000
//
// which is biased: the line is written when an invocation ends, so a second is
// charged for work that was done in earlier seconds and not for work that ends
// later; an invocation longer than a second counts once where it ended instead
// of in every second that it ran; taking the 99.5th percentile for all calls
// overstates a mixed load; and INIT time, during which the environment is busy
// as well, is left out. [Sweep] computes the real thing instead, on a grid of
// one millisecond, from the start and end of each invocation, and gives the
// estimate beside it.
//
// A log of any length is read in one pass. Memory is bounded by the window, not
// by the log: [SweepOptions] states how far out of order records may be, and
// records later than that are counted, not used.
//
// [Reader] finds the REPORT lines in exported logs: the JSON lines of the AWS
// CLI, JSON platform.report records, and the text that `aws logs tail` prints.
//
// The package imports only the standard library and the project's own scanner.
package concurrency
