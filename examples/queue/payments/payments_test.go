package payments

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lambdatune/lambdatune/examples/queue/jobs"
)

func TestCharge(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		status       int
		want, err    string
	}{
		{"charged", `{"number":"r-1"}`, 200, "r-1", ""},
		{"out of order", "transfers are out of order\n", 503, "", "the provider answered 503 Service Unavailable: transfers are out of order"},
		{"no receipt", `{}`, 200, "", "the provider's receipt has no number"},
		{"no JSON", `<html>`, 200, "", "the provider's receipt: invalid character '<' looking for beginning of value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.Method != "POST" || r.URL.Path != "/charges" || r.Header.Get("Idempotency-Key") != "j-1" ||
					string(body) != `{"reference":"j-1","method":"card","amountCents":250}` {
					t.Errorf("%s %s, key %q, %s", r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"), body)
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.answer)
			}))
			defer srv.Close()
			client := &Client{URL: srv.URL, HTTP: srv.Client()}
			receipt, err := client.Charge(t.Context(), jobs.Job{ID: "j-1", ConnectionID: "c-1", Method: "card", AmountCents: 250})
			if receipt.Number != c.want || (err != nil) != (c.err != "") || err != nil && err.Error() != c.err {
				t.Errorf("%+v, %v, want %q, %q", receipt, err, c.want, c.err)
			}
		})
	}
}
