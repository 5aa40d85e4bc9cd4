// Package tires is the core logic: it knows tires, and neither Kinesis nor Lambda.
package tires

// Low is the pressure below which a tire needs air, in psi.
const Low = 32

// A Reading is what a wheel's sensor sends.
type Reading struct {
	Car   string  `json:"car"`
	Wheel string  `json:"wheel"`
	PSI   float64 `json:"tire_pressure"`
}

// A Warning names a wheel that needs air.
type Warning Reading

// Check reports whether the reading calls for a warning.
func Check(r Reading) (Warning, bool) { return Warning(r), r.PSI < Low }
