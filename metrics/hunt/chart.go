package main

import (
	"bytes"
	"fmt"
	"html"
	"slices"
	"time"
)

// chart is a line chart over time.
type chart struct {
	title, unit string
	series      []series
}

type series struct {
	name   string
	points []point
}

type point struct {
	at time.Time
	v  float64
}

func (s *series) add(at time.Time, v float64) { s.points = append(s.points, point{at, v}) }

func (s *series) sort() {
	slices.SortFunc(s.points, func(a, b point) int { return a.at.Compare(b.at) })
}

const (
	svgWidth, svgHeight = 960, 360
	left, right         = 60, 20
	top, bottom         = 50, 40
	maxPoints           = svgWidth - left - right // one per pixel, the highest of each
)

var colours = []string{"#1f5fa8", "#3b9c5b", "#d1792b"}

// svg draws the chart. It is empty but valid without points.
func (c chart) svg() []byte {
	var from, to time.Time
	high := 1.0
	for _, s := range c.series {
		for _, p := range s.points {
			if from.IsZero() || p.at.Before(from) {
				from = p.at
			}
			if p.at.After(to) {
				to = p.at
			}
			high = max(high, p.v)
		}
	}
	width := max(to.Sub(from).Seconds(), 1)
	x := func(t time.Time) float64 {
		return left + t.Sub(from).Seconds()/width*(svgWidth-left-right)
	}
	y := func(v float64) float64 { return svgHeight - bottom - v/high*(svgHeight-top-bottom) }

	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", svgWidth, svgHeight, svgWidth, svgHeight)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/><text x="%d" y="20" font-size="15">%s</text>`+"\n", left, html.EscapeString(c.title))
	for i := range 5 {
		v := high * float64(i) / 4
		fmt.Fprintf(&b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%.4g</text>`+"\n", left, svgWidth-right, y(v), y(v), left-6, y(v)+4, v)
	}
	if !from.IsZero() {
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text><text x="%d" y="%d" text-anchor="end">%s</text>`+"\n",
			left, svgHeight-bottom+20, from.UTC().Format("2006-01-02 15:04:05"), svgWidth-right, svgHeight-bottom+20, to.UTC().Format("2006-01-02 15:04:05"))
	}
	legend := left
	for i, s := range c.series {
		colour := colours[i%len(colours)]
		b.WriteString(`<polyline fill="none" stroke-width="1.3" stroke="` + colour + `" points="`)
		for _, p := range thin(s.points, from, width) {
			fmt.Fprintf(&b, "%.1f,%.1f ", x(p.at), y(p.v))
		}
		fmt.Fprintf(&b, `"/><text x="%d" y="40" fill="%s">%s (%s)</text>`+"\n", legend, colour, html.EscapeString(s.name), c.unit)
		legend += 220
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// thin keeps the highest point of each pixel's width.
func thin(points []point, from time.Time, width float64) []point {
	if len(points) <= maxPoints {
		return points
	}
	var out []point
	last := -1
	for _, p := range points {
		pixel := int(p.at.Sub(from).Seconds() / width * maxPoints)
		switch {
		case pixel != last:
			out = append(out, p)
			last = pixel
		case p.v > out[len(out)-1].v:
			out[len(out)-1] = p
		}
	}
	return out
}
