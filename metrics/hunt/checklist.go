package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// check is one question of the throttling checklist and its answer.
type check struct {
	Question string `json:"question"`
	Verdict  string `json:"verdict"` // ok, look or unknown
	Answer   string `json:"answer"`
}

const (
	fine    = "ok"
	look    = "look"
	unknown = "unknown"
)

// throttleFilter finds what AWS APIs say when they throttle, in a function's
// own log. Lambda's Throttles metric knows nothing of these.
const throttleFilter = `?Throttling ?ThrottledException ?TooManyRequests ?"Rate exceeded" ?ProvisionedThroughputExceeded ?RequestLimitExceeded ?SlowDown`

// searched is how many of the busiest functions have their logs searched.
const searched = 5

// crowded is the share of the account's limit from which a peak is too near it.
const crowded = 0.8

// slower is how many times the usual duration makes a spike.
const slower = 2

func (h *hunter) checklist(ctx context.Context, r *hunted) []check {
	return []check{r.throttles(), h.throttlingInLogs(ctx, r), r.nearLimit(), r.spikes(), r.failures()}
}

// name lists the functions that hold, each with what it has, a few of them.
func (r *hunted) name(holds func(function) (string, bool)) (list string, n int) {
	var named []string
	for _, f := range r.Functions {
		if what, ok := holds(f); ok {
			if n++; n <= 5 {
				named = append(named, f.Name+" "+what)
			}
		}
	}
	if n > 5 {
		named = append(named, fmt.Sprintf("and %d more", n-5))
	}
	return strings.Join(named, ", "), n
}

func (r *hunted) throttles() check {
	c := check{Question: "does Lambda throttle", Verdict: fine, Answer: "no function has Throttles; if something is throttled, it is an API that the code calls"}
	if list, n := r.name(func(f function) (string, bool) { return fmt.Sprintf("%.0f times", f.Throttles), f.Throttles > 0 }); n > 0 {
		c.Verdict, c.Answer = look, list
	}
	return c
}

func (h *hunter) throttlingInLogs(ctx context.Context, r *hunted) check {
	c := check{Question: "does a log tell of a throttled API", Verdict: fine}
	var found, denied []string
	names := r.Functions[:min(searched, len(r.Functions))]
	for _, f := range names {
		n, more, err := h.countThrottling(ctx, "/aws/lambda/"+f.Name, r.PeakAt.Add(-window), r.PeakAt.Add(time.Minute))
		plus := ""
		if more {
			plus = " or more"
		}
		switch {
		case err != nil:
			denied = append(denied, f.Name)
			fmt.Fprintf(h.progress, "the log of %s cannot be searched: %v\n", f.Name, err)
		case n > 0:
			found = append(found, fmt.Sprintf("%s %d%s lines", f.Name, n, plus))
		}
	}
	switch {
	case len(found) > 0:
		c.Verdict, c.Answer = look, strings.Join(found, ", ")
	case len(denied) > 0:
		c.Verdict, c.Answer = unknown, "no access to the log of "+strings.Join(denied, ", ")
	default:
		c.Answer = fmt.Sprintf("not in the logs of the %d busiest functions", len(names))
	}
	return c
}

// countThrottling counts matching lines, in at most 10 pages.
func (h *hunter) countThrottling(ctx context.Context, group string, from, to time.Time) (n int, more bool, err error) {
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(h.logs, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, FilterPattern: aws.String(throttleFilter),
		StartTime: aws.Int64(from.UnixMilli()), EndTime: aws.Int64(to.UnixMilli() - 1),
	})
	for range 10 {
		if !pages.HasMorePages() {
			return n, false, nil
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return n, false, err
		}
		n += len(page.Events)
	}
	return n, pages.HasMorePages(), nil
}

func (r *hunted) nearLimit() check {
	c := check{Question: "is concurrency near the account's limit"}
	if r.Limit == 0 {
		c.Verdict, c.Answer = unknown, fmt.Sprintf("the peak was %.0f; the limit could not be read", r.Peak)
		return c
	}
	share := r.Peak / float64(r.Limit)
	if c.Verdict = fine; share >= crowded {
		c.Verdict = look
	}
	c.Answer = fmt.Sprintf("the peak of %.0f is %.0f %% of %d", r.Peak, 100*share, r.Limit)
	return c
}

func (r *hunted) spikes() check {
	c := check{Question: "does a duration spike", Verdict: fine, Answer: fmt.Sprintf("no function took %d times its mean of the hour before", slower)}
	list, n := r.name(func(f function) (string, bool) {
		return fmt.Sprintf("%v instead of %v", f.Duration.Round(time.Millisecond), f.Usual.Round(time.Millisecond)), f.Usual > 0 && f.Duration >= slower*f.Usual
	})
	if n > 0 {
		c.Verdict, c.Answer = look, list
	}
	return c
}

func (r *hunted) failures() check {
	c := check{Question: "are there errors", Verdict: fine, Answer: "no function has Errors"}
	list, n := r.name(func(f function) (string, bool) {
		return fmt.Sprintf("%.0f (%.1f %%)", f.Errors, 100*f.Errors/max(f.Invocations, 1)), f.Errors > 0
	})
	if n > 0 {
		c.Verdict, c.Answer = look, list
	}
	return c
}
