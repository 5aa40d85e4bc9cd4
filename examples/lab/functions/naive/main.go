// Command naive is the order function as it is often written first: everything
// is fetched, opened and published by each invocation.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/lambdatune/lambdatune/examples/lab/order"
	"github.com/lambdatune/lambdatune/examples/lab/order/orderdb"
	"github.com/lambdatune/lambdatune/examples/lab/order/payments"
)

func main() { lambda.Start(handle) }

func handle(ctx context.Context, req events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	var o order.Order
	if err := json.Unmarshal([]byte(req.Body), &o); err != nil {
		return answer(http.StatusBadRequest, map[string]string{"message": err.Error()})
	}
	o.Customer, o.Key = req.Headers["x-customer-id"], req.Headers["idempotency-key"]

	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return events.APIGatewayV2HTTPResponse{}, err
	}
	secret, err := getSecret(ctx, cfg)
	if err != nil {
		return events.APIGatewayV2HTTPResponse{}, err
	}
	tlsConfig, err := payments.TLS(os.Getenv("PAYMENTS_CA"))
	if err != nil {
		return events.APIGatewayV2HTTPResponse{}, err
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: tlsConfig}}
	defer client.CloseIdleConnections()
	api := &payments.Client{URL: os.Getenv("PAYMENTS_URL"), HTTP: client}
	var paymentTime time.Duration
	desk := &order.Desk{
		Prices: func(ctx context.Context) (map[string]int64, error) { return getPrices(ctx, cfg) },
		Charge: func(ctx context.Context, c order.Charge) (string, error) {
			start := time.Now()
			defer func() { paymentTime = time.Since(start) }()
			return api.Charge(ctx, secret.PaymentsKey, c)
		},
	}
	if secret.Database != nil {
		db, err := sql.Open("pgx", secret.Database.url())
		if err != nil {
			return events.APIGatewayV2HTTPResponse{}, err
		}
		defer db.Close()
		desk.Orders = orderdb.DB{DB: db}
	}
	receipt, err := desk.Place(ctx, o)
	var invalid *order.InvalidError
	if errors.As(err, &invalid) {
		return answer(invalid.HTTPStatus(), map[string]string{"message": err.Error()})
	}
	if err != nil {
		return events.APIGatewayV2HTTPResponse{}, err
	}
	if err := putMetrics(ctx, cfg, receipt, paymentTime); err != nil {
		log.Printf("put metrics: %v", err) // the order stands
	}
	return answer(http.StatusCreated, receipt)
}

func answer(status int, body any) (events.APIGatewayV2HTTPResponse, error) {
	b, err := json.Marshal(body)
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status, Headers: map[string]string{"content-type": "application/json"}, Body: string(b),
	}, err
}

type secret struct {
	Database    *database `json:"database"`
	PaymentsKey string    `json:"paymentsKey"`
}

type database struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Username string `json:"username"`
	Password string `json:"password"`
	DBName   string `json:"dbname"`
}

func (d *database) url() string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(d.Username, d.Password),
		Host: fmt.Sprintf("%s:%d", d.Host, d.Port), Path: "/" + d.DBName,
		RawQuery: url.Values{"sslmode": {os.Getenv("PGSSLMODE")}}.Encode(),
	}
	return u.String()
}

func getSecret(ctx context.Context, cfg aws.Config) (secret, error) {
	var s secret
	out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{
		SecretId: aws.String(os.Getenv("SECRET_ID")),
	})
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(aws.ToString(out.SecretString)), &s)
}

func getPrices(ctx context.Context, cfg aws.Config) (map[string]int64, error) {
	out, err := s3.NewFromConfig(cfg).GetObject(ctx, &s3.GetObjectInput{
		Bucket: aws.String(os.Getenv("PRICES_BUCKET")), Key: aws.String(os.Getenv("PRICES_KEY")),
	})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	prices := map[string]int64{}
	for d := json.NewDecoder(out.Body); ; {
		var p order.Price
		if err := d.Decode(&p); err == io.EOF {
			return prices, nil
		} else if err != nil {
			return nil, err
		}
		if p.Shop == os.Getenv("SHOP") {
			prices[p.SKU] = p.Cents
		}
	}
}

func putMetrics(ctx context.Context, cfg aws.Config, r order.Receipt, paymentTime time.Duration) error {
	dimensions := []types.Dimension{{Name: aws.String("service"), Value: aws.String("orders")}}
	now := time.Now()
	_, err := cloudwatch.NewFromConfig(cfg).PutMetricData(ctx, &cloudwatch.PutMetricDataInput{
		Namespace: aws.String("Shop"),
		MetricData: []types.MetricDatum{
			{MetricName: aws.String("OrdersPlaced"), Value: aws.Float64(1), Unit: types.StandardUnitCount, Dimensions: dimensions, Timestamp: &now},
			{MetricName: aws.String("RevenueCents"), Value: aws.Float64(float64(r.TotalCents)), Unit: types.StandardUnitNone, Dimensions: dimensions, Timestamp: &now},
			{MetricName: aws.String("PaymentTime"), Value: aws.Float64(float64(paymentTime.Microseconds()) / 1000), Unit: types.StandardUnitMilliseconds, Dimensions: dimensions, Timestamp: &now},
		},
	})
	return err
}
