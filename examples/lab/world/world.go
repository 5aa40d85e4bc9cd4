// Package world is what the function talks to, on the loopback interface: AWS's
// Secrets Manager, CloudWatch and S3, a payment API and a database.
package world

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lambdatune/lambdatune/examples/report/locals3"
	"github.com/lambdatune/lambdatune/secrets/secretstest"
)

// Config is what the world is like.
type Config struct {
	// SecretsQuota and MetricsQuota are the calls of GetSecretValue and
	// PutMetricData per second. Zero means no limit.
	SecretsQuota, MetricsQuota float64
	// APILatency is how long AWS's APIs take, PaymentLatency the payment API.
	APILatency, PaymentLatency time.Duration
	// Idle is how long a connection may be idle before the payment API and the
	// database drop it.
	Idle time.Duration
	// Connections are those that the function may have to the database. Zero
	// means that there is no database.
	Connections int
	// PriceListBytes is the size of the object in S3.
	PriceListBytes int
}

// World is running until Close.
type World struct {
	conf    Config
	env     []string
	secrets *secretstest.Server
	metrics *cloudWatch
	prices  *locals3.Bucket
	pay     *paymentAPI
	db      *database // nil: it is off
	closers []func()  // in the order of starting

	rotations int
	window    time.Duration // of the rotation under way
	sessions  int           // of the database, at the last tally
}

const (
	secretID    = "shop/orders"
	bucket, key = "shop", "prices.jsonl"
	shop        = "s-003" // the one that the function serves
	articles    = 20      // of each shop
)

// Start starts everything. Where PostgreSQL is not installed the database is
// off; see [World.HasDatabase].
func Start(ctx context.Context, conf Config) (w *World, err error) {
	w = &World{conf: conf}
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	dir, err := os.MkdirTemp("", "lab-")
	if err != nil {
		return nil, err
	}
	w.closers = append(w.closers, func() { os.RemoveAll(dir) })
	if conf.Connections > 0 {
		w.db, err = startDatabase(ctx, conf.Connections, conf.Idle, password(0))
		if err != nil && !notInstalled(err) {
			return nil, err
		}
		if err == nil {
			w.closers = append(w.closers, w.db.close)
		}
	}
	w.pay = startPayments(conf.PaymentLatency, conf.Idle, paymentsKey(0))
	w.secrets = secretstest.NewServer()
	w.secrets.SetLatency("", conf.APILatency)
	w.secrets.Put(secretID, w.secretValue(0))
	w.secrets.OnRotate(secretID, w.rotation())
	w.metrics = startCloudWatch(conf.APILatency)
	w.prices = locals3.Start(bucket, key, priceList(conf.PriceListBytes), conf.APILatency)
	w.closers = append(w.closers, w.pay.close, w.secrets.Close, w.metrics.close, w.prices.Close)
	ca, none := filepath.Join(dir, "payments.pem"), filepath.Join(dir, "none")
	if err := os.WriteFile(ca, w.pay.certificate(), 0o600); err != nil {
		return nil, err
	}
	w.env = []string{
		"AWS_ACCESS_KEY_ID=AKIDLAB", "AWS_SECRET_ACCESS_KEY=lab",
		"AWS_CONFIG_FILE=" + none, "AWS_SHARED_CREDENTIALS_FILE=" + none,
		"AWS_ENDPOINT_URL_SECRETS_MANAGER=" + w.secrets.URL,
		"AWS_ENDPOINT_URL_CLOUDWATCH=" + w.metrics.server.URL,
		"AWS_ENDPOINT_URL_S3=" + w.prices.URL,
		"SECRET_ID=" + secretID, "PRICES_BUCKET=" + bucket, "PRICES_KEY=" + key, "SHOP=" + shop,
		"PAYMENTS_URL=" + w.pay.server.URL + "/charges", "PAYMENTS_CA=" + ca,
		"PGSSLMODE=disable",
	}
	w.SetQuotas(true)
	return w, nil
}

// Close stops everything.
func (w *World) Close() {
	for _, f := range slices.Backward(w.closers) {
		f()
	}
	w.closers = nil
}

// Env are the function's environment variables.
func (w *World) Env() []string { return slices.Clip(w.env) }

// HasDatabase reports whether there is a database.
func (w *World) HasDatabase() bool { return w.db != nil }

// SetQuotas puts AWS's quotas in force or out of it.
func (w *World) SetQuotas(on bool) {
	perSecond := func(quota float64) float64 {
		if !on {
			return 0
		}
		return quota
	}
	s := perSecond(w.conf.SecretsQuota)
	w.secrets.SetQuota("GetSecretValue", s, burst(s))
	w.metrics.quota.set(perSecond(w.conf.MetricsQuota))
}

// Articles are the SKUs that can be ordered.
func Articles() []string {
	skus := make([]string, articles)
	for i := range skus {
		skus[i] = fmt.Sprintf("article-%02d", i)
	}
	return skus
}

// priceList is the price list of all shops: an object of about size bytes, of
// which a function needs the rows of one shop.
func priceList(size int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < size || i < 5*articles; i++ {
		fmt.Fprintf(&b, `{"shop":"s-%03d","sku":"%s","cents":%d,"currency":"EUR","name":"Article %d of shop %d","stock":%d,"supplier":"supplier-%d","updated":"2026-05-01T12:00:00Z"}`+"\n",
			i/articles, Articles()[i%articles], 100+(i*37)%9900, i%articles, i/articles, i%500, i%90)
	}
	return b.Bytes()
}
