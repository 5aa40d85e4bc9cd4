package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lambdatune/lambdatune/examples/lab/order"
	"github.com/lambdatune/lambdatune/filter/s3select"
	"github.com/lambdatune/lambdatune/httpclient/awsclient"
)

// maxPriceAge is how old prices may get.
const maxPriceAge = 5 * time.Minute

// priceList holds the rows of one shop out of the price list of all.
type priceList struct {
	client *s3.Client
	object s3select.Object
	query  s3select.Query

	mu     sync.Mutex
	prices map[string]int64
	loaded time.Time
}

func newPriceList() (*priceList, error) {
	statement, err := s3select.Compile("SELECT s.shop, s.sku, s.cents FROM S3Object s WHERE s.shop = ?")
	if err != nil {
		return nil, err
	}
	options := s3.Options{
		Region:       os.Getenv("AWS_REGION"),
		Credentials:  aws.CredentialsProviderFunc(credentials),
		HTTPClient:   awsclient.New(awsclient.Options{}),
		UsePathStyle: true,
	}
	if endpoint := os.Getenv("AWS_ENDPOINT_URL_S3"); endpoint != "" {
		options.BaseEndpoint = &endpoint
	}
	return &priceList{
		client: s3.New(options),
		object: s3select.Object{Bucket: os.Getenv("PRICES_BUCKET"), Key: os.Getenv("PRICES_KEY")},
		query: s3select.Query{
			Statement: statement, Params: []any{os.Getenv("SHOP")},
			Input: s3select.Input{JSON: s3select.JSONInput{Type: "LINES"}},
		},
	}, nil
}

// credentials are those of the function's role, which Lambda puts into the
// environment.
func credentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{
		AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
	}, nil
}

// Get returns the shop's prices, which must not be changed. Old ones are better
// than none while the bucket cannot be read.
func (l *priceList) Get(ctx context.Context) (map[string]int64, error) {
	l.mu.Lock()
	prices, loaded := l.prices, l.loaded
	l.mu.Unlock()
	fresh := time.Now().Round(0).Sub(loaded) < maxPriceAge // by the wall clock, which a freeze does not stop
	if prices != nil && fresh {
		return prices, nil
	}
	if err := l.load(ctx); err != nil {
		if prices == nil {
			return nil, err
		}
		slog.WarnContext(ctx, "prices are old", "loaded", loaded, "error", err)
		return prices, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.prices, nil
}

// load reads only the rows of the shop.
func (l *priceList) load(ctx context.Context) error {
	prices, start := map[string]int64{}, time.Now().Round(0)
	for row, err := range s3select.Rows[order.Price](ctx, l.client, l.object, l.query) {
		if err != nil {
			return fmt.Errorf("price list: %w", err)
		}
		prices[row.SKU] = row.Cents
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prices, l.loaded = prices, start
	return nil
}
