package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/lambdatune/lambdatune/metrics/concurrency"
)

const (
	// window is how long before the peak each function is looked at.
	window = 6 * time.Minute
	// before is the quiet time before the window that durations are compared with.
	before = time.Hour
	// queriesPerCall is GetMetricData's limit.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
	queriesPerCall = 500
)

// hunter looks for the busiest minute of an account, and for who made it.
type hunter struct {
	metrics  *cloudwatch.Client
	logs     *cloudwatchlogs.Client
	settings *lambda.Client
	progress io.Writer
}

// hunted is what the hunt found.
type hunted struct {
	From      time.Time  `json:"from"`
	To        time.Time  `json:"to"`
	PeakAt    time.Time  `json:"peakAt"` // start of the minute
	Peak      float64    `json:"peak"`
	Limit     int32      `json:"accountLimit,omitempty"` // 0 if it could not be read
	Functions []function `json:"functions"`
	Checklist []check    `json:"checklist"`

	minutes []point
}

// function is one function in the window before the peak.
type function struct {
	Name        string        `json:"name"`
	Invocations float64       `json:"invocations"`
	Duration    time.Duration `json:"meanDurationNanos"`
	Estimate    float64       `json:"estimatedConcurrency"` // invocations per second × mean duration
	Concurrent  float64       `json:"maxConcurrentExecutions"`
	Throttles   float64       `json:"throttles"`
	Errors      float64       `json:"errors"`
	Usual       time.Duration `json:"usualDurationNanos"` // the hour before, zero if it did not run
}

func (h *hunter) hunt(ctx context.Context, s settings) (*hunted, error) {
	r := &hunted{From: s.end.Add(-s.last), To: s.end}
	if err := h.findPeak(ctx, r); err != nil {
		return nil, err
	}
	names, err := h.functions(ctx)
	if err != nil {
		return nil, err
	}
	if r.Functions, err = h.measure(ctx, names, r.PeakAt); err != nil {
		return nil, err
	}
	account, err := h.settings.GetAccountSettings(ctx, &lambda.GetAccountSettingsInput{})
	if err != nil {
		fmt.Fprintln(h.progress, "the account's limit is unknown:", err)
	} else if account.AccountLimit != nil {
		r.Limit = account.AccountLimit.ConcurrentExecutions
	}
	r.Checklist = h.checklist(ctx, r)
	return r, ctx.Err()
}

// findPeak finds the first minute with the highest ConcurrentExecutions.
func (h *hunter) findPeak(ctx context.Context, r *hunted) error {
	got, err := h.data(ctx, r.From, r.To, []query{{metric: "ConcurrentExecutions", stat: "Maximum"}})
	if err != nil {
		return err
	}
	for _, p := range got[0] {
		if p.v > r.Peak {
			r.Peak, r.PeakAt = p.v, p.at
		}
	}
	r.minutes = got[0]
	if r.PeakAt.IsZero() {
		return fmt.Errorf("no ConcurrentExecutions between %s and %s: nothing ran in this region, or the metric is not to be seen", stamp(r.From), stamp(r.To))
	}
	fmt.Fprintf(h.progress, "peak of %.0f at %s\n", r.Peak, stamp(r.PeakAt))
	return nil
}

// functions lists every function that has published invocations.
func (h *hunter) functions(ctx context.Context) (names []string, err error) {
	pages := cloudwatch.NewListMetricsPaginator(h.metrics, &cloudwatch.ListMetricsInput{
		Namespace: aws.String("AWS/Lambda"), MetricName: aws.String("Invocations"),
		Dimensions: []cwtypes.DimensionFilter{{Name: aws.String("FunctionName")}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing functions: %w", err)
		}
		for _, m := range page.Metrics {
			// Series of an alias or version have a second dimension, Resource.
			if len(m.Dimensions) == 1 {
				names = append(names, aws.ToString(m.Dimensions[0].Value))
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	fmt.Fprintf(h.progress, "%d functions\n", len(names))
	return names, nil
}

// perFunction are the queries of one function; the last one covers the time
// before the window.
var perFunction = []query{
	{metric: "Invocations", stat: "Sum"}, {metric: "Duration", stat: "Sum"}, {metric: "Duration", stat: "SampleCount"},
	{metric: "ConcurrentExecutions", stat: "Maximum"}, {metric: "Throttles", stat: "Sum"}, {metric: "Errors", stat: "Sum"},
}

// measure fetches the functions' metrics, several groups of functions at once.
func (h *hunter) measure(ctx context.Context, names []string, peak time.Time) ([]function, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	from, to := peak.Add(-window), peak.Add(time.Minute)
	out := make([]function, len(names))
	group := queriesPerCall / len(perFunction)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		errs  []error
		done  int
		slots = make(chan struct{}, parallel)
	)
	for at := 0; at < len(names); at += group {
		part := names[at:min(at+group, len(names))]
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			err := h.measureGroup(ctx, part, from, to, out[at:])
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
				cancel()
			}
			done += len(part)
			fmt.Fprintf(h.progress, "\r%d of %d functions measured", done, len(names))
		})
	}
	wg.Wait()
	fmt.Fprintln(h.progress)
	if len(errs) > 0 {
		return nil, errs[0] // the others are its cancellation
	}
	out = slices.DeleteFunc(out, func(f function) bool {
		return f.Invocations == 0 && f.Concurrent == 0 && f.Throttles == 0
	})
	slices.SortStableFunc(out, func(a, b function) int {
		switch {
		case a.Estimate != b.Estimate && a.Estimate > b.Estimate:
			return -1
		case a.Estimate != b.Estimate:
			return 1
		}
		return 0
	})
	return out, nil
}

func (h *hunter) measureGroup(ctx context.Context, names []string, from, to time.Time, out []function) error {
	var queries, usual []query
	for _, n := range names {
		for _, q := range perFunction {
			q.function = n
			queries = append(queries, q)
		}
		usual = append(usual, query{"Duration", "Sum", n}, query{"Duration", "SampleCount", n})
	}
	got, err := h.data(ctx, from, to, queries)
	if err != nil {
		return err
	}
	earlier, err := h.data(ctx, from.Add(-before), from, usual)
	if err != nil {
		return err
	}
	for i, n := range names {
		m := got[i*len(perFunction):]
		f := function{
			Name: n, Invocations: total(m[0]), Duration: mean(m[1], m[2]), Concurrent: highest(m[3]),
			Throttles: total(m[4]), Errors: total(m[5]), Usual: mean(earlier[2*i], earlier[2*i+1]),
		}
		f.Estimate = concurrency.Need(f.Invocations/to.Sub(from).Seconds(), f.Duration)
		out[i] = f
	}
	return nil
}

// query asks for one statistic of an AWS/Lambda metric, minute by minute; of all
// functions together where none is named.
type query struct{ metric, stat, function string }

// data returns the points of each query, oldest first.
func (h *hunter) data(ctx context.Context, from, to time.Time, queries []query) ([][]point, error) {
	in := &cloudwatch.GetMetricDataInput{StartTime: &from, EndTime: &to, ScanBy: cwtypes.ScanByTimestampAscending}
	for i, q := range queries {
		m := &cwtypes.Metric{Namespace: aws.String("AWS/Lambda"), MetricName: aws.String(q.metric)}
		if q.function != "" {
			m.Dimensions = []cwtypes.Dimension{{Name: aws.String("FunctionName"), Value: aws.String(q.function)}}
		}
		in.MetricDataQueries = append(in.MetricDataQueries, cwtypes.MetricDataQuery{
			Id:         aws.String("q" + strconv.Itoa(i)),
			MetricStat: &cwtypes.MetricStat{Metric: m, Period: aws.Int32(60), Stat: aws.String(q.stat)},
		})
	}
	out := make([][]point, len(queries))
	pages := cloudwatch.NewGetMetricDataPaginator(h.metrics, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading metrics: %w", err)
		}
		for _, r := range page.MetricDataResults {
			id := aws.ToString(r.Id)
			i, err := strconv.Atoi(id[min(1, len(id)):])
			if err != nil || i < 0 || i >= len(out) || len(r.Timestamps) != len(r.Values) {
				return nil, fmt.Errorf("reading metrics: the answer has the result %q with %d times and %d values", id, len(r.Timestamps), len(r.Values))
			}
			if r.StatusCode == cwtypes.StatusCodeInternalError || r.StatusCode == cwtypes.StatusCodeForbidden {
				return nil, fmt.Errorf("reading metrics: %s of %s: %s", queries[i].metric, queries[i].function, r.StatusCode)
			}
			for j, at := range r.Timestamps {
				out[i] = append(out[i], point{at.UTC(), r.Values[j]})
			}
		}
	}
	return out, nil
}

func total(points []point) (sum float64) {
	for _, p := range points {
		sum += p.v
	}
	return sum
}

func highest(points []point) (high float64) {
	for _, p := range points {
		high = max(high, p.v)
	}
	return high
}

// mean is that of durations in ms, weighted by how many there were.
func mean(sum, count []point) time.Duration {
	n := total(count)
	if n == 0 {
		return 0
	}
	return time.Duration(total(sum) / n * float64(time.Millisecond))
}

func (r *hunted) table(w io.Writer, s settings) error {
	limit := "of an unknown limit"
	if r.Limit > 0 {
		limit = fmt.Sprintf("of %d (%.0f %%)", r.Limit, 100*r.Peak/float64(r.Limit))
	}
	fmt.Fprintf(w, "highest concurrency of all functions: %.0f %s in the minute of %s\n\n", r.Peak, limit, r.PeakAt.Format("2006-01-02 15:04Z"))
	fmt.Fprintf(w, "the %v before it and that minute, worst first:\n", window)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "function\tinvocations\tmean duration\tusual\testimated concurrency\tmax concurrent\tthrottles\terrors\t")
	for _, f := range r.Functions[:min(s.top, len(r.Functions))] {
		fmt.Fprintf(t, "%s\t%.0f\t%v\t%v\t%.1f\t%.0f\t%.0f\t%.0f\t\n", f.Name, f.Invocations,
			f.Duration.Round(100*time.Microsecond), f.Usual.Round(100*time.Microsecond), f.Estimate, f.Concurrent, f.Throttles, f.Errors)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more := len(r.Functions) - s.top; more > 0 {
		fmt.Fprintf(w, "and %d more functions; see -top\n", more)
	}
	fmt.Fprintln(w, "\nthrottling checklist:")
	var errs []error
	for _, c := range r.Checklist {
		_, err := fmt.Fprintf(w, "  %-9s %s: %s\n", c.Verdict, c.Question, c.Answer)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (r *hunted) chart() chart {
	return chart{
		title: fmt.Sprintf("ConcurrentExecutions per minute: %.0f at %s", r.Peak, r.PeakAt.Format("2006-01-02 15:04Z")), unit: "environments",
		series: []series{{name: "maximum", points: r.minutes}},
	}
}
