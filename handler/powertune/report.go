package main

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// report is the outcome of a run.
type report struct {
	Function    string  `json:"function"`
	Local       bool    `json:"local"` // an approximation on this machine
	Method      string  `json:"cpuLimit,omitempty"`
	Arch        string  `json:"architecture"`
	PriceOf     string  `json:"priceOfRegion"`
	GBSecond    float64 `json:"usdPerGBSecond"`
	Sizes       []size  `json:"sizes"`
	Strategy    string  `json:"strategy"`
	Recommended int     `json:"recommendedMB"`
	Kind        string  `json:"kind"`
	Verdict     string  `json:"verdict"`
}

// judge fills in what follows from the sizes.
func (r *report) judge(s settings) error {
	var measured []size
	for _, sz := range r.Sizes {
		if sz.Invocations > 0 {
			measured = append(measured, sz)
		}
	}
	if len(measured) == 0 {
		return errors.New("every invocation was a cold start: use a larger -num than -parallel")
	}
	r.Strategy = s.strategy
	r.Recommended = measured[choose(measured, s.strategy, s.weight)].Memory
	var enough int
	r.Kind, enough = kind(measured)
	r.Verdict = verdict(measured, r.Kind, enough)
	return nil
}

func verdict(sizes []size, kind string, enough int) string {
	small, best := sizes[0], sizes[enough]
	cheapest := sizes[choose(sizes, "cost", 1)]
	switch kind {
	case cpuBound:
		text := fmt.Sprintf("Bound by the CPU: %.1f times as fast at %d MB as at %d MB", float64(small.Mean)/float64(max(best.Mean, 1)), best.Memory, small.Memory)
		if enough < len(sizes)-1 {
			text += ", and no faster beyond: more memory only costs more from there on (one core is reached at 1,769 MB)"
		} else {
			text += ", and still improving: try larger sizes"
		}
		return text + fmt.Sprintf(". Cheapest at %d MB.", cheapest.Memory)
	case waiting:
		return fmt.Sprintf("It waits for others: more memory makes it dearer and hardly faster (%v at %d MB, %v at %d MB). Take the smallest size that holds its data, %d MB of those measured, and shorten the wait.",
			round(small.Mean), small.Memory, round(best.Mean), best.Memory, cheapest.Memory)
	}
	return fmt.Sprintf("It computes and waits: %v at %d MB, %v from %d MB on. Cheapest at %d MB.", round(small.Mean), small.Memory, round(best.Mean), best.Memory, cheapest.Memory)
}

func round(d time.Duration) time.Duration {
	if d < 10*time.Millisecond {
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(100 * time.Microsecond)
}

const bar = 40 // characters of the longest bar

func (r *report) print(w io.Writer) error {
	var slowest time.Duration
	var dearest float64
	for _, s := range r.Sizes {
		slowest, dearest = max(slowest, s.Mean), max(dearest, s.Cost)
	}
	fmt.Fprintf(w, "%s, %s at %.10g USD per GB-second (%s)\n", r.Function, r.Arch, r.GBSecond, r.PriceOf)
	if r.Local {
		fmt.Fprintf(w, "APPROXIMATION on this machine, CPU limited by %s; Lambda's cores differ, memory is not limited\n", r.Method)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "MB\tmean\tmedian\tp99\tUSD/million\twarm\tcold\tmean INIT\tmax memory MB\t")
	for _, s := range r.Sizes {
		mark := ""
		if s.Memory == r.Recommended {
			mark = "<- " + r.Strategy
		}
		fmt.Fprintf(t, "%d\t%v\t%v\t%v\t%.3f\t%d\t%d\t%v\t%d\t%s\n", s.Memory, round(s.Mean), round(s.Median), round(s.P99), s.Cost, s.Invocations, s.ColdStarts, round(s.Init), s.MaxMemory, mark)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, s := range r.Sizes {
		fmt.Fprintf(w, "%6d MB  time %-*s  cost %s\n", s.Memory, bar, stroke(float64(s.Mean), float64(slowest), "█"), stroke(s.Cost, dearest, "▒"))
	}
	_, err := fmt.Fprintf(w, "\n%s\n", r.Verdict)
	return err
}

func stroke(v, longest float64, unit string) string {
	if longest <= 0 {
		return ""
	}
	return strings.Repeat(unit, int(v/longest*bar+0.5))
}

// svg draws duration and cost over memory, each on its own scale.
func (r *report) svg() []byte {
	const width, height, left, right, top, bottom = 820, 380, 70, 70, 60, 45
	var slowest time.Duration
	var dearest, widest float64 = 0, 1
	for _, s := range r.Sizes {
		slowest, dearest, widest = max(slowest, s.Mean), max(dearest, s.Cost), max(widest, float64(s.Memory))
	}
	x := func(mb int) float64 { return left + float64(mb)/widest*(width-left-right) }
	y := func(v, high float64) float64 { return height - bottom - v/max(high, 1e-300)*(height-top-bottom) }
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	title := r.Function
	if r.Local {
		title += " (approximation on this machine)"
	}
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/><text x="%d" y="22" font-size="15">%s</text>`+"\n", left, html.EscapeString(title))
	fmt.Fprintf(&b, `<text x="%d" y="44" fill="#1f5fa8">mean duration, up to %v</text><text x="%d" y="44" fill="#d1792b" text-anchor="end">USD per million, up to %.3f</text>`+"\n", left, round(slowest), width-right, dearest)
	for _, c := range []struct {
		colour string
		of     func(size) float64
	}{
		{"#1f5fa8", func(s size) float64 { return y(float64(s.Mean), float64(slowest)) }},
		{"#d1792b", func(s size) float64 { return y(s.Cost, dearest) }},
	} {
		fmt.Fprintf(&b, `<polyline fill="none" stroke-width="2" stroke="%s" points="`, c.colour)
		for _, s := range r.Sizes {
			if s.Invocations > 0 {
				fmt.Fprintf(&b, "%.1f,%.1f ", x(s.Memory), c.of(s))
			}
		}
		b.WriteString(`"/>` + "\n")
	}
	for _, s := range r.Sizes {
		weight := "normal"
		if s.Memory == r.Recommended {
			weight = "bold"
		}
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle" font-weight="%s">%d</text>`+"\n", x(s.Memory), height-bottom+18, weight, s.Memory)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">memory, MB</text></svg>`+"\n", width/2, height-8)
	return b.Bytes()
}
