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
func (t Talk) assumptions(r *result.Result, wait time.Duration) []result.Assumption {
	var out []result.Assumption
	add := func(what, value, source string) {
		out = append(out, result.Assumption{What: what, Value: value, Source: source})
	}
	add("load", number(t.Rate)+" requests/s", fromTalk)
	add("arrivals", fmt.Sprintf("at random (Poisson), from 0 in %s, for %s; the first %s are left out of means and percentiles", span(t.Ramp), span(t.Length), span(t.Warmup)), fromUs)
	add("environments reserved", number(float64(t.Limit)), fromTalk+": 6,000/s × 100 ms")
	if r.Run("tuned") != nil {
		add("mean duration of tuned", span(t.Mean), fromTalk)
	}
	for i := range r.Runs {
		run := &r.Runs[i]
		v, err := t.variant(run, wait)
		if err != nil {
			continue // Simulate has failed already
		}
		work := "mean " + span(v.work.Mean())
		if p := run.Config.PaymentLatency; p > 0 {
			work += ", the payment API's " + span(p) + " in it"
		}
		add("own work of "+run.Name, work+"; on this machine's cores, whatever the memory size, which favours the one that uses more CPU", v.workFrom)
		add("INIT of "+run.Name, "mean "+span(run.Init.Mean()), fmt.Sprintf("measured, %d cold starts", len(run.Init)))
		calls := "none"
		if len(v.calls) > 0 {
			calls = strings.Join(v.calls, ", ")
		}
		add("AWS calls in each invocation of "+run.Name, calls, "measured: half a call per invocation or more")
		if v.dialTime > 0 {
			add("new connections in each invocation of "+run.Name, fmt.Sprintf("%s: %s of round trips", v.dials, span(v.dialTime)),
				fmt.Sprintf("counted; %d round trips for TCP and TLS 1.3, %d for PostgreSQL", tlsRoundTrips, postgresRoundTrips))
		}
	}
	add("wait for dependencies besides", fmt.Sprintf("mean %s, log-normal, P99 %v × the median", span(wait), t.Spread), "what the talk's duration leaves of the tuned function's; shape "+fromUs)
	add("round trip", fmt.Sprintf("%s in the region, %s to the payment API", span(t.RoundTrip), span(t.PaymentsRoundTrip)), fromUs)
	add("GetSecretValue and PutMetricData take", fmt.Sprintf("half of them under %s, 99 %% under %s; %s to refuse", span(t.Call.Median), span(t.Call.P99), span(t.Retry.Reject.Mean())), fromUs+"; AWS documents none")
	add("GetSecretValue quota", number(t.GetSecretValue)+"/s, not adjustable; 5,000/s when the talk was given", secretsPage)
	add("PutMetricData quota", number(t.PutMetricData)+"/s, adjustable; 150/s in the talk", metricsPage)
	add("how quotas are kept", fmt.Sprintf("token bucket, %v s worth at once", t.Burst), fromUs+"; AWS documents none")
	add("throttled AWS calls", fmt.Sprintf("%d attempts; after attempt n a random share of %s × 2ⁿ, at most %s; a new client for each invocation, so its retry budget does not run out", t.Retry.Attempts, span(t.Retry.Base), span(t.Retry.Max)), retryPage+" and its source")
	add("a call throttled to the end", "GetSecretValue fails the invocation, PutMetricData is logged", "the functions' code")
	add("new environments", fmt.Sprintf("%s at once, then %s/s; without a limit as many as it takes", number(t.Scaling.Burst), number(t.Scaling.PerSecond)), scalingPage)
	add("requests over a limit", "throttled at once, not repeated", lambdaPage+"; clients "+fromUs)
	add("10 requests/s per environment", "not modelled: at "+span(t.Mean)+" it is no tighter than the limit", lambdaPage)
	add("timeout of the function and its front", span(t.Timeout), gatewayPage)
	add("idle environments", "kept", fromUs)
	if t.Rotates > 0 {
		add("rotation", fmt.Sprintf("at %s, all sessions end; an environment with a cached secret fetches it in its next invocation", span(t.Rotates)), fromUs)
		add("age of a cached secret", fmt.Sprintf("%s, shortened by up to %.0f %%", span(t.MaxAge), 100*t.Jitter), "default of package secrets")
	}
	add("not modelled", "the freeze, network loss, the database's and the payment API's own limits, the moment of a rotation when only one of two passwords works", fromUs)
	return out
}

// span writes a duration in seconds, or below that in milliseconds.
func span(d time.Duration) string {
	if d >= time.Second {
		return number(d.Round(10*time.Millisecond).Seconds()) + " s"
	}
	return number(float64(d.Round(10*time.Microsecond))/float64(time.Millisecond)) + " ms"
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
