package result

import "time"

// Run is one variant of the function under the load, measured or simulated.
type Run struct {
	Name      string `json:"name"` // "naive" or "tuned"
	Simulated bool   `json:"simulated,omitempty"`
	Config    Config `json:"config"`

	// Seconds is the course of the run, one element per second from its start
	// on, until the last request was answered.
	Seconds []Second `json:"seconds"`
	// Marks are what was done to the function on the way, by time.
	Marks []Mark `json:"marks,omitempty"`

	// Each request is in exactly one of Succeeded, Throttled and Failed.
	Offered   int `json:"offered"`
	Succeeded int `json:"succeeded"`
	// Throttled are the requests that met the environment limit: 429 of the
	// service, the function did not run.
	Throttled int `json:"throttled"`
	Failed    int `json:"failed"`
	// Errors are the Failed by cause, the most frequent first.
	Errors []Count `json:"errors,omitempty"`

	// AchievedRPS is successful requests per second of load: seconds in which
	// the schedule offers none, as during the freeze, do not count.
	AchievedRPS float64 `json:"achievedRPS"`

	// Latencies are those of Succeeded requests, from the time at which the
	// schedule sent the request to its answer.
	Latencies Durations `json:"-"`
	// Service are the durations of all invocations, those that failed included,
	// as the service bills them, without INIT: what concurrency is made of.
	Service Durations `json:"-"`
	// Init are the INIT times, one for each cold start.
	Init       Durations `json:"-"`
	ColdStarts int       `json:"coldStarts"`
	// Alone are the durations of warm invocations, one at a time and with no
	// quota in force: the function's own work and loopback's round trips, without
	// throttling and queueing. The simulation starts from them. It takes CPU per
	// invocation where there are none.
	Alone Durations `json:"-"`

	// What JSON keeps of the samples; see Summarize.
	Latency     Summary `json:"latency"`
	ServiceTime Summary `json:"service"`
	InitTime    Summary `json:"init"`
	AloneTime   Summary `json:"alone"`

	// PeakConcurrency is the most requests that were in an environment at the
	// same time, INIT included, from their start and end stamps.
	PeakConcurrency int `json:"peakConcurrency"`
	// MeanConcurrency is the time-weighted mean over the seconds of load, of
	// the same stamps.
	MeanConcurrency float64 `json:"meanConcurrency"`
	// LittleConcurrency is Little's law for the same seconds: requests that
	// the function took per second × the mean of their durations as the service
	// reports them, INIT included. Of those under way as the load stops only
	// the part before that counts in both.
	LittleConcurrency float64 `json:"littleConcurrency"`
	// DemandConcurrency is Little's law for the offered rate: what the load
	// would need if nothing limited it.
	DemandConcurrency float64 `json:"demandConcurrency"`
	// PeakEnvironments is how many environments existed at the same time.
	PeakEnvironments int `json:"peakEnvironments"`

	// API are the calls to AWS by operation, retries included. Empty in a
	// simulation that does not model them.
	API []APICalls `json:"api,omitempty"`
	// Database is nil if the database part was off.
	Database *Database `json:"database,omitempty"`
	// Payments is the payment API; nil in a simulation.
	Payments *Payments `json:"payments,omitempty"`

	// CPU is the time that all processes of the function used. It and
	// PeakMemory are 0 where the operating system does not tell, and in a
	// simulation.
	CPU        time.Duration `json:"cpuNs"`
	PeakMemory int64         `json:"peakMemoryBytes"` // of one process, the largest

	Cost Cost `json:"cost"`
}

// Summarize fills in the summaries of those samples that there are.
func (r *Run) Summarize() {
	for _, x := range []struct {
		to   *Summary
		from Durations
	}{{&r.Latency, r.Latencies}, {&r.ServiceTime, r.Service}, {&r.InitTime, r.Init}, {&r.AloneTime, r.Alone}} {
		if len(x.from) > 0 {
			*x.to = x.from.Summary()
		}
	}
}

// Config echoes what a run was made with.
type Config struct {
	Rate         float64       `json:"rate"`         // requests per second offered
	Environments int           `json:"environments"` // the limit; 0 is none, in a simulation
	Duration     time.Duration `json:"durationNs"`   // of the schedule, the freeze included
	MemoryMB     int           `json:"memoryMB"`     // of the function, as it is billed
	Seed         uint64        `json:"seed"`
	// Scale is the rate divided by that of the talk, 6,000 rps; the quotas are
	// the talk's multiplied by it.
	Scale float64 `json:"scale"`
	// Quotas are the limits in force, scaled: "GetSecretValue", "PutMetricData"
	// in calls per second.
	Quotas []Quota `json:"quotas,omitempty"`
	// APILatency is how long the stand-ins of AWS's APIs take for a call, and
	// PaymentLatency the payment API for a payment. They are in all durations,
	// those of Run.Alone included.
	APILatency     time.Duration `json:"apiLatencyNs"`
	PaymentLatency time.Duration `json:"paymentLatencyNs"`
	// MaxConnections is the database's; 0 if the database part was off.
	MaxConnections int `json:"maxConnections"`
}

// Quota is a limit of calls per second.
type Quota struct {
	Operation string  `json:"operation"`
	PerSecond float64 `json:"perSecond"`
	Unscaled  float64 `json:"unscaledPerSecond"`
}

// Second is one second of a run.
type Second struct {
	Offered   int `json:"offered"`   // by the schedule
	Succeeded int `json:"succeeded"` // answered in this second
	Throttled int `json:"throttled"`
	Failed    int `json:"failed"`
	// Sampled is the largest concurrency that sampling saw, Exact the largest
	// and Mean the time-weighted mean from the stamps.
	Sampled int     `json:"sampled"`
	Exact   int     `json:"exact"`
	Mean    float64 `json:"mean"`
	// Little is requests that began × mean duration of those.
	Little float64 `json:"little"`
	// Environments is how many existed at the end of the second.
	Environments int `json:"environments"`
	// Connections is the most that the database had; 0 if it was off.
	Connections int `json:"connections"`
	// P99 is that of the latencies of requests answered in it; 0 if none was.
	P99 time.Duration `json:"p99Ns"`
}

// Mark is an event on the time axis.
type Mark struct {
	Name string        `json:"name"` // "rotation" or "freeze"
	At   time.Duration `json:"atNs"`
	// Until is At for what takes no time.
	Until time.Duration `json:"untilNs"`
	Text  string        `json:"text"` // one line for a reader
}

// Count is how often something was.
type Count struct {
	Cause string `json:"cause"`
	N     int    `json:"n"`
}

// APICalls are the calls of one operation.
type APICalls struct {
	Service   string `json:"service"`
	Operation string `json:"operation"`
	Accepted  int    `json:"accepted"`
	Throttled int    `json:"throttled"`
	Failed    int    `json:"failed"` // with another error
}

// Calls is the sum of all calls to AWS, accepted or not.
func (r *Run) Calls() int {
	n := 0
	for _, c := range r.API {
		n += c.Accepted + c.Throttled + c.Failed
	}
	return n
}

// Database is what the database saw.
type Database struct {
	Peak    int `json:"peakConnections"`
	Opened  int `json:"openedConnections"`
	Refused int `json:"refusedConnections"` // above max_connections
}

// Payments is what the payment API saw.
type Payments struct {
	Requests    int `json:"requests"`
	Connections int `json:"connections"` // TLS handshakes
	Dropped     int `json:"dropped"`     // idle connections that it dropped
	// Duplicates are payments that were asked for again, with a key that was
	// charged already: they were not charged twice.
	Duplicates int `json:"duplicates"`
}

// Cost is an estimate in USD per million requests that the function took.
type Cost struct {
	Compute  float64 `json:"compute"` // GB-seconds, INIT included
	Requests float64 `json:"requests"`
	API      float64 `json:"api"`
	Logs     float64 `json:"logs"` // ingestion of what the function wrote
	Total    float64 `json:"total"`
	// Wasted is true where requests failed: the cost of the attempts that
	// brought nothing is in the figures.
	Wasted bool `json:"wasted,omitempty"`
}
