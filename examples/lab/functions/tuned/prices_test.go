package main

import (
	"testing"

	"github.com/lambdatune/lambdatune/examples/report/locals3"
)

func TestPriceList(t *testing.T) {
	b := locals3.Start("shop", "prices.jsonl", []byte(`{"shop":"s-1","sku":"tea","cents":1}
{"shop":"s-2","sku":"tea","cents":450,"name":"Tea"}
{"shop":"s-2","sku":"pot","cents":3900}
`), 0)
	defer b.Close()
	for name, value := range map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "key",
		"PRICES_BUCKET": "shop", "PRICES_KEY": "prices.jsonl", "SHOP": "s-2", "AWS_ENDPOINT_URL_S3": b.URL,
	} {
		t.Setenv(name, value)
	}
	l, err := newPriceList()
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, gets int) {
		t.Helper()
		prices, err := l.Get(t.Context())
		if err != nil || len(prices) != 2 || prices["tea"] != 450 || prices["pot"] != 3900 {
			t.Errorf("%s: %v, %v", what, prices, err)
		}
		if n := b.Gets(); n != gets {
			t.Errorf("%s: %d requests to S3, want %d", what, n, gets)
		}
	}
	check("first", 1)
	check("again", 0)
	l.loaded = l.loaded.Add(-maxPriceAge)
	check("when they are old", 1)
	l.loaded = l.loaded.Add(-maxPriceAge)
	l.object.Key = "gone"
	check("when the object is gone", 0)
}
