package httpclient

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// cacheControl is what a Cache-Control header says (RFC 9111, 5.2; RFC 5861, 4).
// A duration is negative where the directive is absent.
type cacheControl struct {
	noStore, noCache, private, public, mustRevalidate bool
	maxAge, sMaxAge, minFresh, staleIfError           time.Duration
}

// parseCacheControl reads the directives it knows. Of contradicting ones, the
// more restrictive counts; no-cache and private with field names are taken for
// the whole answer, which is allowed.
func parseCacheControl(h http.Header) cacheControl {
	c := cacheControl{maxAge: -1, sMaxAge: -1, minFresh: -1, staleIfError: -1}
	shorter := func(d *time.Duration, value string) {
		if v := seconds(value); *d < 0 || v < *d {
			*d = v
		}
	}
	for _, line := range h["Cache-Control"] {
		for line != "" {
			var name, value string
			name, value, line = cutDirective(line)
			switch strings.ToLower(name) {
			case "no-store":
				c.noStore = true
			case "no-cache":
				c.noCache = true
			case "private":
				c.private = true
			case "public":
				c.public = true
			case "must-revalidate", "proxy-revalidate":
				c.mustRevalidate = true
			case "max-age":
				shorter(&c.maxAge, value)
			case "s-maxage":
				shorter(&c.sMaxAge, value)
			case "stale-if-error":
				shorter(&c.staleIfError, value)
			case "min-fresh":
				c.minFresh = max(c.minFresh, seconds(value))
			}
		}
	}
	return c
}

// cutDirective cuts the first directive off a list. Commas within quotes do not
// separate.
func cutDirective(line string) (name, value, rest string) {
	end, quoted := len(line), false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			end = i
		}
		if end < len(line) {
			rest = line[end+1:]
			break
		}
	}
	name, value, _ = strings.Cut(line[:end], "=")
	return strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"`), rest
}

// seconds reads a number of seconds. One that is too large counts as the largest,
// what is no number as 0, which is to say stale.
func seconds(s string) time.Duration {
	const most = 1<<31 - 1
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > most {
		n = most
	}
	return time.Duration(n) * time.Second
}
