package measure

import "github.com/lambdatune/lambdatune/examples/lab/result"

// Prices of us-east-1, on-demand, without free tiers and volume discounts.
const (
	perGBSecond  = 0.0000166667 // x86-64
	perRequest   = 0.20 / 1e6
	perSecret    = 0.05 / 10_000
	perMetricPut = 0.01 / 1_000
	perGet       = 0.0004 / 1_000
	perLogGB     = 0.50
)

// asOf is when the prices were looked up.
const asOf = "2026-11-26"

// Prices are the prices that costs are made of.
func Prices() []result.Price {
	return []result.Price{
		{Name: "Lambda compute", USD: perGBSecond, Per: "GB-second", Source: "https://aws.amazon.com/lambda/pricing/", AsOf: asOf},
		{Name: "Lambda requests", USD: perRequest * 1e6, Per: "1,000,000 requests", Source: "https://aws.amazon.com/lambda/pricing/", AsOf: asOf},
		{Name: "Secrets Manager calls", USD: perSecret * 10_000, Per: "10,000 calls", Source: "https://aws.amazon.com/secrets-manager/pricing/", AsOf: asOf},
		{Name: "CloudWatch PutMetricData", USD: perMetricPut * 1000, Per: "1,000 calls", Source: "https://aws.amazon.com/cloudwatch/pricing/", AsOf: asOf},
		{Name: "S3 GET", USD: perGet * 1000, Per: "1,000 calls", Source: "https://aws.amazon.com/s3/pricing/", AsOf: asOf},
		{Name: "CloudWatch Logs ingestion", USD: perLogGB, Per: "GB", Source: "https://aws.amazon.com/cloudwatch/pricing/", AsOf: asOf},
	}
}

// perCall is the price of an accepted call.
var perCall = map[string]float64{"GetSecretValue": perSecret, "PutMetricData": perMetricPut, "GetObject": perGet}

// eventOverhead is what CloudWatch Logs adds to each event,
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html.
const eventOverhead = 26

// Cost estimates what a million requests like those of the run cost: those that
// the function took, throttled ones are free.
func Cost(memoryMB int, requests []Request, api []result.APICalls) result.Cost {
	var c result.Cost
	taken := 0
	for _, q := range requests {
		if q.Outcome != Succeeded && q.Outcome != Failed {
			continue
		}
		taken++
		c.Compute += q.Billed.Seconds() * float64(memoryMB) / 1024 * perGBSecond
		c.Requests += perRequest
		c.Logs += float64(q.LogBytes+eventOverhead*q.LogLines) / 1e9 * perLogGB
		c.Wasted = c.Wasted || q.Outcome == Failed
	}
	for _, calls := range api {
		c.API += float64(calls.Accepted) * perCall[calls.Operation]
	}
	if taken == 0 {
		return result.Cost{}
	}
	million := 1e6 / float64(taken)
	c.Compute, c.Requests, c.API, c.Logs = c.Compute*million, c.Requests*million, c.API*million, c.Logs*million
	c.Total = c.Compute + c.Requests + c.API + c.Logs
	return c
}
