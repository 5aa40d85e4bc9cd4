package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/encoding/cbor"
)

// fakeAWS answers for CloudWatch (RPC v2 CBOR), CloudWatch Logs (JSON 1.1) and
// Lambda (REST) what the hunt asks, in pages of two, from data of its own.
type fakeAWS struct {
	*httptest.Server
	t *testing.T

	value    func(metric, stat, function string, minute time.Time) (float64, bool)
	names    []string
	events   map[string][]logEvent // by log group, in the order of time
	limit    int                   // of the account; 0 denies
	denyLogs bool
	query    []string // states that GetQueryResults goes through

	mu        sync.Mutex
	throttled map[string]bool // each operation is throttled once
	calls     map[string]int
}

type logEvent struct {
	at      time.Time
	message string
}

func newFake(t *testing.T) *fakeAWS {
	f := &fakeAWS{t: t, throttled: map[string]bool{}, calls: map[string]int{}, events: map[string][]logEvent{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// world runs the command against the fake, with quick retries.
func (f *fakeAWS) world(out, errs io.Writer, now time.Time) world {
	return world{
		in: strings.NewReader(""), out: out, err: errs, now: func() time.Time { return now },
		pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		load: func(context.Context) (aws.Config, error) {
			return aws.Config{
				Region: "eu-west-1", BaseEndpoint: &f.URL,
				Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "example"}, nil
				}),
				Retryer: func() aws.Retryer {
					return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
				},
			}, nil
		},
	}
}

func (f *fakeAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	operation := r.Header.Get("X-Amz-Target")
	if _, after, ok := strings.Cut(r.URL.Path, "/operation/"); ok {
		operation = after
	} else if operation == "" {
		operation = r.Method + " " + r.URL.Path
	}
	f.mu.Lock()
	f.calls[operation]++
	first := !f.throttled[operation]
	f.throttled[operation] = true
	f.mu.Unlock()
	overCBOR := r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor"
	if first {
		f.refuse(w, overCBOR, 400, "ThrottlingException", "Rate exceeded")
		return
	}
	switch operation {
	case "ListMetrics":
		f.cbor(w, f.listMetrics(f.decode(body)))
	case "GetMetricData":
		f.cbor(w, f.metricData(f.decode(body)))
	case "Logs_20140328.FilterLogEvents":
		f.filterLogEvents(w, body)
	case "Logs_20140328.StartQuery":
		f.json(w, map[string]any{"queryId": "q-1"})
	case "Logs_20140328.GetQueryResults":
		f.queryResults(w)
	case "GET /2016-08-19/account-settings":
		if f.limit == 0 {
			f.refuse(w, false, 403, "AccessDeniedException", "not authorized")
			return
		}
		f.json(w, map[string]any{"AccountLimit": map[string]any{"ConcurrentExecutions": f.limit}})
	default:
		f.t.Errorf("the hunt calls %s", operation)
		f.refuse(w, overCBOR, 400, "UnknownOperationException", operation)
	}
}

func (f *fakeAWS) refuse(w http.ResponseWriter, overCBOR bool, status int, code, message string) {
	if overCBOR {
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		w.Header().Set("Content-Type", "application/cbor")
		w.WriteHeader(status)
		_, _ = w.Write(cbor.Encode(cbor.Map{"__type": cbor.String("com.amazonaws#" + code), "message": cbor.String(message)}))
		return
	}
	w.Header().Set("X-Amzn-Errortype", code)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
}

func (f *fakeAWS) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		f.t.Error(err)
	}
}

func (f *fakeAWS) cbor(w http.ResponseWriter, v cbor.Map) {
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	_, _ = w.Write(cbor.Encode(v))
}

func (f *fakeAWS) decode(body []byte) cbor.Map {
	v, err := cbor.Decode(body)
	if err != nil {
		f.t.Errorf("request: %v", err)
	}
	m, _ := v.(cbor.Map)
	return m
}

// paged returns the two items of in that the token points at, and the next token.
func paged[T any](in []T, token string) ([]T, string) {
	at, _ := strconv.Atoi(token)
	at = min(at, len(in))
	end := min(at+2, len(in))
	if end == len(in) {
		return in[at:], ""
	}
	return in[at:end], strconv.Itoa(end)
}

func text(v cbor.Value) string {
	s, _ := v.(cbor.String)
	return string(s)
}

func (f *fakeAWS) listMetrics(in cbor.Map) cbor.Map {
	var all cbor.List
	for _, n := range f.names {
		dims := cbor.List{cbor.Map{"Name": cbor.String("FunctionName"), "Value": cbor.String(n)}}
		all = append(all, cbor.Map{"Namespace": cbor.String("AWS/Lambda"), "MetricName": cbor.String("Invocations"), "Dimensions": dims},
			cbor.Map{"Namespace": cbor.String("AWS/Lambda"), "MetricName": cbor.String("Invocations"), "Dimensions": append(slices.Clone(dims), cbor.Map{"Name": cbor.String("Resource"), "Value": cbor.String(n + ":live")})})
	}
	part, next := paged(all, text(in["NextToken"]))
	out := cbor.Map{"Metrics": cbor.List(part)}
	if next != "" {
		out["NextToken"] = cbor.String(next)
	}
	return out
}

func instant(v cbor.Value) time.Time {
	tag, _ := v.(*cbor.Tag)
	if tag == nil {
		return time.Time{}
	}
	switch n := tag.Value.(type) {
	case cbor.Float64:
		return time.Unix(int64(n), 0).UTC()
	case cbor.Uint:
		return time.Unix(int64(n), 0).UTC()
	}
	return time.Time{}
}

func (f *fakeAWS) metricData(in cbor.Map) cbor.Map {
	queries, _ := in["MetricDataQueries"].(cbor.List)
	if len(queries) == 0 || len(queries) > 500 {
		f.t.Errorf("GetMetricData with %d queries, which the service refuses", len(queries))
	}
	from, to := instant(in["StartTime"]), instant(in["EndTime"])
	if from.IsZero() || !from.Before(to) {
		f.t.Errorf("GetMetricData from %v to %v", from, to)
	}
	part, next := paged(queries, text(in["NextToken"]))
	var results cbor.List
	for _, q := range part {
		q := q.(cbor.Map)
		stat := q["MetricStat"].(cbor.Map)
		metric := stat["Metric"].(cbor.Map)
		function := ""
		if dims, _ := metric["Dimensions"].(cbor.List); len(dims) > 0 {
			function = text(dims[0].(cbor.Map)["Value"])
		}
		var times, values cbor.List
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			if v, ok := f.value(text(metric["MetricName"]), text(stat["Stat"]), function, at); ok {
				times = append(times, &cbor.Tag{ID: 1, Value: cbor.Float64(float64(at.Unix()))})
				values = append(values, cbor.Float64(v))
			}
		}
		results = append(results, cbor.Map{"Id": q["Id"], "Timestamps": times, "Values": values, "StatusCode": cbor.String("Complete")})
	}
	out := cbor.Map{"MetricDataResults": results}
	if next != "" {
		out["NextToken"] = cbor.String(next)
	}
	return out
}

func (f *fakeAWS) filterLogEvents(w http.ResponseWriter, body []byte) {
	var in struct {
		LogGroupName, FilterPattern, NextToken string
		StartTime, EndTime                     int64
	}
	if err := json.Unmarshal(body, &in); err != nil {
		f.t.Error(err)
	}
	if f.denyLogs {
		f.refuse(w, false, 400, "AccessDeniedException", "not authorized")
		return
	}
	// Terms behind question marks are alternatives; quotes make one term of many words.
	var terms []string
	for _, term := range strings.Split(in.FilterPattern, "?")[1:] {
		terms = append(terms, strings.Trim(strings.TrimSpace(term), `"`))
	}
	var found []map[string]any
	for i, e := range f.events[in.LogGroupName] {
		ms := e.at.UnixMilli()
		if ms < in.StartTime || ms > in.EndTime {
			continue
		}
		if slices.ContainsFunc(terms, func(t string) bool { return strings.Contains(e.message, t) }) {
			found = append(found, map[string]any{"timestamp": ms, "message": e.message, "eventId": fmt.Sprint(i)})
		}
	}
	part, next := paged(found, in.NextToken)
	out := map[string]any{"events": part}
	if next != "" {
		out["nextToken"] = next
	}
	f.json(w, out)
}

func (f *fakeAWS) queryResults(w http.ResponseWriter) {
	f.mu.Lock()
	state := f.query[0]
	if len(f.query) > 1 {
		f.query = f.query[1:]
	}
	f.mu.Unlock()
	out := map[string]any{"status": state}
	if state == "Complete" {
		row := func(second, n string) []map[string]string {
			return []map[string]string{{"field": "second", "value": second}, {"field": "concurrency", "value": n}, {"field": "@ptr", "value": "x"}}
		}
		out["results"] = []any{row("2026-11-23 11:30:05.000", "612.5"), row("2026-11-23 11:30:04.000", "20")}
		out["statistics"] = map[string]any{"recordsScanned": 1234, "recordsMatched": 1000, "bytesScanned": 5}
	}
	f.json(w, out)
}
