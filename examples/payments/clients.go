package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lambdatune/lambdatune/examples/payments/payments"
	"github.com/lambdatune/lambdatune/httpclient"
	"github.com/lambdatune/lambdatune/httpclient/awsclient"
)

func (c config) validate() error {
	for name, v := range map[string]string{"RISK_URL": c.riskURL, "RATES_URL": c.ratesURL, "TABLE": c.table} {
		if v == "" {
			return fmt.Errorf("%s is not set; set all of RISK_URL, RATES_URL and TABLE, or only PAYMENTS_LOCAL=1", name)
		}
	}
	return nil
}

// clients are the function's calls. There is one HTTP client for both APIs, and
// one for the SDK.
type clients struct {
	conf     config
	apis     *http.Client
	aws      *awsclient.Replaying
	dynamoDB *dynamodb.Client
}

func newClients(conf config) (*clients, error) {
	// An answer is small, so a large one is a mistake.
	opts := httpclient.Options{MaxResponseBytes: 1 << 20}
	if conf.local != nil {
		opts.Configure = func(tr *http.Transport) { tr.TLSClientConfig.RootCAs = conf.local.Roots }
	}
	c := &clients{conf: conf}
	opts.Observe = observe("API")
	c.apis = httpclient.New(opts)
	opts.Observe = observe("AWS")
	var err error
	if c.aws, err = awsclient.NewReplaying(opts); err != nil {
		return nil, err
	}
	return c, nil
}

// prewarm opens the connections of the first invocation.
func (c *clients) prewarm(ctx context.Context) error {
	var load []func(*awsconfig.LoadOptions) error
	if c.conf.local != nil {
		load = append(load, awsconfig.WithRegion("local"), awsconfig.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider("local", "local", "")))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return err
	}
	cfg.HTTPClient = c.aws
	c.dynamoDB = dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
		if c.conf.dynamoDBURL != "" {
			o.BaseEndpoint = aws.String(c.conf.dynamoDBURL)
		}
	})
	endpoint, err := dynamodb.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, dynamodb.EndpointParameters{
		Region: aws.String(cfg.Region), Endpoint: c.dynamoDB.Options().BaseEndpoint,
	})
	if err != nil {
		return err
	}
	return httpclient.All(ctx, 0,
		func(ctx context.Context) error {
			return httpclient.Prewarm(ctx, c.apis, []string{c.conf.riskURL, c.conf.ratesURL}, 1)
		},
		func(ctx context.Context) error {
			return httpclient.Prewarm(ctx, c.aws.HTTPClient(), []string{endpoint.URI.String()}, 1)
		},
	)
}

// risk asks the risk API. Asking twice does no harm, so the POST may be replayed
// if its connection turns out to be dead.
func (c *clients) risk(ctx context.Context, p payments.Payment) (int, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.conf.riskURL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	httpclient.MarkIdempotent(req)
	var answer struct {
		Score *int `json:"score"`
	}
	if err := c.ask(req, &answer); err != nil {
		return 0, err
	}
	if answer.Score == nil || *answer.Score < 0 || *answer.Score > 100 {
		return 0, errors.New("the API's answer has no score from 0 to 100")
	}
	return *answer.Score, nil
}

// rate asks the rates API.
func (c *clients) rate(ctx context.Context, currency string) (float64, error) {
	query := url.Values{"currency": {currency}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.conf.ratesURL+"?"+query.Encode(), nil)
	if err != nil {
		return 0, err
	}
	var answer struct {
		EUR float64 `json:"eur"`
	}
	err = c.ask(req, &answer)
	return answer.EUR, err
}

// ask makes a request and decodes the answer. What is left of a body is read by
// Close, so that the connection is kept.
func (c *clients) ask(req *http.Request, answer any) error {
	resp, err := c.apis.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", req.URL.Host, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}

// record keeps a decision in DynamoDB.
func (c *clients) record(ctx context.Context, d payments.Decision) error {
	_, err := c.dynamoDB.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String(c.conf.table),
		Item: map[string]types.AttributeValue{
			"orderId":  &types.AttributeValueMemberS{Value: d.OrderID},
			"eurCents": &types.AttributeValueMemberN{Value: strconv.FormatInt(d.EURCents, 10)},
			"risk":     &types.AttributeValueMemberN{Value: strconv.Itoa(d.Risk)},
			"approved": &types.AttributeValueMemberBOOL{Value: d.Approved},
		},
	})
	return err
}
