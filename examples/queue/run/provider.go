package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/examples/queue/jobs"
	"github.com/lambdatune/lambdatune/examples/queue/payments"
)

// A provider is the payment provider: slow, and out of order for transfers until
// it is repaired. It charges once per Idempotency-Key.
type provider struct {
	latency time.Duration

	mu       sync.Mutex
	repaired bool
	receipts map[string]jobs.Receipt // by Idempotency-Key
	charges  map[string]int          // by reference: the effect that must happen once
	requests int
	active   int
	peak     int       // requests at a time
	last     time.Time // of the last charge
}

func newProvider(latency time.Duration) *provider {
	return &provider{latency: latency, receipts: map[string]jobs.Receipt{}, charges: map[string]int{}}
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var c payments.Charge
	key := r.Header.Get("Idempotency-Key")
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&c); err != nil || key == "" {
		http.Error(w, "a charge in JSON and an Idempotency-Key are needed", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.active++
	p.peak = max(p.peak, p.active)
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.active--
		p.mu.Unlock()
	}()
	select {
	case <-time.After(p.latency):
	case <-r.Context().Done():
		return
	}
	receipt, err := p.charge(key, c)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(receipt)
}

func (p *provider) charge(key string, c payments.Charge) (jobs.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
	receipt, known := p.receipts[key]
	if !known {
		if c.Method == "transfer" && !p.repaired {
			return jobs.Receipt{}, errors.New("transfers are out of order")
		}
		receipt = jobs.Receipt{Number: fmt.Sprintf("r-%d", len(p.receipts)+1)}
		p.receipts[key] = receipt
		p.charges[c.Reference]++
		p.last = time.Now()
	}
	return receipt, nil
}

// repair flips the switch.
func (p *provider) repair() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.repaired = true
}

// A bill is what the provider knows of all charges.
type bill struct {
	charges        map[string]int // how often each job was charged
	requests, peak int
	last           time.Time // of the last charge
}

func (p *provider) bill() bill {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bill{maps.Clone(p.charges), p.requests, p.peak, p.last}
}
