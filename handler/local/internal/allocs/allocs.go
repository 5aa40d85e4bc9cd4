// Package allocs counts what functions allocate. A function that is built with
// its overlay has one more file, which tells the Go runtime's counters to
// whoever asks; its own source stays as it is.
package allocs

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

//go:embed probe.go.txt
var probe []byte

// variable tells a probe where its meter is.
const variable = "LAMBDATUNE_LOCAL_ALLOCS"

// Meter reads the counters of functions.
type Meter struct {
	ln net.Listener

	mu    sync.Mutex
	conns []net.Conn
	done  chan struct{}
}

// NewMeter starts to wait for functions. It must be closed.
func NewMeter() (*Meter, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &Meter{ln: ln, done: make(chan struct{})}
	go func() {
		defer close(m.done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			m.mu.Lock()
			m.conns = append(m.conns, c)
			m.mu.Unlock()
		}
	}()
	return m, nil
}

// Variable is for the functions' environment.
func (m *Meter) Variable() string { return variable + "=" + m.ln.Addr().String() }

// Overlay writes what go build needs to add the probe to the main package in
// dir, below temp, and returns the flag.
func Overlay(dir, temp string) (flag string, err error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	source := filepath.Join(temp, "probe.go")
	config, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(abs, "zz_lambdatune_allocs.go"): source}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(temp, "overlay.json")
	if err := os.WriteFile(source, probe, 0o644); err != nil {
		return "", err
	}
	return "-overlay=" + overlay, os.WriteFile(overlay, config, 0o644)
}

// Counters are the Go runtime's, of all functions together.
type Counters struct{ Mallocs, Bytes, GCs uint64 }

// Sub returns what was counted since an earlier reading.
func (c Counters) Sub(earlier Counters) Counters {
	return Counters{c.Mallocs - earlier.Mallocs, c.Bytes - earlier.Bytes, c.GCs - earlier.GCs}
}

// Read reads the counters of the functions that run, n of them at least.
func (m *Meter) Read(n int) (sum Counters, err error) {
	deadline := time.Now().Add(5 * time.Second)
	for {
		m.mu.Lock()
		conns := m.conns
		m.mu.Unlock()
		if len(conns) >= n {
			break
		}
		if time.Now().After(deadline) {
			return sum, fmt.Errorf("%d of %d processes tell what they allocate", len(conns), n)
		}
		time.Sleep(time.Millisecond)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.conns {
		c.SetDeadline(deadline)
		var one Counters
		if _, err := c.Write([]byte("?")); err != nil {
			return sum, fmt.Errorf("a process ended, and with it what it allocated: %w", err)
		}
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil {
			return sum, fmt.Errorf("a process ended, and with it what it allocated: %w", err)
		}
		if _, err := fmt.Sscan(line, &one.Mallocs, &one.Bytes, &one.GCs); err != nil {
			return sum, err
		}
		sum.Mallocs += one.Mallocs
		sum.Bytes += one.Bytes
		sum.GCs += one.GCs
	}
	return sum, nil
}

// Close ends the meter.
func (m *Meter) Close() {
	m.ln.Close()
	<-m.done
	for _, c := range m.conns {
		c.Close()
	}
}
