package reference

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	v4 = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$`)
	v6 = regexp.MustCompile(`^[0-9a-fA-F:]*:[0-9a-fA-F:]*$`)
)

// Address returns the 4 or 16 bytes of an IP address literal, "" if s is none.
// An IPv4-mapped IPv6 address is the IPv4 address.
func Address(s string) string {
	switch {
	case v4.MatchString(s) && len(s) <= 15:
		var a []byte
		for _, part := range strings.Split(s, ".") {
			n, err := strconv.Atoi(part)
			if err != nil || n > 255 {
				return ""
			}
			a = append(a, byte(n))
		}
		return string(a)
	case v6.MatchString(s):
		return address6(s)
	}
	return ""
}

func address6(s string) string {
	head, tail, gap := strings.Cut(s, "::")
	if strings.Contains(tail, "::") || gap && strings.HasPrefix(tail, ":") {
		return ""
	}
	h, ok := groups(head)
	t, ok2 := groups(tail)
	if !ok || !ok2 || !gap && len(h) != 16 || gap && len(h)+len(t) > 14 {
		return ""
	}
	a := append(h, make([]byte, 16-len(h)-len(t))...)
	a = append(a, t...)
	if strings.HasPrefix(string(a), strings.Repeat("\x00", 10)+"\xff\xff") {
		a = a[12:]
	}
	return string(a)
}

func groups(s string) (a []byte, ok bool) {
	if s == "" {
		return nil, true
	}
	for _, g := range strings.Split(s, ":") {
		n, err := strconv.ParseUint(g, 16, 64)
		if err != nil || n > 0xFFFF {
			return nil, false
		}
		a = append(a, byte(n>>8), byte(n))
	}
	return a, true
}

func cidr(s string) func(string) bool {
	ip, mask, ok := strings.Cut(s, "/")
	a := Address(ip)
	bits, err := strconv.Atoi(mask)
	if !ok || err != nil || a == "" || bits < 0 || bits > 8*len(a) {
		fail("%q is not a CIDR block", s)
	}
	return func(s string) bool {
		b := Address(s)
		if len(b) != len(a) {
			return false
		}
		for i := range bits {
			if (a[i/8]^b[i/8])>>(7-i%8)&1 != 0 {
				return false
			}
		}
		return true
	}
}
