package handler

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/gateway/edge"
)

// handlers are run behind a real net/http server and behind every front.
var handlers = map[string]http.HandlerFunc{
	"nothing":          func(w http.ResponseWriter, r *http.Request) {},
	"implicit 200":     func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") },
	"sniffed HTML":     func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<html><body>x")) },
	"sniffed PNG":      func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("\x89PNG\r\n\x1a\n\x00\x01")) },
	"sniffed in parts": func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<ht")); w.Write([]byte("ml>")) },
	"not sniffed": func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil
		w.Write([]byte("<html>"))
	},
	"encoded is not sniffed": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "x")
		w.Write([]byte("<html>"))
	},
	"own type": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "a/b")
		w.Write([]byte("x"))
	},
	"status": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(418); w.Write([]byte("tea")) },
	"two status": func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(201)
		w.WriteHeader(500)
		w.Write([]byte("x"))
	},
	"frozen": func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-A", "1")
		w.WriteHeader(200)
		h.Set("X-A", "2")
		h.Set("X-B", "2")
		w.Write([]byte("x"))
	},
	"frozen by Write": func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("x"))
		w.Header().Set("X-B", "2")
	},
	"frozen by Flush": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.(http.Flusher).Flush()
		w.Header().Set("X-B", "2")
		w.Write([]byte("x"))
	},
	"controller": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, http.NewResponseController(w).Flush())
	},
	"early hints": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>")
		w.WriteHeader(103)
		w.WriteHeader(200)
		w.Write([]byte("x"))
	},
	"204 with body": func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(204)
		n, err := w.Write([]byte("x"))
		w.Header().Set("never", fmt.Sprint(n, err))
		if n != 0 || !errors.Is(err, http.ErrBodyNotAllowed) {
			panic("204 takes a body")
		}
	},
	"304": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"a"`)
		w.WriteHeader(304)
	},
	"content length": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "2")
		w.Write([]byte("ab"))
		if n, err := w.Write([]byte("c")); n != 0 || err != http.ErrContentLength {
			panic("more than Content-Length is taken")
		}
	},
	"cookies": func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", Path: "/"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
	},
	"trailers": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Late, X-Early")
		w.Header().Set("X-Early", "1")
		w.Write([]byte("x"))
		w.Header().Set("X-Late", "1")
		w.Header().Set(http.TrailerPrefix+"X-More", "1")
	},
	"ReadFrom": func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, strings.NewReader(strings.Repeat("abc", 5000)))
	},
	"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other?x=1", http.StatusFound) },
	"error":    func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no <such>", 404) },
	"content": func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "a.txt", epoch, strings.NewReader("0123456789"))
	},
	"bad header": func(w http.ResponseWriter, r *http.Request) {
		w.Header()["B ad"] = []string{"x"}
		w.Header().Set("X", "a\r\nY: b")
	},
	"echo": func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body); fmt.Fprint(w, " ", r.ContentLength) },
	"request": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Method, r.URL, r.URL.Query(), r.Form == nil, r.Proto)
	},
	"form": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.FormValue("q"), r.PostFormValue("a")) },
	"default header": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-In"), r.Host, r.Header["Host"])
	},
}

var epoch = time.Unix(1758522618, 0)

func TestHTTPHandlerLikeNetHTTP(t *testing.T) {
	for name, h := range handlers {
		server := httptest.NewUnstartedServer(h)
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.Start()
		for _, method := range []string{"GET", "POST", "HEAD"} {
			newRequest := func(base string) *http.Request {
				var body io.Reader
				if method == "POST" {
					body = strings.NewReader("a=b+c&ü")
				}
				r, err := http.NewRequest(method, base+"/a%2Fb/c?q=1&q=%20x", body)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("X-In", "in")
				r.Header.Set("Accept", "image/png")
				r.Header.Set("Accept-Encoding", "identity")
				r.Header.Set("User-Agent", "test")
				if body != nil {
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				}
				r.Host = "shop.example"
				return r
			}
			client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			res, err := client.Do(newRequest(server.URL))
			for range 5 { // a server may reset a connection with a body that it has not read
				if err == nil {
					break
				}
				res, err = client.Do(newRequest(server.URL))
			}
			if err != nil {
				t.Fatal(err)
			}
			want, _ := io.ReadAll(res.Body)
			res.Body.Close()
			for _, n := range []string{"Date", "Content-Length", "Connection", "Link", "Trailer"} {
				res.Header.Del(n)
			}
			for _, front := range fronts {
				r := newRequest("")
				r.RequestURI, r.Proto = "", "HTTP/1.1"
				if r.Body != nil {
					r.ContentLength = int64(len("a=b+c&ü"))
				}
				got := send(t, front, HTTPHandler(h), "", r)
				got.Header.Del("Link")
				if res.Header.Get("Content-Type") == "" {
					got.Header.Del("Content-Type") // the front's own default
				}
				if res.Header.Get("Vary") == "" {
					got.Header.Del("Vary")
				}
				wantBody := string(want)
				if front == gateway.HTTPv2 { // decodes the path
					wantBody = strings.ReplaceAll(wantBody, "/a%2Fb/c", "/a/b/c")
				}
				if front == gateway.REST && name == "request" { // hands over a decoded query
					wantBody = strings.ReplaceAll(wantBody, "%20x", "+x")
				}
				if front == gateway.HTTPv1 && name == "request" {
					wantBody = strings.ReplaceAll(wantBody, "%20x", "+x")
				}
				if front == gateway.ALB && (name == "request") {
					wantBody = strings.ReplaceAll(strings.ReplaceAll(wantBody, "q=1&q", "q"), "[1  x]", "[ x]")
				}
				if front == gateway.ALB && name == "form" {
					wantBody = strings.Replace(wantBody, "1", " x", 1)
				}
				if front == gateway.REST && strings.HasPrefix(name, "encoded is") {
					continue // base64 on an API whose binary types don't match
				}
				gotHeader := got.Header
				if front == gateway.ALB { // has the cookies in the order of a map
					gotHeader = gotHeader.Clone()
					if len(gotHeader["Set-Cookie"]) != len(res.Header["Set-Cookie"]) {
						t.Errorf("%s %s, %v: cookies %v", method, name, front, gotHeader)
					}
					gotHeader["Set-Cookie"] = res.Header["Set-Cookie"]
					if gotHeader["Set-Cookie"] == nil {
						delete(gotHeader, "Set-Cookie")
					}
				}
				if got.Status != res.StatusCode || string(got.Body) != wantBody || !reflect.DeepEqual(gotHeader, res.Header) {
					t.Errorf("%s %s, %v:\n%d %v %.200q\nnet/http:\n%d %v %.200q", method, name, front, got.Status, got.Header, got.Body, res.StatusCode, res.Header, wantBody)
				}
			}
		}
		server.Close()
	}
}

func TestHTTPHandlerAbort(t *testing.T) {
	logged := captureLog(t)
	for _, front := range fronts {
		a := send(t, front, HTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte("partial"))
			panic(http.ErrAbortHandler)
		})), "", httptest.NewRequest("GET", "/", nil))
		if a.Status != 500 || string(a.Body) != `{"message":"Internal Server Error"}` {
			t.Errorf("%v: %d %s", front, a.Status, a.Body)
		}
	}
	if logged.String() != "" {
		t.Errorf("logged %s", logged)
	}
	a := send(t, gateway.HTTPv2, HTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("partial"))
		panic("boom")
	})), "", httptest.NewRequest("GET", "/", nil))
	if a.Status != 500 || strings.Contains(string(a.Body), "partial") || !strings.Contains(logged.String(), "boom") {
		t.Errorf("%d %s, logged %s", a.Status, a.Body, logged)
	}
	a = send(t, gateway.HTTPv2, HTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusSwitchingProtocols)
	})), "", httptest.NewRequest("GET", "/", nil))
	if a.Status != 500 {
		t.Errorf("101: %d", a.Status)
	}
}

// A handler that writes after it has returned must not reach another answer.
func TestHTTPHandlerLateWrite(t *testing.T) {
	var kept http.ResponseWriter
	inv := HTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if kept != nil {
			if n, err := kept.Write([]byte("late")); n != 0 || err == nil {
				t.Errorf("a late write: %d, %v", n, err)
			}
		}
		kept = w
		io.WriteString(w, "own")
	}))
	for range 3 {
		if a := send(t, gateway.HTTPv2, inv, "", httptest.NewRequest("GET", "/", nil)); string(a.Body) != "own" {
			t.Errorf("body %q", a.Body)
		}
	}
}

func TestHTTPHandlerCompresses(t *testing.T) {
	page := strings.Repeat("<p>text</p>\n", 500)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, page) })
	for _, front := range fronts {
		for _, c := range []struct {
			opts   []Option
			packed bool
		}{
			{nil, front != gateway.REST}, {[]Option{BinaryMediaTypes("image/*")}, true}, {[]Option{CompressMin(-1)}, false}, {[]Option{CompressMin(1 << 20)}, false},
		} {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Accept-Encoding", "gzip")
			r.Header.Set("Accept", "image/avif,*/*")
			a := send(t, front, HTTPHandler(h, c.opts...), "", r)
			body := a.Body
			if a.Header.Get("Content-Encoding") == "gzip" {
				z, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				body, _ = io.ReadAll(z)
			}
			if packed := a.Header.Get("Content-Encoding") == "gzip"; packed != c.packed || string(body) != page {
				t.Errorf("%v: packed %v, want %v: %.50q", front, packed, c.packed, body)
			}
		}
	}
}

func TestEndpointOnMux(t *testing.T) {
	type get struct {
		ID   int      `path:"id"`
		Tags []string `query:"tag"`
	}
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", Endpoint(func(_ context.Context, g get) (created, error) {
		if g.ID == 404 {
			return created{}, &notFoundError{"404"}
		}
		return created{ID: g.ID + len(g.Tags), status: 203}, nil
	}))
	mux.Handle("POST /orders", Endpoint(greet, DisallowUnknownFields()))
	mux.Handle("GET /picture", Endpoint(func(context.Context, struct{}) (picture, error) { return picture("\x89PNG"), nil }))
	mux.Handle("GET /gone", Endpoint(func(context.Context, struct{}) (created, error) { return created{status: 204}, nil }))
	mux.Handle("GET /panic", Endpoint(func(context.Context, struct{}) (answer, error) { panic("x") }))
	mux.Handle("GET /bad", Endpoint(func(context.Context, struct {
		A []int `path:"a"`
	}) (answer, error) {
		return answer{}, nil
	}))
	inv := HTTPHandler(mux)
	logged := captureLog(t)
	for _, c := range []struct {
		r      *http.Request
		status int
		body   string
		log    string
	}{
		{httptest.NewRequest("GET", "/orders/40?tag=a&tag=b", nil), 203, `{"id":42}`, ""},
		{httptest.NewRequest("GET", "/orders/x", nil), 400, `{"message":"path parameter \"id\": an integer from -9223372036854775808 to 9223372036854775807 is expected"}`, ""},
		{httptest.NewRequest("GET", "/orders/404", nil), 404, `{"message":"no order 404"}`, ""},
		{httptest.NewRequest("DELETE", "/orders/1", nil), 405, "Method Not Allowed\n", ""},
		{post("/orders", `{"name":"x"}`), 200, `{"text":"hello x"}`, ""},
		{post("/orders", `{"nom":"x"}`), 400, `{"message":"invalid JSON of member \"nom\" at offset 7: a member of this name is not known"}`, ""},
		{post("/orders", ``), 400, `{"message":"a body in JSON is needed"}`, ""},
		{header(post("/orders", `x`), "Content-Type", "text/plain"), 415, `{"message":"the Content-Type of the body must be application/json in UTF-8"}`, ""},
		{header(httptest.NewRequest("GET", "/picture", nil), "Accept", "image/png"), 200, "\x89PNG", ""},
		{httptest.NewRequest("GET", "/gone", nil), 204, "", ""},
		{httptest.NewRequest("GET", "/panic", nil), 500, `{"message":"Internal Server Error"}`, "panic contained"},
		{httptest.NewRequest("GET", "/bad", nil), 500, `{"message":"Internal Server Error"}`, "cannot be set from text"},
	} {
		var sent []byte
		if c.r.Body != nil {
			sent, _ = io.ReadAll(c.r.Body)
		}
		for _, front := range fronts {
			if front == gateway.ALB && strings.Contains(c.r.URL.RawQuery, "tag=a&") {
				continue // keeps the last one only
			}
			logged.Reset()
			c.r.Body = io.NopCloser(bytes.NewReader(sent))
			c.r.ContentLength = int64(len(sent))
			a := send(t, front, inv, "", c.r)
			if a.Status != c.status || string(a.Body) != c.body {
				t.Errorf("%v, %s %s: %d %s, want %d %s", front, c.r.Method, c.r.URL, a.Status, a.Body, c.status, c.body)
			}
			if (c.log == "") != (logged.String() == "") || !strings.Contains(logged.String(), c.log) {
				t.Errorf("%s: logged %q, want %q", c.r.URL, logged, c.log)
			}
		}
		// And without Lambda.
		c.r.Body = io.NopCloser(bytes.NewReader(sent))
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, c.r)
		if w.Code != c.status || w.Body.String() != c.body {
			t.Errorf("net/http, %s %s: %d %s, want %d %s", c.r.Method, c.r.URL, w.Code, w.Body, c.status, c.body)
		}
	}
	large := httptest.NewRequest("POST", "/orders", io.LimitReader(zeros{}, gateway.MaxRequest+1))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, large)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("11 MB: %d %s", w.Code, w.Body)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// The path parameters of API Gateway are path values without a mux.
func TestHTTPHandlerPathValues(t *testing.T) {
	inv := HTTPHandler(Endpoint(func(_ context.Context, in struct {
		ID string `path:"id"`
	}) (string, error) {
		return in.ID, nil
	}))
	for _, front := range []gateway.Front{gateway.REST, gateway.HTTPv1, gateway.HTTPv2} {
		config := edge.Config{Front: front, Route: "/o/{id}", Stage: "prod"}
		r := httptest.NewRequest("GET", "/o/a%20b", nil)
		event, err := config.AppendEvent(nil, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		out, err := inv.Invoke(t.Context(), event)
		if a := config.Answer(r, out, err != nil); string(a.Body) != `"a b"` {
			t.Errorf("%v: %d %s %v", front, a.Status, a.Body, err)
		}
	}
}
