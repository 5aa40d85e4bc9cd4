package report

import "math"

// A scale maps values to pixels. The zero value maps all to 0.
type scale struct {
	from, to   float64 // values
	at, length float64 // pixels; a negative length goes upwards or to the left
	log        bool
}

// px is where a value is drawn, at an end if it is beyond.
func (s scale) px(v float64) float64 {
	v = min(max(v, s.from), s.to)
	f := 0.0
	switch {
	case s.to <= s.from || math.IsNaN(v):
	case s.log:
		f = math.Log(v/s.from) / math.Log(s.to/s.from)
	default:
		f = (v - s.from) / (s.to - s.from)
	}
	return s.at + f*s.length
}

// ticks are some 3 to 6 round values of the scale.
func (s scale) ticks() []float64 {
	var out []float64
	if s.log {
		for v := math.Pow(10, math.Ceil(math.Log10(s.from)-1e-9)); v <= s.to*1.0001; v *= 10 {
			out = append(out, v)
		}
		return out
	}
	step := niceStep(s.to - s.from)
	for i := math.Ceil(s.from/step - 1e-9); i*step <= s.to*1.0001; i++ {
		out = append(out, i*step)
	}
	return out
}

// niceStep divides a range into about five parts of 1, 2 or 5 times a power of ten.
func niceStep(width float64) float64 {
	if !(width > 0) || math.IsInf(width, 0) {
		return 1
	}
	raw := width / 5
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if raw <= m*power*1.0001 {
			return m * power
		}
	}
	return 10 * power
}

// decades is a logarithmic range around values above 0, in whole decades.
func decades(values []float64) (from, to float64) {
	low, high := math.Inf(1), 0.0
	for _, v := range values {
		if v > 0 && !math.IsInf(v, 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	if high == 0 {
		return 1, 10
	}
	from, to = math.Pow(10, math.Floor(math.Log10(low))), math.Pow(10, math.Ceil(math.Log10(high)))
	if from == to {
		to *= 10
	}
	return from, to
}

// spread moves labels of this height apart that would overlap, keeping their
// order, and within top to bottom as far as they fit.
func spread(ys []float64, height, top, bottom float64) []float64 {
	out := append([]float64(nil), ys...)
	order := make([]int, len(ys))
	for i := range order {
		order[i] = i
	}
	for i := range order { // few labels
		for j := i; j > 0 && out[order[j]] < out[order[j-1]]; j-- {
			order[j], order[j-1] = order[j-1], order[j]
		}
	}
	low := top
	for _, i := range order {
		out[i] = max(out[i], low)
		low = out[i] + height
	}
	high := bottom
	for k := len(order) - 1; k >= 0; k-- {
		i := order[k]
		out[i] = min(out[i], high)
		high = out[i] - height
	}
	return out
}
