// Command hunt finds out when a function, or an account, needed the most
// execution environments at once, and why.
//
// From exported log lines, without an AWS account: exact concurrency over time,
// from the start and end of every invocation (see metrics/concurrency for the
// formats).
//
//	aws logs filter-log-events --log-group-name /aws/lambda/orders \
//	    --filter-pattern REPORT --output json | jq -c '.events[]' |
//	  go run github.com/lambdatune/lambdatune/metrics/hunt
//
// The same from CloudWatch Logs, and the well-known Logs Insights estimate:
//
//	go run github.com/lambdatune/lambdatune/metrics/hunt -log-group /aws/lambda/orders -last 3h
//	go run github.com/lambdatune/lambdatune/metrics/hunt -log-group /aws/lambda/orders -last 3h -insights
//
// The concurrency hunt over all functions of an account and region: the minute
// with the highest ConcurrentExecutions of the last 7 days, then each function's
// invocations × mean duration in the 6 minutes before it, and the throttling
// checklist answered from the same data:
//
//	go run github.com/lambdatune/lambdatune/metrics/hunt -account
//
// Output is a table; -json prints everything for machines, -svg FILE draws it.
// Credentials and region come from the AWS SDK's usual places. The permissions
// needed are logs:FilterLogEvents, logs:StartQuery, logs:GetQueryResults,
// cloudwatch:GetMetricData, cloudwatch:ListMetrics and lambda:GetAccountSettings;
// what is denied of the last and of the log search is said and left out.
package main
