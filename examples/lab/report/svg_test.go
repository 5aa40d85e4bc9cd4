package report_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/report"
	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// picture is what the tests look at in an SVG.
type picture struct {
	titles map[string]int // of shapes: "naive, measured"
	texts  []string
	points map[string]int // of the path with this title
	desc   string
}

func (p *picture) has(text string) bool {
	for _, s := range p.texts {
		if strings.Contains(s, text) {
			return true
		}
	}
	return false
}

var number = regexp.MustCompile(`^-?[0-9]+(\.[0-9])?$`)

// draw makes the picture and checks what every picture must be: well-formed, small,
// of finite coordinates that are inside it, with a title and a description.
func draw(t *testing.T, r *result.Result) *picture {
	t.Helper()
	var b bytes.Buffer
	if err := report.SVG(&b, r); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 60_000 {
		t.Errorf("%d bytes", b.Len())
	}
	if s := b.String(); strings.Contains(s, "NaN") || strings.Contains(s, "Inf") || strings.Contains(s, "<script") || strings.Contains(s, "href") {
		t.Errorf("not a number, a script or a reference in it")
	}
	p := &picture{titles: map[string]int{}, points: map[string]int{}}
	var width, height float64
	var path string // the open path's data
	inside := func(x, y string) {
		t.Helper()
		var v [2]float64
		for i, s := range []string{x, y} {
			if !number.MatchString(s) {
				t.Errorf("coordinate %q", s)
			}
			if err := xml.Unmarshal([]byte("<n>"+s+"</n>"), &v[i]); err != nil {
				t.Error(err)
			}
		}
		if v[0] < 0 || v[0] > width || v[1] < 0 || v[1] > height {
			t.Errorf("%v is not within %v × %v", v, width, height)
		}
	}
	ids, labelled := map[string]bool{}, ""
	var open []string
	d := xml.NewDecoder(&b)
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			open = append(open, e.Name.Local)
			a := map[string]string{}
			for _, x := range e.Attr {
				a[x.Name.Local] = x.Value
			}
			if id := a["id"]; id != "" {
				ids[id] = true
			}
			switch e.Name.Local {
			case "svg":
				labelled = a["aria-labelledby"]
				if a["role"] != "img" {
					t.Errorf("role %q", a["role"])
				}
				for to, s := range map[*float64]string{&width: a["width"], &height: a["height"]} {
					if err := xml.Unmarshal([]byte("<n>"+s+"</n>"), to); err != nil {
						t.Fatal(err)
					}
				}
			case "path":
				path = a["d"]
				for _, xy := range strings.FieldsFunc(path, func(r rune) bool { return r == 'M' || r == 'L' }) {
					x, y, _ := strings.Cut(xy, " ")
					inside(x, y)
				}
			case "text":
				inside(a["x"], a["y"])
			case "circle":
				inside(a["cx"], a["cy"])
			case "rect":
				inside(a["x"], a["y"])
				inside(a["width"], a["height"])
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			s := strings.TrimSpace(string(e))
			if len(open) == 0 || s == "" {
				continue
			}
			switch open[len(open)-1] {
			case "text":
				p.texts = append(p.texts, s)
			case "desc":
				p.desc = s
			case "title":
				p.titles[s]++
				if len(open) > 1 && open[len(open)-2] == "path" {
					p.points[s] = strings.Count(path, "L") + 1
				}
			}
		}
	}
	for _, id := range strings.Fields(labelled) {
		if !ids[id] {
			t.Errorf("labelled by %s, which is not there", id)
		}
	}
	if len(strings.Fields(labelled)) != 2 || p.desc == "" {
		t.Errorf("labelled by %q, described as %q", labelled, p.desc)
	}
	return p
}

func TestSVG(t *testing.T) {
	r := lab(t)
	p := draw(t, r)
	for _, series := range []string{"naive, measured", "tuned, measured", "naive, Little's law", "tuned, Little's law"} {
		if n := p.points[series]; n != len(r.Runs[0].Seconds) {
			t.Errorf("%s: %d points of %d seconds", series, n, len(r.Runs[0].Seconds))
		}
	}
	for _, series := range []string{"naive, simulated without a limit", "tuned, simulated without a limit"} {
		if n := p.points[series]; n != 90 {
			t.Errorf("%s: %d points", series, n)
		}
	}
	for _, tip := range []string{"naive p50: 2.43 s", "tuned p99: 50 ms"} {
		if p.titles[tip] != 1 {
			t.Errorf("no dot %q in %v", tip, p.titles)
		}
	}
	for _, text := range []string{
		"Measured: 60 requests/s for 60 s, at most 30 environments", "limit: 30 environments", "rotation", "freeze 15 s",
		"GetSecretValue", "PutMetricData", "24.1, 83.", "Simulated at 6,000 requests/s, not measured",
		"600 environments reserved", "1,000 environments", "2.9 %", "19.7 % succeeded · 79.9 % throttled · 0.4 % failed", "mean 1.33, peak 8",
	} {
		if !p.has(text) {
			t.Errorf("no %q", text)
		}
	}
	if !strings.Contains(p.desc, "tuned, simulated at 6,000 requests/s") || !strings.Contains(p.desc, "naive, measured") {
		t.Errorf("described as %q", p.desc)
	}
}

// Whatever is missing or wild, the picture is valid.
func TestSVGEdges(t *testing.T) {
	for name, change := range edges {
		t.Run(name, func(t *testing.T) {
			r := lab(t)
			change(r)
			draw(t, r)
		})
	}
}

// edges are results that lack something.
var edges = map[string]func(*result.Result){
	"nothing":       func(r *result.Result) { *r = result.Result{} },
	"no simulation": func(r *result.Result) { r.Simulation = nil },
	"no run":        func(r *result.Result) { r.Runs = nil },
	"one run": func(r *result.Result) {
		r.Runs, r.Simulation.Runs, r.Simulation.Wanted = r.Runs[1:], r.Simulation.Runs[1:], r.Simulation.Wanted[1:]
	},
	"three runs":  func(r *result.Result) { r.Runs = append(r.Runs, r.Runs[0]) },
	"no wanted":   func(r *result.Result) { r.Simulation.Wanted = nil },
	"no database": func(r *result.Result) { r.Runs[0].Database, r.Runs[1].Database = nil, nil },
	"no request": func(r *result.Result) {
		r.Runs = []result.Run{{Name: "naive"}, {Name: "tuned"}}
		r.Simulation.Runs = []result.Run{{Name: "naive"}, {Name: "tuned"}}
		r.Simulation.Wanted = r.Simulation.Runs
	},
	"one second": func(r *result.Result) { r.Runs[0].Seconds = r.Runs[0].Seconds[:1]; r.Runs[1].Seconds = nil },
	"not a number": func(r *result.Result) {
		r.Runs[0].MeanConcurrency, r.Runs[1].AchievedRPS, r.Runs[0].LittleConcurrency = math.NaN(), math.Inf(1), math.Inf(-1)
		r.Runs[0].Config.Rate, r.Runs[1].Cost.Total = math.NaN(), math.Inf(1)
		for i := range r.Runs {
			r.Runs[i].Seconds = []result.Second{{Mean: math.NaN(), Little: math.Inf(1)}, {Mean: math.Inf(1), Offered: 1}}
		}
		r.Simulation.Wanted[0].Seconds = r.Runs[0].Seconds
	},
	"markup": func(r *result.Result) {
		r.Runs[0].Name, r.Machine.CPU, r.Command = `<b>&"`, "]]><script>", "\x00\xff"
	},
	"marks beyond": func(r *result.Result) {
		r.Runs[0].Marks = []result.Mark{{Name: "freeze", At: -time.Hour, Until: time.Hour}, {Name: "rotation", At: time.Hour}}
	},
}
