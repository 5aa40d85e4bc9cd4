package world

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"
)

// The SDK's client puts metrics, is throttled, and is told what is wrong.
func TestPutMetricData(t *testing.T) {
	c := startCloudWatch(0)
	defer c.close()
	client := cloudwatch.New(cloudwatch.Options{
		Region: "us-east-1", BaseEndpoint: &c.server.URL, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "key", ""),
	})
	put := func(n int) error {
		datums := make([]types.MetricDatum, n)
		for i := range datums {
			datums[i] = types.MetricDatum{MetricName: aws.String("OrdersPlaced"), Value: aws.Float64(1)}
		}
		_, err := client.PutMetricData(context.Background(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("Shop"), MetricData: datums})
		return err
	}
	for _, n := range []int{1, 1000} { // many are compressed
		if err := put(n); err != nil {
			t.Errorf("%d datums: %v", n, err)
		}
	}
	code := func(err error) string {
		var api smithy.APIError
		if !errors.As(err, &api) {
			return ""
		}
		return api.ErrorCode()
	}
	if err := put(0); code(err) != "InvalidParameterValue" {
		t.Errorf("no datums: %v", err)
	}
	c.quota.set(0.001)
	if err := put(1); err != nil {
		t.Errorf("the burst: %v", err)
	}
	if err := put(1); code(err) != "ThrottlingException" || !strings.Contains(err.Error(), "Rate exceeded") {
		t.Errorf("above the quota: %v", err)
	}
	calls, datums := c.tally()
	if calls.Accepted != 3 || calls.Throttled != 1 || calls.Failed != 1 || datums != 1002 {
		t.Errorf("%+v, %d datums", calls, datums)
	}
	if calls, datums = c.tally(); calls.Accepted != 0 || datums != 0 {
		t.Errorf("the tally is not forgotten: %+v, %d", calls, datums)
	}
}

// Older SDKs speak the query protocol.
func TestPutMetricDataByQuery(t *testing.T) {
	c := startCloudWatch(0)
	defer c.close()
	c.quota.set(0.001)
	form := url.Values{"Action": {"PutMetricData"}, "Namespace": {"Shop"}, "MetricData.member.1.MetricName": {"a"}, "MetricData.member.2.MetricName": {"b"}}
	for _, want := range []int{200, 400} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.server.URL, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("status %d, want %d", resp.StatusCode, want)
		}
	}
	if calls, datums := c.tally(); calls.Accepted != 1 || calls.Throttled != 1 || datums != 2 {
		t.Errorf("%+v, %d datums", calls, datums)
	}
}
