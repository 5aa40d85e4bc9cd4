// Package result is what the lab measures, as plain data: what the runs fill
// in, the simulation starts from, and the report shows.
package result

import (
	"math"
	"time"
)

// Result is one invocation of the lab.
type Result struct {
	Made    time.Time `json:"made"`
	Command string    `json:"command"` // that made it
	Machine Machine   `json:"machine"`
	Seed    uint64    `json:"seed"`

	// Runs are the variants under the same load, "naive" before "tuned"; one
	// of them alone if only that was asked for.
	Runs []Run `json:"runs"`
	// Simulation is nil unless one was made.
	Simulation *Simulation `json:"simulation,omitempty"`

	// Assumptions are sentences: what is scaled, left out or stands in for
	// something else in the measured runs, and what a price is for.
	Assumptions []string `json:"assumptions"`
	Prices      []Price  `json:"prices"`
}

// Run returns the run of that name, or nil.
func (r *Result) Run(name string) *Run {
	for i := range r.Runs {
		if r.Runs[i].Name == name {
			return &r.Runs[i]
		}
	}
	return nil
}

// Simulation is a discrete-event simulation of the variants at another scale.
type Simulation struct {
	// Runs have the names of the measured runs that their service times are
	// of, and Simulated set.
	Runs []Run `json:"runs"`
	// Wanted are the same without any limit: what the load would take.
	Wanted []Run `json:"wanted"`
	// Limits are the variants under other limits.
	Limits []Limit `json:"limits,omitempty"`
	// Agreements are simulations of the measured runs beside these.
	Agreements  []Agreement  `json:"agreements,omitempty"`
	Assumptions []Assumption `json:"assumptions"`
	Events      int          `json:"events"` // simulated, of all runs
}

// Limit is a variant under a limit of environments.
type Limit struct {
	Name            string  `json:"name"` // of the variant
	Environments    int     `json:"environments"`
	Throttled       float64 `json:"throttled"` // share of the requests offered
	AchievedRPS     float64 `json:"achievedRPS"`
	MeanConcurrency float64 `json:"meanConcurrency"`
	PeakConcurrency int     `json:"peakConcurrency"`
}

// Agreement sets a figure of a measured run beside that of its simulation.
type Agreement struct {
	Name      string  `json:"name"` // of the variant
	Figure    string  `json:"figure"`
	Model     string  `json:"model"` // what the simulation was given
	Measured  float64 `json:"measured"`
	Simulated float64 `json:"simulated"`
	Tolerance float64 `json:"tolerance"` // share of Measured that they may differ by
}

// Holds reports whether the two agree.
func (a Agreement) Holds() bool {
	return math.Abs(a.Simulated-a.Measured) <= a.Tolerance*math.Abs(a.Measured)
}

// Assumption is a parameter that was not measured here.
type Assumption struct {
	What   string `json:"what"`
	Value  string `json:"value"` // with its unit
	Source string `json:"source"`
}

// Machine is where the lab ran.
type Machine struct {
	CPU    string `json:"cpu"` // model, "unknown" if the system does not tell
	Cores  int    `json:"cores"`
	Memory int64  `json:"memoryBytes"` // 0 is unknown
	OS     string `json:"os"`          // GOOS/GOARCH
	Go     string `json:"go"`
}

// Price is one that the costs are made of, in USD.
type Price struct {
	Name   string  `json:"name"`
	USD    float64 `json:"usd"`
	Per    string  `json:"per"`    // unit: "GB-second", "1,000,000 requests"
	Source string  `json:"source"` // URL
	AsOf   string  `json:"asOf"`   // date, YYYY-MM-DD
}
