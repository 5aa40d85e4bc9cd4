package report

import (
	"fmt"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// plot is the area of a chart over time.
type plot struct {
	x, y                     scale
	left, right, top, bottom float64
}

// axes draws the grid, the axes and their titles.
func (c *canvas) axes(p plot) {
	for _, v := range p.y.ticks() {
		y := p.y.px(v)
		c.line(p.left, y, p.right, y, "grid")
		c.text(p.left-6, y+4, "axis", "end", figure(v))
	}
	for _, v := range p.x.ticks() {
		x := p.x.px(v)
		c.line(x, p.bottom, x, p.bottom+4, "base")
		c.text(x, p.bottom+16, "axis", "middle", figure(v)+" s")
	}
	c.line(p.left, p.bottom, p.right, p.bottom, "base")
}

// series makes pixels of a figure of each second, drawn in the second's middle.
func (p plot) series(seconds []result.Second, of func(result.Second) float64) []point {
	var out []point
	for i, s := range seconds {
		out = append(out, point{p.x.px(float64(i) + 0.5), p.y.px(of(s))})
	}
	return out
}

// timeline draws the measured concurrency. It returns where the panel ends.
func (c *canvas) timeline(runs []result.Run, top float64) float64 {
	const labels = 132
	c.text(margin, top, "h2", "start", "Environments busy at a time")
	c.text(margin+190, top, "dim small", "start", "solid: measured, mean of each second · dashed: Little's law, requests/s × duration, over 5 s")
	p := plot{left: margin + 30, right: width - margin - labels, top: top + 22}
	p.bottom = p.top + 190
	seconds, highest, law, limit := 1, 0.0, 0.0, 0
	var laws [][]result.Second
	for i := range runs {
		seconds = max(seconds, len(runs[i].Seconds))
		limit = max(limit, runs[i].Config.Environments)
		laws = append(laws, smooth(runs[i].Seconds, 5))
		for j, s := range runs[i].Seconds {
			highest, law = max(highest, s.Mean), max(law, laws[i][j].Little)
		}
	}
	highest = max(highest, float64(limit), 1) * 1.1
	highest = min(max(highest, law*1.02), highest*1.3) // beyond, Little's law runs along the top
	p.x = scale{to: float64(seconds), at: p.left, length: p.right - p.left}
	p.y = scale{to: highest, at: p.bottom, length: p.top - p.bottom}
	c.marks(p, runs)
	c.axes(p)
	if limit > 0 {
		y := p.y.px(float64(limit))
		c.line(p.left, y, p.right, y, "limit")
		defer c.text(p.left+6, y+16, "dim small halo", "start", fmt.Sprintf("limit: %s environments", count(limit)))
	}
	var ends []float64
	for i := range runs {
		r := &runs[i]
		c.curve(p.series(laws[i], func(s result.Second) float64 { return s.Little }), "law v"+hue(r.Name), r.Name+", Little's law")
		c.curve(p.series(r.Seconds, func(s result.Second) float64 { return s.Mean }), "curve v"+hue(r.Name), r.Name+", measured")
		ends = append(ends, p.y.px(r.MeanConcurrency)+4)
	}
	for i, y := range spread(ends, 44, p.top+4, p.bottom-30) {
		r := &runs[i]
		c.text(p.right+12, y, "t"+hue(r.Name), "start", r.Name)
		c.text(p.right+12, y+14, "small", "start", fmt.Sprintf("mean %s, peak %s", figure(r.MeanConcurrency), count(r.PeakConcurrency)))
		if r.LittleConcurrency > 0 {
			c.text(p.right+12, y+27, "dim small", "start", "Little's law "+figure(r.LittleConcurrency))
		}
	}
	return p.bottom + 18
}

// marks draws what was done to the runs: the marks of the first that has any,
// the others have the same schedule.
func (c *canvas) marks(p plot, runs []result.Run) {
	for i := range runs {
		for _, m := range runs[i].Marks {
			from, to := p.x.px(m.At.Seconds()), p.x.px(m.Until.Seconds())
			if to-from > 3 {
				c.rect(from, p.top, to-from, p.bottom-p.top, "frozen")
				c.text((from+to)/2, p.top-4, "dim small", "middle", m.Name+" "+shortSeconds(m.Until-m.At))
			} else {
				c.line(from, p.top, from, p.bottom, "mark")
				c.text(from, p.top-4, "dim small", "middle", m.Name)
			}
		}
		if len(runs[i].Marks) > 0 {
			return
		}
	}
}

func shortSeconds(d time.Duration) string {
	return figure(d.Round(100*time.Millisecond).Seconds()) + " s"
}

// smooth gives each second the mean of Little over up to n seconds around it,
// which is Little's law for that time. Seconds with and without load are not mixed.
func smooth(seconds []result.Second, n int) []result.Second {
	out := make([]result.Second, len(seconds))
	for i := range seconds {
		load := func(j int) bool {
			return j >= 0 && j < len(seconds) && (seconds[j].Offered > 0) == (seconds[i].Offered > 0)
		}
		from, to := i, i+1
		for range n / 2 {
			if load(from - 1) {
				from--
			}
			if load(to) {
				to++
			}
		}
		for _, s := range seconds[from:to] {
			out[i].Little += s.Little / float64(to-from)
		}
	}
	return out
}
