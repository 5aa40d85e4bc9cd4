package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

type config struct {
	dir          string // of this module
	command      string // that was given
	variants     []string
	rate         float64
	environments int
	duration     time.Duration // of the load, the freeze included
	freeze       time.Duration
	window       time.Duration // of the rotation
	latency      time.Duration // of the payment API
	apiLatency   time.Duration // of AWS's APIs
	idle         time.Duration // after which the far side drops a connection
	memory       int           // MB
	connections  int           // 0: no database
	secretsQuota float64       // per second, at the talk's rate
	metricsQuota float64
	priceList    int // bytes
	alone        int // invocations one at a time, before the load
	seed         uint64
	out          string
	log          io.Writer
}

// The scenario of AWS's talk on tuning Lambda: 6,000 requests per second for
// 100 ms each, on 600 environments; GetSecretValue and PutMetricData had these
// quotas when it was given. Today's defaults are in the README.
const (
	talkRate         = 6000
	talkSecretsQuota = 5000
	talkMetricsQuota = 150
)

func defaults() config {
	return config{
		dir: ".", variants: []string{"naive", "tuned"},
		rate: 50, environments: 60, duration: 50 * time.Second, freeze: 7 * time.Second, window: 3 * time.Second,
		latency: 95 * time.Millisecond, apiLatency: 10 * time.Millisecond, idle: 5 * time.Second,
		memory: 512, connections: 65, secretsQuota: talkSecretsQuota, metricsQuota: talkMetricsQuota,
		priceList: 512 << 10, alone: 20, seed: 1, out: ".", log: os.Stdout,
	}
}

// scale is the rate as a share of the talk's.
func (c config) scale() float64 { return c.rate / talkRate }

// The rotation begins and the freeze begins and ends at these times.
func (c config) rotation() time.Duration    { return c.duration * 3 / 10 }
func (c config) freezeBegin() time.Duration { return c.duration * 6 / 10 }
func (c config) freezeEnd() time.Duration   { return c.freezeBegin() + c.freeze }

func (c config) validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	for _, v := range c.variants {
		check(v == "naive" || v == "tuned", "-variant %s: want naive, tuned or both", v)
	}
	check(c.rate > 0 && c.rate <= 5000, "-rate %v: want more than 0, at most 5000 requests per second", c.rate)
	check(c.environments >= 1 && c.environments <= 1000, "-environments %d: want 1 to 1000", c.environments)
	check(c.duration >= time.Second && c.duration <= time.Hour, "-duration %v: want 1s to 1h", c.duration)
	check(c.freeze >= 0 && c.freeze <= c.duration*3/10, "-freeze %v: want 0 to three tenths of -duration, %v", c.freeze, c.duration*3/10)
	check(c.window >= 0 && c.window <= c.duration/4, "-window %v: want 0 to a quarter of -duration, %v", c.window, c.duration/4)
	check(c.latency >= 0 && c.latency <= 5*time.Second, "-latency %v: want 0 to 5s", c.latency)
	check(c.memory >= 128 && c.memory <= 10240, "-memory %d: want 128 to 10240 MB", c.memory)
	check(c.connections >= 0 && c.connections <= 1000, "-connections %d: want 0 to 1000", c.connections)
	check(c.secretsQuota >= 0, "-secrets-quota %v: want 0 or more", c.secretsQuota)
	check(c.metricsQuota >= 0, "-metrics-quota %v: want 0 or more", c.metricsQuota)
	return errors.Join(errs...)
}
