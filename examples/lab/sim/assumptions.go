package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// Where the figures are from.
const (
	fromTalk    = "the talk"
	fromUs      = "chosen here"
	lambdaPage  = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
	scalingPage = "https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html"
	secretsPage = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html"
	metricsPage = "https://docs.aws.amazon.com/general/latest/gr/cw_region.html"
	gatewayPage = "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"
	retryPage   = "https://docs.aws.amazon.com/sdk-for-go/v2/developer-guide/configure-retries-timeouts.html"
)

// assumptions are all that went into the simulation, with its source.
func (t Talk) assumptions(r *result.Result, wait time.Duration, from string) []result.Assumption {
	var out []result.Assumption
	add := func(what, value, source string) {
		out = append(out, result.Assumption{What: what, Value: value, Source: source})
	}
	add("load", number(t.Rate)+" requests/s", fromTalk)
	add("arrivals", fmt.Sprintf("at random (Poisson), from 0 in %v, for %v; the first %v are left out of means and percentiles", t.Ramp, t.Length, t.Warmup), fromUs)
	add("environments reserved", number(float64(t.Limit)), fromTalk+": 6,000/s × 100 ms")
	add("mean duration of "+from, t.Mean.String(), fromTalk)
	for i := range r.Runs {
		run := &r.Runs[i]
		v, err := t.variant(run, wait)
		if err != nil {
			continue // Simulate has failed already
		}
		add("own work of "+run.Name, fmt.Sprintf("mean %v on a whole core of this machine, whatever the memory size", v.work.Mean().Round(10*time.Microsecond)), v.workFrom)
		add("INIT of "+run.Name, fmt.Sprintf("mean %v", run.Init.Mean().Round(100*time.Microsecond)), fmt.Sprintf("measured, %d cold starts", len(run.Init)))
		calls := "none"
		if len(v.calls) > 0 {
			calls = strings.Join(v.calls, ", ")
		}
		add("AWS calls in each invocation of "+run.Name, calls, "measured: half a call per invocation or more")
		if v.dialTime > 0 {
			add("new connections in each invocation of "+run.Name, fmt.Sprintf("%s: %v of round trips", v.dials, v.dialTime),
				fmt.Sprintf("counted; %d round trips for TCP and TLS 1.3, %d for PostgreSQL", tlsRoundTrips, postgresRoundTrips))
		}
	}
	add("wait for dependencies in both", fmt.Sprintf("mean %v, log-normal, P99 %v × the median", wait.Round(10*time.Microsecond), t.Spread), "what the talk's duration leaves; shape "+fromUs)
	add("round trip", fmt.Sprintf("%v in the region, %v to the payment API", t.RoundTrip, t.PaymentsRoundTrip), fromUs)
	add("GetSecretValue and PutMetricData take", fmt.Sprintf("half of them under %v, 99%% under %v; %v to refuse", t.Call.Median, t.Call.P99, t.Retry.Reject.Mean()), fromUs+"; AWS documents none")
	add("GetSecretValue quota", number(t.GetSecretValue)+"/s, not adjustable; 5,000/s when the talk was given", secretsPage)
	add("PutMetricData quota", number(t.PutMetricData)+"/s, adjustable; 150/s in the talk", metricsPage)
	add("how quotas are kept", fmt.Sprintf("token bucket, %v s worth at once", t.Burst), fromUs+"; AWS documents none")
	add("throttled AWS calls", fmt.Sprintf("%d attempts; after attempt n a random share of %v × 2ⁿ, at most %v; a new client for each invocation, so its retry budget does not run out", t.Retry.Attempts, t.Retry.Base, t.Retry.Max), retryPage+" and its source")
	add("a call throttled to the end", "GetSecretValue fails the invocation, PutMetricData is logged", "the functions' code")
	add("new environments", fmt.Sprintf("%s at once, then %s/s", number(t.Scaling.Burst), number(t.Scaling.PerSecond)), scalingPage)
	add("requests over a limit", "throttled at once, not repeated", lambdaPage+"; clients "+fromUs)
	add("10 requests/s per environment", "not modelled: at "+t.Mean.String()+" it is no tighter than the limit", lambdaPage)
	add("timeout of the function and its front", t.Timeout.String(), gatewayPage)
	add("idle environments", "kept", fromUs)
	if t.Rotates > 0 {
		add("rotation", fmt.Sprintf("at %v, all sessions end; an environment with a cached secret fetches it in its next invocation", t.Rotates), fromUs)
		add("age of a cached secret", fmt.Sprintf("%v, shortened by up to %.0f%%", t.MaxAge, 100*t.Jitter), "default of package secrets")
	}
	add("not modelled", "the freeze, network loss, the database's and the payment API's own limits, the moment of a rotation when only one of two passwords works", fromUs)
	return out
}

// number writes with a comma for thousands.
func number(x float64) string {
	s := strconv.FormatFloat(x, 'f', -1, 64)
	whole, rest, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		return whole + "." + rest
	}
	return whole
}
