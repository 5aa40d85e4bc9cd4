package world

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/order"
	"github.com/lambdatune/lambdatune/examples/lab/order/payments"
)

func TestPayments(t *testing.T) {
	p := startPayments(0, time.Minute, "key")
	defer p.close()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.certificate())
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer tr.CloseIdleConnections()
	client := &payments.Client{URL: p.server.URL, HTTP: &http.Client{Transport: tr}}
	c := order.Charge{Key: "k-1", AmountCents: 5}
	for range 2 {
		if a, err := client.Charge(t.Context(), "key", c); err != nil || a != "a-k-1" {
			t.Errorf("Charge = %q, %v", a, err)
		}
	}
	p.setKey("other")
	if _, err := client.Charge(t.Context(), "key", c); !errors.Is(err, payments.ErrKey) {
		t.Errorf("the old key: %v", err)
	}
	if _, err := client.Charge(t.Context(), "other", order.Charge{}); err == nil || errors.Is(err, payments.ErrKey) {
		t.Errorf("without an idempotency key: %v", err)
	}
	if got := p.tally(); got.Requests != 3 || got.Duplicates != 1 || got.Connections != 1 || got.Dropped != 0 {
		t.Errorf("%+v", got)
	}
}

// Connections are dropped in turn by a FIN, a RST, and a RST that answers the
// next packet.
func TestDrops(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &droppingListener{Listener: inner, idle: time.Hour}
	defer l.Close()
	for i, want := range []string{"FIN", "RST", "forgotten"} {
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		server := accepted.(*droppedConn)
		if _, err := client.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if n, err := server.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Fatalf("Read = %d, %v", n, err)
		}
		server.drop() // as if it had been idle for an hour
		if want == "forgotten" {
			if _, err := client.Write([]byte("y")); err != nil {
				t.Errorf("the client notices the drop before it sends: %v", err)
			}
			if _, err := server.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("the server still reads: %v", err)
			}
		}
		_, err = client.Read(make([]byte, 1))
		if fin := errors.Is(err, io.EOF); err == nil || fin != (want == "FIN") {
			t.Errorf("%d, %s: the client reads %v", i, want, err)
		}
		client.Close()
		server.Close()
	}
	if opened, dropped := l.tally(); opened != 3 || dropped != 3 {
		t.Errorf("%d opened, %d dropped", opened, dropped)
	}
}
