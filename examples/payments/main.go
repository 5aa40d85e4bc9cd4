// Command payments is a Lambda function that takes payments behind an HTTP
// front. It calls two HTTPS APIs at the same time and then DynamoDB, over
// connections that INIT has opened and that survive the freeze between two
// invocations.
package main

import (
	"context"
	"log"
	"os"

	"github.com/prozz/aws-embedded-metrics-golang/emf"

	"github.com/lambdatune/lambdatune/examples/payments/farside"
	"github.com/lambdatune/lambdatune/examples/payments/payments"
	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/httpclient"
	"github.com/lambdatune/lambdatune/metrics"
)

func main() {
	conf := configFromEnv()
	if conf.wantsFarSide() {
		local, err := farside.Start()
		if err != nil {
			log.Fatal(err)
		}
		defer local.Close()
		conf.use(local)
	}
	function, err := newFunction(conf)
	if err != nil {
		log.Fatal(err)
	}
	handler.Init(function.tasks()...)
	handler.Start(function.invoker())
}

// config is where the function's calls go.
type config struct {
	riskURL, ratesURL, table string
	dynamoDBURL              string // empty for AWS's
	local                    *farside.FarSide
}

func configFromEnv() config {
	return config{riskURL: os.Getenv("RISK_URL"), ratesURL: os.Getenv("RATES_URL"), table: os.Getenv("TABLE")}
}

// wantsFarSide reports whether the servers are to be started here: if
// PAYMENTS_LOCAL is 1, or if none is configured and this is not Lambda, where
// code is always in /var/task.
func (c config) wantsFarSide() bool {
	if c != (config{}) {
		return false
	}
	return os.Getenv("PAYMENTS_LOCAL") == "1" || os.Getenv("LAMBDA_TASK_ROOT") != "/var/task"
}

func (c *config) use(local *farside.FarSide) {
	*c = config{riskURL: local.Risk, ratesURL: local.Rates, table: "payments", dynamoDBURL: local.DynamoDB, local: local}
}

// A function is everything that an environment makes once.
type function struct {
	conf    config
	clients *clients
	metrics *metrics.Metrics
}

func newFunction(conf config) (*function, error) {
	if err := conf.validate(); err != nil {
		return nil, err
	}
	m, err := metrics.New("Payments", metrics.WithDimensions("service", "payments"))
	if err != nil {
		return nil, err
	}
	c, err := newClients(conf)
	if err != nil {
		return nil, err
	}
	return &function{conf, c, m}, nil
}

// tasks are for INIT, when there is CPU to spare.
func (f *function) tasks() []handler.Task {
	return []handler.Task{{Name: "connections", Run: f.clients.prewarm}}
}

// invoker is the function. The counters are flushed into the invocation's own
// recorder, which is why metrics are around the client's middleware.
func (f *function) invoker() handler.Invoker {
	desk := &payments.Desk{
		Risk:   f.clients.risk,
		Rate:   f.clients.rate,
		Record: f.clients.record,
		Together: func(ctx context.Context, fns ...func(context.Context) error) error {
			return httpclient.All(ctx, 0, fns...)
		},
	}
	return handler.Use(handler.HTTP(desk.Take), f.metrics.Middleware, httpclient.Middleware)
}

// observe puts a client's counters into the invocation's metrics.
func observe(name string) func(context.Context, httpclient.Stats) {
	return func(ctx context.Context, s httpclient.Stats) {
		r := metrics.From(ctx)
		for _, c := range []struct {
			name string
			n    uint64
		}{
			{"Requests", s.Requests}, {"Dials", s.Dials}, {"Reuses", s.Reuses},
			{"StaleCloses", s.StaleCloses}, {"Replays", s.Replays},
		} {
			r.Add(name+c.name, float64(c.n), emf.Count)
		}
		r.Duration(name+"WaitTime", s.WaitTime)
	}
}
