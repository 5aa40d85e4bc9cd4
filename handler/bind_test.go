package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/gateway"
	"github.com/lambdatune/lambdatune/internal/jsonscan"
)

type Deep struct {
	Trace string `header:"X-Trace" json:"trace"`
	Note  string `json:"note"`
}

type Auth struct {
	Deep
	Tenant string   `header:"X-Tenant" json:"tenant"`
	Roles  []string `header:"X-Roles"`
}

type unexported struct {
	Page *int `query:"page"`
}

type paging struct {
	Limit int    `query:"limit"`
	Sort  string `json:"sort"`
}

type guarded struct {
	Auth
	unexported
	ID     int64           `path:"id" json:"identifier"`
	Filter paging          `json:"filter"`
	Opt    *paging         `json:"opt"`
	Hidden string          `query:"h" json:"-"`
	Any    json.RawMessage `json:"any"`
	Name   string          `json:"name"`
}

type guardedPointer struct {
	*Auth
	Name string `json:"name"`
}

// evil are bodies that reach for every tagged field there is.
var evil = []string{
	`{"tenant":"evil","TENANT":"evil","tEnAnT":"evil","name":"n"}`,
	`{"Tenant":"evil","Roles":["evil"],"roles":["evil"],"page":666,"Page":666,"trace":"evil","Trace":"evil","name":"n"}`,
	`{"identifier":666,"IDENTIFIER":666,"ID":666,"id":666,"name":"n"}`,
	`{"filter":{"Limit":666,"limit":666,"LIMIT":666,"sort":"s"},"opt":{"limit":666},"name":"n"}`,
	`{"Auth":{"Tenant":"evil"},"Deep":{"Trace":"evil"},"unexported":{"Page":666},"name":"n"}`,
	`{"Hidden":"evil","hidden":"evil","h":"evil","-":"evil","name":"n"}`,
	`{"tenant":"evil","name":"n","tenant":"evil"}`,
	`{"tena\u006et":"evil","\u0054enant":"evil","name":"n"}`,
	`{"tenant":{"a":"evil"},"page":"evil","roles":666,"name":"n"}`,
	"{\"\u212aind\":1,\"ro\u0142es\":[\"evil\"],\"role\u017f\":[\"evil\"],\"name\":\"n\"}",
}

func TestBodyNeverSetsTaggedFields(t *testing.T) {
	for _, body := range evil {
		for _, with := range []bool{false, true} {
			r := post("/shops/7", body)
			want := guarded{ID: 7, Name: "n"}
			if with {
				r = post("/shops/7?page=3&limit=5&h=hid", body)
				r.Header.Set("X-Tenant", "blue")
				r.Header.Set("X-Roles", "a, b")
				page := 3
				want.Tenant, want.Roles, want.Page, want.Hidden = "blue", []string{"a", "b"}, &page, "hid"
				want.Filter.Limit = 5
			}
			for _, front := range fronts {
				var got guarded
				inv := HTTP(func(_ context.Context, g guarded) (any, error) { got = g; return nil, nil }, Route("/shops/{id}"))
				r.Body = httptest.NewRequest("POST", "/", strings.NewReader(body)).Body
				a := send(t, front, inv, "/shops/{id}", r)
				if a.Status != 200 {
					t.Errorf("%v, %s: %d %s", front, body, a.Status, a.Body)
					continue
				}
				if strings.Contains(body, "filter") {
					want.Filter.Sort, want.Opt = "s", &paging{}
				}
				if with {
					want.Opt = &paging{Limit: 5} // what the request has is set
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%v, %s:\n%+v, want\n%+v", front, body, got, want)
				}
			}
			// The same through a mux.
			r.Body = httptest.NewRequest("POST", "/", strings.NewReader(body)).Body
			r.SetPathValue("id", "7")
			var got guarded
			w := httptest.NewRecorder()
			Endpoint(func(_ context.Context, g guarded) (any, error) { got = g; return nil, nil }).ServeHTTP(w, r)
			if w.Code != 200 || !reflect.DeepEqual(got, want) {
				t.Errorf("Endpoint, %s: %d %s\n%+v, want\n%+v", body, w.Code, w.Body, got, want)
			}
		}
	}
	// A body leaves no trace in a pointer either.
	var got guardedPointer
	inv := HTTP(func(_ context.Context, g guardedPointer) (any, error) { got = g; return nil, nil })
	if a := send(t, gateway.HTTPv2, inv, "", post("/", evil[0])); a.Status != 200 || got.Auth != nil || got.Name != "n" {
		t.Errorf("%d %s: %+v", a.Status, a.Body, got)
	}
	// What is not an HTTP body sets it.
	var in guarded
	if _, err := JSON(func(_ context.Context, g guarded) (any, error) { in = g; return nil, nil }).Invoke(t.Context(),
		[]byte(`{"tenant":"blue","Roles":["a"],"page":3,"identifier":7,"name":"n","filter":{"limit":1}}`)); err != nil ||
		in.Tenant != "blue" || in.Roles[0] != "a" || *in.Page != 3 || in.ID != 7 || in.Filter.Limit != 1 {
		t.Errorf("JSON: %+v, %v", in, err)
	}
}

// A field without a tag that shares a name with a tagged one belongs to the body.
func TestBindSharedName(t *testing.T) {
	type in struct {
		Tenant string `header:"X-Tenant" json:"t"`
		T      string `json:"T"`
	}
	var got in
	inv := HTTP(func(_ context.Context, i in) (any, error) { got = i; return nil, nil })
	for body, want := range map[string]in{`{"T":"body"}`: {"", "body"}, `{"t":"evil","T":"body"}`: {"", "body"}, `{"t":5,"T":"body"}`: {"", ""}} {
		a := send(t, gateway.HTTPv2, inv, "", post("/", body))
		if got.Tenant != "" || (a.Status == 200 && got != want) {
			t.Errorf("%s: %d %+v, want %+v", body, a.Status, got, want)
		}
		got = in{}
	}
}

type selfMade struct {
	Tenant string `header:"X-Tenant"`
	Name   string
}

func (s *selfMade) UnmarshalJSON(b []byte) error {
	s.Tenant, s.Name = "evil", string(b)
	return nil
}

func TestBindUnmarshaler(t *testing.T) {
	inv := HTTP(func(_ context.Context, s selfMade) (selfMade, error) { return s, nil })
	if a := send(t, gateway.ALB, inv, "", post("/", `[1]`)); string(a.Body) != `{"Tenant":"","Name":"[1]"}` {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

type node struct {
	Next *node
	V    int
}

type taggedNode struct {
	Next *taggedNode
	V    int `query:"v"`
}

func TestBindRecursiveTypes(t *testing.T) {
	if _, err := bindingOf(reflect.TypeFor[node]()); err != nil {
		t.Error(err)
	}
	if _, err := bindingOf(reflect.TypeFor[struct{ A []node }]()); err != nil {
		t.Error(err)
	}
	// The body reaches deeper ones by their name, so it must be refused.
	if _, err := bindingOf(reflect.TypeFor[taggedNode]()); err == nil {
		t.Error("a recursive type with tags is accepted")
	}
}

// FuzzHidden: what is cut out of a body leaves a valid one, with all members
// but those, and the fields stay as they were.
func FuzzHidden(f *testing.F) {
	for _, body := range evil {
		f.Add([]byte(body))
	}
	f.Add([]byte(` { "tenant" : 1 , "a" : [ ] , "tenant":2,"tenant":3 } `))
	f.Add([]byte(`{"filter":{"limit":1,"limit":2},"filter":{"a":1,"limit":2}}`))
	b, err := bindingOf(reflect.TypeFor[guarded]())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var in guarded
		err := b.decodeBody(decoder{}, body, &in)
		if err == nil {
			if err := b.bind(&httpParameters{Request: httptest.NewRequest("GET", "/", nil)}, reflect.ValueOf(&in)); err == nil {
				t.Fatal("the path parameter is not missing")
			}
			if in.Tenant != "" || in.Trace != "" || in.Roles != nil || in.Page != nil {
				t.Fatalf("%q sets %+v", body, in)
			}
		}
		out, cut := b.withoutHidden(body)
		if !cut {
			if !bytes.Equal(out, body) {
				t.Fatalf("%q changed to %q", body, out)
			}
			return
		}
		if err := jsonscan.Valid(out); err != nil {
			t.Fatalf("%q becomes %q: %v", body, out, err)
		}
		if again := b.cuts(out); len(again) > 0 {
			t.Fatalf("%q becomes %q, which has more", body, out)
		}
		var before, after map[string]json.RawMessage
		if json.Unmarshal(body, &before) != nil || json.Unmarshal(out, &after) != nil {
			return
		}
		for name := range before {
			known := false
			for _, h := range b.hidden {
				known = known || strings.EqualFold(h[0], name)
			}
			if _, ok := after[name]; !ok && !known {
				t.Fatalf("%q becomes %q: %q is lost", body, out, name)
			}
		}
	})
}
