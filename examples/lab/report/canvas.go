package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
)

// A canvas is an SVG document under way. Coordinates are pixels, y downwards.
type canvas struct{ bytes.Buffer }

// px writes a coordinate with at most one decimal.
func px(x float64) string {
	s := strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64)
	if s == "-0" {
		return "0"
	}
	return s
}

func escape(s string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s)) // writes to a buffer: no error
	return b.String()
}

// text writes a line of text; anchor is start, middle or end.
func (c *canvas) text(x, y float64, class, anchor, s string) {
	if s == "" {
		return
	}
	at := ""
	if anchor != "start" {
		at = ` text-anchor="` + anchor + `"`
	}
	fmt.Fprintf(c, `<text x="%s" y="%s" class="%s"%s>%s</text>`+"\n", px(x), px(y), class, at, escape(s))
}

func (c *canvas) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(c, `<path class="%s" d="M%s %sL%s %s"/>`+"\n", class, px(x1), px(y1), px(x2), px(y2))
}

func (c *canvas) rect(x, y, w, h float64, class string) {
	fmt.Fprintf(c, `<rect x="%s" y="%s" width="%s" height="%s" class="%s"/>`+"\n", px(x), px(y), px(max(w, 0)), px(max(h, 0)), class)
}

// dot marks a value, with a tooltip.
func (c *canvas) dot(x, y float64, class, tip string) {
	fmt.Fprintf(c, `<circle cx="%s" cy="%s" r="4.5" class="%s"><title>%s</title></circle>`+"\n", px(x), px(y), class, escape(tip))
}

// A point is a value over an x.
type point struct{ x, y float64 }

// curve draws a line through points, which are pixels.
func (c *canvas) curve(points []point, class, name string) {
	if len(points) == 0 {
		return
	}
	fmt.Fprintf(c, `<path class="%s" d="M`, class)
	for i, p := range points {
		if i > 0 {
			c.WriteByte('L')
		}
		c.WriteString(px(p.x) + " " + px(p.y))
	}
	fmt.Fprintf(c, `"><title>%s</title></path>`+"\n", escape(name))
}

// hue is the number in the classes of a variant's colour.
func hue(name string) string {
	if name == "tuned" {
		return "1"
	}
	return "0"
}

// style is the whole look: a card of its own that is light, or dark where the
// reader's system is, so that it is readable on any page. The two variants are
// orange and blue, which are told apart with any colour vision, and are named
// where they are drawn.
const style = `<style>
svg{font-family:-apple-system,BlinkMacSystemFont,"Segoe UI",Helvetica,Arial,sans-serif;font-size:12px;fill:#1f2328}
.card{fill:#fff;stroke:#d1d9e0}
.h1{font-size:17px;font-weight:600}
.h2{font-size:13px;font-weight:600}
.dim,.axis{fill:#59636e}
.axis{font-size:11px}
.small{font-size:11px}
.halo{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
.grid{stroke:#e6eaef;fill:none}
.base{stroke:#818b98;fill:none}
.limit{stroke:#59636e;fill:none;stroke-width:1.5;stroke-dasharray:2 3}
.frozen{fill:#818b98;fill-opacity:.13}
.mark{stroke:#818b98;fill:none}
.v0{stroke:#bc4c00}.v1{stroke:#0969da}
.curve{fill:none;stroke-width:2;stroke-linejoin:round}
.law{fill:none;stroke-width:1.5;stroke-dasharray:5 4;opacity:.75}
.t0,.f0{fill:#bc4c00}.t1,.f1{fill:#0969da}
.t0,.t1{font-weight:600}
.f2{fill:#c4cbd3}.f3{fill:#24292f}
@media (prefers-color-scheme:dark){
svg{fill:#f0f6fc}
.card{fill:#0d1117;stroke:#3d444d}
.dim,.axis{fill:#9198a1}
.halo{stroke:#0d1117}
.grid{stroke:#21262d}
.base,.mark{stroke:#656c76}
.limit{stroke:#9198a1}
.v0{stroke:#f0883e}.v1{stroke:#58a6ff}
.t0,.f0{fill:#f0883e}.t1,.f1{fill:#58a6ff}
.f2{fill:#444c56}.f3{fill:#cdd9e5}
}
</style>
`
