package httpclient

import (
	"container/list"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"time"
)

// A store keeps entries within a number of bytes.
type store struct {
	max, most int64 // in all, and of one entry

	mu    sync.Mutex
	used  int64
	order *list.List // of *entry, the most recently used in front
	byKey map[string][]*list.Element
}

func newStore(maxBytes int64) *store {
	return &store{max: maxBytes, most: maxBytes / 4, order: list.New(), byKey: make(map[string][]*list.Element)}
}

// An entry is a stored answer. It is immutable once it is in the store.
type entry struct {
	key          string
	vary         map[string][]string // the request's values of the headers that Vary names
	header       http.Header
	body         []byte
	uncompressed bool
	control      cacheControl
	received     time.Time
	age          time.Duration // when it was received
	lifetime     time.Duration // for which it is fresh, from its origin on
}

// entryOverhead is roughly what an entry takes beyond its texts.
const entryOverhead = 512

func newEntry(key string, req *http.Request, resp *http.Response, asked, received time.Time) *entry {
	e := &entry{
		key: key, header: resp.Header.Clone(), uncompressed: resp.Uncompressed,
		control: parseCacheControl(resp.Header), received: received, vary: make(map[string][]string),
	}
	for _, name := range varyNames(resp.Header) {
		e.vary[name] = slices.Clone(req.Header[name])
	}
	// RFC 9111, 4.2.3 and 4.2.1.
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		date = received
	}
	e.age = max(0, received.Sub(date), seconds(resp.Header.Get("Age"))+max(0, received.Sub(asked)))
	switch expires := resp.Header.Get("Expires"); {
	case e.control.sMaxAge >= 0:
		e.lifetime = e.control.sMaxAge
	case e.control.maxAge >= 0:
		e.lifetime = e.control.maxAge
	case expires != "":
		if at, err := http.ParseTime(expires); err == nil {
			e.lifetime = max(0, at.Sub(date))
		}
	}
	return e
}

func (e *entry) size() int64 {
	n := entryOverhead + len(e.key) + len(e.body)
	for _, h := range []map[string][]string{e.header, e.vary} {
		for name, values := range h {
			n += len(name)
			for _, v := range values {
				n += len(v) + 16
			}
		}
	}
	return int64(n)
}

// matches reports whether the entry is an answer to req.
func (e *entry) matches(req *http.Request) bool {
	for name, values := range e.vary {
		if !slices.Equal(values, req.Header[name]) {
			return false
		}
	}
	return true
}

// usable reports whether the entry may answer req in place of the server, and
// how old it is.
func (e *entry) usable(req *http.Request, now time.Time) (age time.Duration, ok bool) {
	resident := now.Sub(e.received)
	if resident < 0 {
		return 0, false // the clock went back: its age is not known
	}
	age = e.age + resident
	asks := parseCacheControl(req.Header)
	if len(req.Header["Cache-Control"]) == 0 && req.Header.Get("Pragma") == "no-cache" {
		asks.noCache = true
	}
	switch {
	case e.control.noCache, asks.noCache, asks.noStore:
		return age, false
	case age <= e.lifetime:
		return age, (asks.maxAge < 0 || age <= asks.maxAge || age <= asks.staleIfError) &&
			(asks.minFresh < 0 || e.lifetime-age >= asks.minFresh)
	case e.control.mustRevalidate, e.control.sMaxAge >= 0, asks.minFresh >= 0,
		asks.maxAge >= 0 && age > asks.maxAge && asks.staleIfError < 0:
		return age, false
	}
	return age, age-e.lifetime <= max(e.control.staleIfError, asks.staleIfError)
}

// find returns the stored answer to req, or nil.
func (s *store) find(key string, req *http.Request, now time.Time) *http.Response {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, el := range s.byKey[key] {
		e := el.Value.(*entry)
		if !e.matches(req) {
			continue
		}
		if age, ok := e.usable(req, now); ok {
			s.order.MoveToFront(el)
			return e.response(req, age)
		}
	}
	return nil
}

// add stores e in place of what answered the same requests.
func (s *store) add(e *entry) {
	if e.size() > s.most {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, el := range slices.Clone(s.byKey[e.key]) {
		if old := el.Value.(*entry); sameVariant(old, e) {
			s.dropLocked(el)
		}
	}
	s.used += e.size()
	s.byKey[e.key] = append([]*list.Element{s.order.PushFront(e)}, s.byKey[e.key]...)
	for s.used > s.max {
		s.dropLocked(s.order.Back())
	}
}

// sameVariant reports whether two answers of one URL differ in nothing that the
// newer one's Vary names.
func sameVariant(old, e *entry) bool {
	for name, values := range e.vary {
		if v, ok := old.vary[name]; ok && !slices.Equal(v, values) {
			return false
		}
	}
	return true
}

// remove forgets all answers of a URL.
func (s *store) remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, el := range slices.Clone(s.byKey[key]) {
		s.dropLocked(el)
	}
}

func (s *store) dropLocked(el *list.Element) {
	e := s.order.Remove(el).(*entry)
	s.used -= e.size()
	rest := slices.DeleteFunc(s.byKey[e.key], func(other *list.Element) bool { return other == el })
	if len(rest) == 0 {
		delete(s.byKey, e.key)
		return
	}
	s.byKey[e.key] = rest
}

// storable reports whether a shared cache may store an answer 200 to a GET.
func storable(req *http.Request, resp *http.Response) bool {
	asks, says := parseCacheControl(req.Header), parseCacheControl(resp.Header)
	if asks.noStore || says.noStore || says.private || len(resp.Header["Set-Cookie"]) > 0 {
		return false
	}
	if req.Header.Get("Authorization") != "" && !says.public && says.sMaxAge < 0 {
		return false
	}
	return !slices.Contains(varyNames(resp.Header), "*")
}

func varyNames(h http.Header) []string {
	var names []string
	for _, line := range h["Vary"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, textproto.CanonicalMIMEHeaderKey(name))
			}
		}
	}
	return names
}
