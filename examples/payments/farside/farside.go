// Package farside is what the payments function calls, on this machine: a risk
// API and a rates API over HTTPS, and an endpoint that takes DynamoDB's PutItem.
package farside

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// A FarSide is the servers. They run until Close.
type FarSide struct {
	Risk, Rates, DynamoDB string // URLs
	Roots                 *x509.CertPool

	// Dials and Items are the connections and PutItem calls so far.
	Dials, Items atomic.Int64

	servers []*http.Server
}

// Start starts the servers on free ports of the loopback interface.
func Start() (*FarSide, error) {
	cert, err := certificate()
	if err != nil {
		return nil, err
	}
	f := &FarSide{Roots: x509.NewCertPool()}
	f.Roots.AddCert(cert.Leaf)
	for _, s := range []struct {
		url *string
		h   http.HandlerFunc
	}{{&f.Risk, f.risk}, {&f.Rates, f.rates}, {&f.DynamoDB, f.putItem}} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			f.Close()
			return nil, err
		}
		srv := &http.Server{
			Handler:   s.h,
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}},
			ErrorLog:  log.New(io.Discard, "", 0), // connections without a request are what Prewarm makes
			ConnState: func(_ net.Conn, s http.ConnState) {
				if s == http.StateNew {
					f.Dials.Add(1)
				}
			},
		}
		*s.url = "https://" + l.Addr().String()
		f.servers = append(f.servers, srv)
		go srv.ServeTLS(l, "", "")
	}
	return f, nil
}

// Close stops the servers.
func (f *FarSide) Close() {
	for _, s := range f.servers {
		s.Close()
	}
}

// risk rises with the amount.
func (f *FarSide) risk(w http.ResponseWriter, r *http.Request) {
	var in struct {
		AmountCents int64 `json:"amountCents"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, `{"score":%d}`, min(in.AmountCents/1000, 100))
}

func (f *FarSide) rates(w http.ResponseWriter, r *http.Request) {
	rate, ok := map[string]float64{"EUR": 1, "USD": 0.92, "CHF": 1.05}[r.URL.Query().Get("currency")]
	if !ok {
		http.Error(w, "unknown currency", http.StatusNotFound)
		return
	}
	fmt.Fprintf(w, `{"eur":%v}`, rate)
}

func (f *FarSide) putItem(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if target := r.Header.Get("X-Amz-Target"); target != "DynamoDB_20120810.PutItem" {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"com.amazon.coral.service#UnknownOperationException"}`)
		return
	}
	f.Items.Add(1)
	const answer = "{}"
	w.Header().Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE([]byte(answer)))) // the SDK checks it
	io.WriteString(w, answer)
}

// certificate makes a certificate for the loopback interface.
func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "payments' far side"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}
