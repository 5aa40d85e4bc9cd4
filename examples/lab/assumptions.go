package main

import (
	"fmt"
	"runtime"
)

// assumptions say what stands in for what.
func (c config) assumptions(database bool) []string {
	s := []string{
		fmt.Sprintf("The load is 1/%.0f of the talk's 6,000 rps, and so are the quotas. The same share of its 600 environments would be %.0f; there are more, so that it is seen how many the load takes.", 1/c.scale(), 600*c.scale()),
		"Arrivals are a Poisson process, the same for both functions; latency counts from the scheduled arrival. A request that finds no environment is throttled and not sent again.",
		fmt.Sprintf("AWS's APIs answer on loopback, over HTTP without TLS, after %v; the payment API over TLS after %v. This favours the function that calls more.", c.apiLatency, c.latency),
		fmt.Sprintf("The quotas are the talk's, GetSecretValue %v and PutMetricData %v calls per second, with one second's worth of calls as the burst; AWS documents no burst. Defaults today are 10,000 and 500, the latter adjustable.", c.secretsQuota, c.metricsQuota),
		fmt.Sprintf("A function has as much CPU as this machine's %d cores give it, shared with the load, the servers and the database; at %d MB Lambda gives it %.2f of one. The memory size counts for the costs alone.", runtime.NumCPU(), c.memory, float64(c.memory)/1769),
		fmt.Sprintf("The payment API and the database drop connections that are idle for %v; NAT gateways do after 350 s.", c.idle),
		"Costs are Lambda's, those of the API calls that were accepted, and of the logs; not of the API in front, the database, the metrics themselves or data transfer.",
	}
	if database {
		s = append(s, fmt.Sprintf("The tuned function's database connections live for %v, so that a rotation is met by logins; others could live longer.", c.duration/5))
	} else {
		s = append(s, "PostgreSQL is not installed or was switched off: the database part is off, orders are kept nowhere, and the rotation changes the payment API's key instead of the password.")
	}
	if runtime.GOOS == "windows" {
		s = append(s, "This operating system cannot freeze processes: environments run on between invocations.")
	}
	return s
}
