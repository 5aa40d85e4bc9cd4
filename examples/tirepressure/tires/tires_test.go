package tires_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/examples/tirepressure/tires"
)

func TestCheck(t *testing.T) {
	for psi, want := range map[float64]bool{31.9: true, 32: false, 35: false, 0: true} {
		if w, low := tires.Check(tires.Reading{Car: "c", Wheel: "front-left", PSI: psi}); low != want || w.PSI != psi {
			t.Errorf("Check(%v psi) = %+v, %v, want %v", psi, w, low, want)
		}
	}
}
