package httpclient

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestHostLimits(t *testing.T) {
	tr := newTransport(Options{HostIdleTimeouts: map[string]time.Duration{
		"api.example.com":      1 * time.Second,
		"api.example.com:8443": 2 * time.Second,
		"*.example.com":        3 * time.Second,
		"*.deep.example.com":   5 * time.Second,
		"Upper.Test":           6 * time.Second,
		"[::1]:80":             7 * time.Second,
		"127.0.0.1":            8 * time.Second,
	}}.withDefaults())
	for host, want := range map[string]time.Duration{
		"api.example.com":        1 * time.Second,
		"api.example.com:443":    1 * time.Second,
		"API.Example.COM":        1 * time.Second,
		"api.example.com:8443":   2 * time.Second,
		"b.example.com":          3 * time.Second,
		"b.c.example.com:1":      3 * time.Second,
		"x.deep.example.com":     5 * time.Second,
		"deep.example.com":       3 * time.Second,
		"example.com":            4 * time.Second,
		"notexample.com":         4 * time.Second,
		"upper.test":             6 * time.Second,
		"[::1]:80":               7 * time.Second,
		"127.0.0.1:9000":         8 * time.Second,
		"com":                    4 * time.Second,
		"":                       4 * time.Second,
		"[::2]:80":               4 * time.Second,
		"api.example.com.evil":   4 * time.Second,
		"api.example.com.:443":   4 * time.Second,
		"xapi.example.com:8443":  3 * time.Second,
		"api.example.com:84430":  1 * time.Second,
		"a.api.example.com:8443": 3 * time.Second,
	} {
		for range 2 { // found, then remembered
			if got := tr.route(host).IdleConnTimeout; got != want {
				t.Errorf("%q: idle limit %v, want %v", host, got, want)
			}
		}
	}
}

func TestKeepAliveTimeout(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"timeout=5":                    5 * time.Second,
		"timeout=5, max=100":           5 * time.Second,
		"max=100,timeout=60":           time.Minute,
		" Timeout = 7 ":                7 * time.Second,
		`timeout="8"`:                  8 * time.Second,
		"timeout=0":                    0,
		"timeout=":                     -1,
		"timeout=-5":                   -1,
		"timeout=1.5":                  -1,
		"timeout=99999999999999999999": -1,
		"max=5":                        -1,
		"":                             -1,
		"timeouts=5":                   -1,
	} {
		got, ok := keepAliveTimeout(header)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

func TestHintLimit(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{
		0:                time.Millisecond,
		time.Second:      500 * time.Millisecond,
		2 * time.Second:  time.Second,
		5 * time.Second:  4 * time.Second,
		10 * time.Second: 9 * time.Second,
		20 * time.Second: 19 * time.Second,
		60 * time.Second: 59 * time.Second,
		75 * time.Second: 70 * time.Second,
		time.Hour:        299 * time.Second,
	} {
		if got := hintLimit(timeout); got != want {
			t.Errorf("timeout=%v: limit %v, want %v", timeout, got, want)
		}
	}
	for s := range 400 { // never as long as announced, but for 0
		announced := time.Duration(s) * time.Second
		if got := hintLimit(announced); s > 0 && got >= announced || got <= 0 {
			t.Errorf("timeout=%v: limit %v", announced, got)
		}
	}
}

// With the hint, nearly every reuse that the server would have allowed happens,
// and none that it would not: gaps between requests are spread evenly over their
// orders of magnitude, from 0.2 s to 10 min.
func TestHintReuse(t *testing.T) {
	for timeout := 10; timeout <= 60; timeout++ {
		server := time.Duration(timeout) * time.Second
		limit := hintLimit(server)
		var ideal, reused, stale int
		for gap := 200 * time.Millisecond; gap < 10*time.Minute; gap += gap / 100 {
			if gap < server {
				ideal++
			}
			if gap <= limit {
				reused++
				if gap >= server {
					stale++
				}
			}
		}
		if stale > 0 || float64(reused) < 0.95*float64(ideal) {
			t.Errorf("timeout=%d: %d of %d possible reuses, %d stale", timeout, reused, ideal, stale)
		}
	}
}

// A server's hint routes its host's next requests; a table entry is only
// shortened by it.
func TestHint(t *testing.T) {
	header := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if header != "" {
			w.Header().Set("Keep-Alive", header)
		}
	}))
	defer srv.Close()
	host := strings.TrimPrefix(srv.URL, "http://")
	for _, tt := range []struct {
		name  string
		table time.Duration // 0 for none
		hints []string
		want  time.Duration
	}{
		{"none", 0, []string{""}, 4 * time.Second},
		{"longer", 0, []string{"timeout=60"}, 59 * time.Second},
		{"shorter", 0, []string{"timeout=2"}, time.Second},
		{"changed", 0, []string{"timeout=60", "timeout=5"}, 4 * time.Second},
		{"once is enough", 0, []string{"timeout=60", ""}, 59 * time.Second},
		{"unreadable", 0, []string{"timeout=soon"}, 4 * time.Second},
		{"shorter than the table", time.Minute, []string{"timeout=5"}, 4 * time.Second},
		{"longer than the table", 2 * time.Second, []string{"timeout=60"}, 2 * time.Second},
		{"back to the table", time.Minute, []string{"timeout=5", "timeout=300"}, time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := Options{}
			if tt.table > 0 {
				opts.HostIdleTimeouts = map[string]time.Duration{"127.0.0.1": tt.table}
			}
			client := New(opts)
			defer client.CloseIdleConnections()
			for _, header = range tt.hints {
				resp, err := client.Get(srv.URL)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
			if got := client.Transport.(*transport).route(host).IdleConnTimeout; got != tt.want {
				t.Errorf("idle limit %v, want %v", got, tt.want)
			}
		})
	}
}

// A client of ever new hosts stays small.
func TestHostsAreBounded(t *testing.T) {
	for _, opts := range []Options{{}, {HostIdleTimeouts: map[string]time.Duration{"*.test": time.Second}}} {
		tr := newTransport(opts.withDefaults())
		for i := range 3 * maxHosts {
			host := fmt.Sprintf("h%d.test", i)
			tr.route(host)
			tr.heed(host, fmt.Sprintf("timeout=%d", i))
		}
		if n := len(*tr.routes.known.Load()); n > maxHosts {
			t.Errorf("%d hosts are remembered", n)
		}
		if n := len(tr.byLimit); n > len(hintLimits)+2 {
			t.Errorf("%d Transports", n)
		}
	}
}

func FuzzKeepAliveTimeout(f *testing.F) {
	for _, s := range []string{"timeout=5, max=100", "timeout", "=,=", `timeout="8"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		timeout, ok := keepAliveTimeout(header)
		if !ok {
			return
		}
		// What is read can be written, and means the same.
		again, ok := keepAliveTimeout(fmt.Sprintf("max=1, timeout=%d", timeout/time.Second))
		if !ok || again != timeout || timeout < 0 {
			t.Errorf("%q: %v, written and read again %v", header, timeout, again)
		}
		if limit := hintLimit(timeout); limit <= 0 || limit > 299*time.Second {
			t.Errorf("%q: limit %v", header, limit)
		}
	})
}
