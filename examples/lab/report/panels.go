package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// comparison draws three panels beside each other: what became of the requests,
// how long they took, and the calls to AWS.
func (c *canvas) comparison(runs []result.Run, top float64) float64 {
	const third = (width - 2*margin - 2*gap) / 3
	bottom := c.outcomes("Requests", runs, margin, top, third)
	bottom = max(bottom, c.latencies(runs, margin+third+gap, top, third))
	return max(bottom, c.apiCalls(runs, margin+2*(third+gap), top, third))
}

// outcomes draws a bar of each run, parted by what became of its requests.
func (c *canvas) outcomes(title string, runs []result.Run, left, top, w float64) float64 {
	c.text(left, top, "h2", "start", title)
	y := top + 12
	for i := range runs {
		r := &runs[i]
		y += 16
		c.text(left, y, "t"+hue(r.Name), "start", r.Name)
		c.text(left+w, y, "small", "end", figure(r.AchievedRPS)+" requests/s done")
		y += 6
		x := left
		parts := []struct {
			n     int
			class string
		}{{r.Succeeded, "f" + hue(r.Name)}, {r.Throttled, "f2"}, {r.Failed, "f3"}}
		for _, p := range parts {
			if r.Offered > 0 && p.n > 0 {
				d := w * float64(p.n) / float64(r.Offered)
				c.rect(x, y, d, 14, p.class)
				x += d
			}
		}
		y += 28
		c.text(left, y, "dim small", "start", fmt.Sprintf("%s succeeded · %s throttled · %s failed", share(r.Succeeded, r.Offered), share(r.Throttled, r.Offered), share(r.Failed, r.Offered)))
		y += 10
	}
	return y
}

// latencies draws percentiles on a logarithmic scale, a row of each.
func (c *canvas) latencies(runs []result.Run, left, top, w float64) float64 {
	c.text(left, top, "h2", "start", "Latency of what succeeded")
	rows := []struct {
		name string
		of   func(result.Summary) time.Duration
	}{
		{"p50", func(s result.Summary) time.Duration { return s.P50 }},
		{"p99", func(s result.Summary) time.Duration { return s.P99 }},
		{"max", func(s result.Summary) time.Duration { return s.Max }},
	}
	var all []float64
	for i := range runs {
		for _, q := range rows {
			all = append(all, q.of(runs[i].Latency).Seconds())
		}
	}
	x := scale{log: true, at: left + 34, length: w - 34 - 8}
	x.from, x.to = decades(all)
	y := top + 20
	bottom := y + 3*40
	for _, v := range x.ticks() {
		c.line(x.px(v), y, x.px(v), bottom, "grid")
		c.text(x.px(v), bottom+14, "axis", "middle", span(time.Duration(v*float64(time.Second))))
	}
	for _, q := range rows {
		y += 22
		c.text(left, y+4, "dim", "start", q.name)
		var at []float64
		for i := range runs {
			if d := q.of(runs[i].Latency); d > 0 {
				at = append(at, x.px(d.Seconds()))
			}
		}
		if len(at) == 2 {
			c.line(at[0], y, at[1], y, "base")
		}
		for i := range runs {
			d := q.of(runs[i].Latency)
			if d <= 0 {
				continue
			}
			p := x.px(d.Seconds())
			c.dot(p, y, "f"+hue(runs[i].Name), fmt.Sprintf("%s %s: %s", runs[i].Name, q.name, span(d)))
			c.text(min(max(p, x.at+22), left+w-24), y-8, "t"+hue(runs[i].Name)+" small", "middle", span(d))
		}
		y += 18
	}
	return bottom + 18
}

// apiCalls draws a bar for the calls per second of each operation and run; what
// was throttled is the lighter part.
func (c *canvas) apiCalls(runs []result.Run, left, top, w float64) float64 {
	c.text(left, top, "h2", "start", "AWS API calls per second")
	y := top + 12
	ops := operations(runs)
	if len(ops) == 0 {
		c.text(left, y+16, "dim", "start", "none")
		return y + 22
	}
	most := 0.0
	for i := range runs {
		for _, op := range ops {
			most = max(most, perSecond(&runs[i], calls(callsOf(&runs[i], op))))
		}
	}
	x := scale{to: most, at: left, length: w - 128}
	for _, op := range ops {
		y += 16
		c.text(left, y, "small", "start", op)
		y += 5
		for i := range runs {
			of := callsOf(&runs[i], op)
			accepted, sum := perSecond(&runs[i], float64(of.Accepted+of.Failed)), perSecond(&runs[i], calls(of))
			c.rect(left, y, x.px(accepted)-left, 10, "f"+hue(runs[i].Name))
			c.rect(x.px(accepted), y, x.px(sum)-x.px(accepted), 10, "f2")
			label := figure(sum)
			if of.Throttled > 0 {
				label += ", " + percent(float64(of.Throttled)/calls(of)) + " throttled"
			}
			c.text(max(x.px(sum), left)+5, y+9, "t"+hue(runs[i].Name)+" small", "start", label)
			y += 13
		}
		y += 3
	}
	return y
}

func perSecond(r *result.Run, n float64) float64 {
	if r.Config.Duration <= 0 {
		return 0
	}
	return n / r.Config.Duration.Seconds()
}

// simulation draws the environments that the variants would take at the other
// scale, on a logarithmic axis, and what becomes of the requests under the limit.
func (c *canvas) simulation(s *result.Simulation, top float64) float64 {
	c.line(margin, top-24, width-margin, top-24, "grid")
	first := &s.Runs[0]
	c.text(margin, top, "h1", "start", fmt.Sprintf("Simulated at %s requests/s, not measured", figure(first.Config.Rate)))
	top += 19
	c.text(margin, top, "dim", "start", "a discrete-event simulation with the work and INIT times of the runs above; all its assumptions are printed with the table")
	top += gap
	const side = 262.0
	wanted := s.Wanted
	if len(wanted) == 0 {
		return c.outcomes("Requests", s.Runs, margin, top, side)
	}
	c.text(margin, top, "h2", "start", "Environments that the load would take without a limit")
	p := plot{left: margin + 38, right: width - margin - side - gap - 70, top: top + 18}
	p.bottom = p.top + 190
	seconds := 1
	values := []float64{float64(first.Config.Environments)}
	for i := range wanted {
		seconds = max(seconds, len(wanted[i].Seconds))
		for _, sec := range wanted[i].Seconds[len(wanted[i].Seconds)/4:] {
			values = append(values, sec.Mean)
		}
	}
	p.x = scale{to: float64(seconds), at: p.left, length: p.right - p.left}
	p.y = scale{log: true, at: p.bottom, length: p.top - p.bottom}
	p.y.from, p.y.to = decades(values)
	for _, d := range []float64{5, 2} { // the top decade is seldom needed whole
		if top := p.y.to / d; top >= slices.Max(values)*1.1 && top > p.y.from {
			p.y.to = top
			break
		}
	}
	c.marks(p, wanted)
	c.axes(p)
	if limit := first.Config.Environments; limit > 0 {
		y := p.y.px(float64(limit))
		c.line(p.left, y, p.right, y, "limit")
		c.text(p.right-4, y+16, "dim small halo", "end", fmt.Sprintf("%s environments reserved", count(limit)))
	}
	var ends []float64
	for i := range wanted {
		c.curve(p.series(wanted[i].Seconds, func(s result.Second) float64 { return s.Mean }), "curve v"+hue(wanted[i].Name), wanted[i].Name+", simulated without a limit")
		ends = append(ends, p.y.px(wanted[i].MeanConcurrency)+4)
	}
	for i, y := range spread(ends, 30, p.top+8, p.bottom-14) {
		c.text(p.right+8, y, "t"+hue(wanted[i].Name), "start", wanted[i].Name)
		c.text(p.right+8, y+14, "small", "start", figure(wanted[i].MeanConcurrency))
	}
	c.outcomes(fmt.Sprintf("Requests with %s environments", count(first.Config.Environments)), s.Runs, width-margin-side, top, side)
	c.limits(s.Limits, width-margin-side, top+150, side)
	return p.bottom + 18
}

// limits says how much is throttled under other limits.
func (c *canvas) limits(limits []result.Limit, left, top, w float64) {
	if len(limits) == 0 {
		return
	}
	c.text(left, top, "h2", "start", "Throttled, by the limit")
	rows := map[int]float64{}
	y := top + 2
	for _, l := range limits {
		x := left + w
		if hue(l.Name) == "0" {
			x -= 80
		}
		at, ok := rows[l.Environments]
		if !ok {
			y += 15
			at = y + 17
			rows[l.Environments] = at
			c.text(left, at, "small", "start", count(l.Environments)+" environments")
		}
		if l.Environments == limits[0].Environments {
			c.text(x, top+18, "small t"+hue(l.Name), "end", l.Name)
		}
		c.text(x, at, "small", "end", percent(l.Throttled))
	}
}
