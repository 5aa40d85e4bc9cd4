package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/lambdatune/lambdatune/filter"
)

// invocations is how many batches the records make.
func invocations(records, batch int) int { return (records + batch - 1) / batch }

// report writes what the filters save.
func report(w io.Writer, c config, criteria *filter.Criteria, records, matched int) {
	before, after := invocations(records, c.batch), invocations(matched, c.batch)
	perInvocation := c.priceRequest/1e6 + c.gbSeconds(1)*c.priceGBs
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "filters\t%d, source %s\n", len(criteria.Patterns()), c.source)
	fmt.Fprintf(t, "records\t%d\n", records)
	fmt.Fprintf(t, "matched\t%d (%s)\n", matched, percent(matched, records))
	fmt.Fprintf(t, "invocations\t%d without filters, %d with (batches of %d)\n", before, after, c.batch)
	fmt.Fprintf(t, "saved\t%d invocations (%s), %.3f GB-seconds, %s\n",
		before-after, percent(before-after, before), c.gbSeconds(before-after), usd(float64(before-after)*perInvocation))
	if records > 0 {
		million := 1e6 / float64(records) * perInvocation
		fmt.Fprintf(t, "a million records\t%s without filters, %s with (%d MB, %v)\n",
			usd(float64(before)*million), usd(float64(after)*million), c.memory, c.duration)
	}
	t.Flush()
	switch c.source {
	case "sqs":
		fmt.Fprintf(w, "SQS would delete the %d messages that don't match.\n", records-matched)
	case "kinesis":
		fmt.Fprintln(w, "Records that don't match consume the shards' read capacity all the same.")
	}
}

func (c *config) gbSeconds(invocations int) float64 {
	return float64(invocations) * c.duration.Seconds() * float64(c.memory) / 1024
}

func percent(part, whole int) string {
	if whole == 0 {
		return "0 %"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// usd keeps three significant digits of small sums.
func usd(x float64) string {
	if x >= 1 || x == 0 {
		return fmt.Sprintf("%.2f USD", x)
	}
	return fmt.Sprintf("%.3g USD", x)
}
