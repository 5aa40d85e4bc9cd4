package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/lambdatune/lambdatune/metrics/concurrency"
)

// reportFilter finds REPORT lines and platform.report records alike.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
const reportFilter = `?"REPORT RequestId" ?"platform.report"`

// slices of the time asked for are fetched side by side. FilterLogEvents has a
// quota of a few calls per second and region, which the SDK's adaptive retry
// keeps to.
const parallel = 4

// fromLogGroup reads every record of a log group and sweeps them in order.
func fromLogGroup(ctx context.Context, logs *cloudwatchlogs.Client, s settings, progress io.Writer) (*exact, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var r exact
	sweep, err := r.sweep(s)
	if err != nil {
		return nil, err
	}
	// Each slice has a channel of its own, read one after the other, so that
	// the sweep gets the records in their order however the fetches overtake
	// each other.
	parts := slice(s.end.Add(-s.last), s.end)
	pages := make([]chan page, len(parts))
	for i := range pages {
		pages[i] = make(chan page, 2)
	}
	slots := make(chan struct{}, parallel)
	go func() {
		for i, p := range parts {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				close(pages[i])
				continue
			}
			go func() {
				defer func() { <-slots }()
				defer close(pages[i])
				fetchSlice(ctx, logs, s.logGroup, p, pages[i])
			}()
		}
	}()
	for i := range pages {
		for p := range pages[i] {
			if p.err != nil {
				return nil, p.err
			}
			if err := r.addEvents(sweep, p.events); err != nil {
				return nil, err
			}
		}
		fmt.Fprintf(progress, "\r%d of %d parts of the log read, %d reports", i+1, len(parts), sweep.Summary().Records)
	}
	fmt.Fprintln(progress)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &r, r.finish(sweep)
}

type span struct{ from, to time.Time } // from inclusive, to exclusive

// slice cuts a time into at most 64 parts of at least 5 minutes.
func slice(from, to time.Time) (parts []span) {
	step := max(5*time.Minute, to.Sub(from)/64)
	for ; from.Before(to); from = from.Add(step) {
		end := from.Add(step)
		if end.After(to) {
			end = to
		}
		parts = append(parts, span{from, end})
	}
	return parts
}

type page struct {
	events []types.FilteredLogEvent
	err    error
}

func fetchSlice(ctx context.Context, logs *cloudwatchlogs.Client, group string, p span, out chan<- page) {
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(logs, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, FilterPattern: aws.String(reportFilter),
		StartTime: aws.Int64(p.from.UnixMilli()), EndTime: aws.Int64(p.to.UnixMilli() - 1), // the API's end is inclusive
	})
	for pages.HasMorePages() {
		var send page
		got, err := pages.NextPage(ctx)
		if err != nil {
			send.err = fmt.Errorf("log group %s: %w", group, err)
		} else {
			send.events = got.Events
		}
		select {
		case out <- send:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (r *exact) addEvents(sweep *concurrency.Sweep, events []types.FilteredLogEvent) error {
	var rep concurrency.Report
	for _, e := range events {
		r.Lines++
		err := concurrency.ParseReport([]byte(aws.ToString(e.Message)), &rep)
		if errors.Is(err, concurrency.ErrNotReport) {
			continue
		}
		if err == nil && e.Timestamp == nil && rep.End.IsZero() {
			err = errors.New("the log event has no timestamp")
		}
		if err != nil {
			if r.Malformed++; r.FirstBad == "" {
				r.FirstBad = err.Error()
			}
			continue
		}
		if e.Timestamp != nil {
			rep.End = time.UnixMilli(*e.Timestamp)
		}
		if err := sweep.Add(&rep); err != nil {
			return err
		}
	}
	return nil
}

// insightsQuery is the well-known estimate, worst second first.
const insightsQuery = `filter @type = "REPORT"
| stats count(*) * pct(@duration, 99.5) / 1000 as concurrency by bin(1s) as second
| sort concurrency desc
| limit 1000`

// estimate is what Logs Insights answers.
type insightsResult struct {
	Query   string            `json:"query"`
	Scanned float64           `json:"recordsScanned"`
	Seconds []insightsRow     `json:"seconds"`
	Status  types.QueryStatus `json:"status"`
}

type insightsRow struct {
	Second      string `json:"second"`
	Concurrency string `json:"concurrency"`
}

func insights(ctx context.Context, logs *cloudwatchlogs.Client, s settings, w world) (*insightsResult, error) {
	started, err := logs.StartQuery(ctx, &cloudwatchlogs.StartQueryInput{
		LogGroupName: &s.logGroup, QueryString: aws.String(insightsQuery),
		StartTime: aws.Int64(s.end.Add(-s.last).Unix()), EndTime: aws.Int64(s.end.Unix()),
	})
	if err != nil {
		return nil, err
	}
	for {
		got, err := logs.GetQueryResults(ctx, &cloudwatchlogs.GetQueryResultsInput{QueryId: started.QueryId})
		if err != nil {
			return nil, err
		}
		switch got.Status {
		case types.QueryStatusScheduled, types.QueryStatusRunning, types.QueryStatusUnknown:
			fmt.Fprintf(w.err, "\rthe query is %s", got.Status)
			if err := w.pause(ctx, time.Second); err != nil {
				return nil, err
			}
			continue
		case types.QueryStatusComplete:
		default:
			return nil, fmt.Errorf("the query ended as %s", got.Status)
		}
		fmt.Fprintln(w.err)
		r := &insightsResult{Query: insightsQuery, Status: got.Status}
		if got.Statistics != nil {
			r.Scanned = got.Statistics.RecordsScanned
		}
		for _, row := range got.Results {
			var out insightsRow
			for _, f := range row {
				switch aws.ToString(f.Field) {
				case "second":
					out.Second = aws.ToString(f.Value)
				case "concurrency":
					out.Concurrency = aws.ToString(f.Value)
				}
			}
			r.Seconds = append(r.Seconds, out)
		}
		return r, nil
	}
}

func (r *insightsResult) table(w io.Writer, s settings) error {
	fmt.Fprintf(w, "Logs Insights estimate over %.0f records; it is biased, run without -insights for the exact figure\n\n", r.Scanned)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "second\tcount×pct(99.5)\t")
	for _, row := range r.Seconds[:min(s.top, len(r.Seconds))] {
		fmt.Fprintf(t, "%s\t%s\t\n", row.Second, row.Concurrency)
	}
	return t.Flush()
}

func (r *insightsResult) chart() chart {
	estimate := series{name: "count × pct(99.5)"}
	for _, row := range r.Seconds {
		at, err := time.Parse("2006-01-02 15:04:05.000", row.Second)
		var v float64
		if _, scanErr := fmt.Sscan(row.Concurrency, &v); err == nil && scanErr == nil {
			estimate.add(at, v)
		}
	}
	estimate.sort()
	return chart{title: "Concurrency per second, Logs Insights estimate", unit: "environments", series: []series{estimate}}
}
