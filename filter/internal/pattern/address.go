package pattern

import (
	"strconv"
	"strings"
)

// An Address is an IP address: 4 or 16 bytes.
type Address struct {
	bytes [16]byte
	n     int
}

// ParseAddress reads an IPv4 literal of four decimal numbers (zeros before them
// mean nothing) or an IPv6 literal of hexadecimal groups, as the reference does.
// An IPv4-mapped IPv6 address is the IPv4 address.
func ParseAddress[T string | []byte](s T) (a Address, ok bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':':
			return parse6(s)
		case c == '.':
			return parse4(s)
		case c-'0' > 9 && (c|0x20 < 'a' || c|0x20 > 'f'):
			return a, false
		}
	}
	return a, false
}

func parse4[T string | []byte](s T) (a Address, ok bool) {
	if len(s) > 15 {
		return a, false
	}
	n, digits := 0, 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '.' {
			if digits == 0 || n > 255 || a.n == 4 {
				return Address{}, false
			}
			a.bytes[a.n] = byte(n)
			a.n++
			n, digits = 0, 0
			continue
		}
		if s[i]-'0' > 9 {
			return Address{}, false
		}
		n = n*10 + int(s[i]-'0')
		digits++
	}
	return a, a.n == 4
}

func parse6[T string | []byte](s T) (a Address, ok bool) {
	gap := -1 // where "::" is, in bytes of the address
	i := 0
	if len(s) < 2 {
		return a, false
	}
	if s[0] == ':' {
		if i = 1; s[1] != ':' {
			return a, false
		}
	}
	for i < len(s) {
		if s[i] == ':' {
			if gap >= 0 {
				return Address{}, false
			}
			gap = a.n
			i++
			continue
		}
		value, digits := 0, 0
		for ; i < len(s) && s[i] != ':'; i++ {
			d := hex(s[i])
			if value = value<<4 | d; d < 0 || value > 0xFFFF {
				return Address{}, false
			}
			digits++
		}
		if a.n == 16 {
			return Address{}, false
		}
		a.bytes[a.n], a.bytes[a.n+1] = byte(value>>8), byte(value)
		a.n += 2
		if i == len(s) {
			break
		}
		if i++; i == len(s) {
			return Address{}, false // one colon at the end
		}
	}
	if gap >= 0 {
		if a.n == 16 {
			return Address{}, false
		}
		tail := a.n - gap
		copy(a.bytes[16-tail:], a.bytes[gap:a.n])
		clear(a.bytes[gap : 16-tail])
		a.n = 16
	}
	if a.n != 16 {
		return Address{}, false
	}
	if [12]byte(a.bytes[:12]) == [12]byte{10: 0xFF, 11: 0xFF} {
		copy(a.bytes[:], a.bytes[12:])
		clear(a.bytes[4:])
		a.n = 4
	}
	return a, true
}

func hex(c byte) int {
	switch {
	case c-'0' <= 9:
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// A Block is a CIDR block.
type Block struct {
	base Address
	bits int
}

// ParseBlock reads a CIDR block, or says what is wrong with it.
func ParseBlock(s string) (Block, string) {
	ip, mask, ok := strings.Cut(s, "/")
	if !ok {
		return Block{}, strconv.Quote(s) + ` is not a CIDR block: write an address, "/" and the number of its mask bits`
	}
	base, ok := ParseAddress(ip)
	if !ok {
		return Block{}, strconv.Quote(ip) + " is not an IPv4 or IPv6 address"
	}
	bits, err := strconv.Atoi(mask)
	if err != nil || bits < 0 || bits > 8*base.n {
		return Block{}, strconv.Quote(mask) + " is not a number of mask bits, 0 to " + strconv.Itoa(8*base.n)
	}
	return Block{base, bits}, ""
}

// Contains reports whether a is in the block.
func (b Block) Contains(a Address) bool {
	if a.n != b.base.n {
		return false
	}
	whole := b.bits / 8
	for i := range whole {
		if a.bytes[i] != b.base.bytes[i] {
			return false
		}
	}
	rest := b.bits % 8
	return rest == 0 || (a.bytes[whole]^b.base.bytes[whole])>>(8-rest) == 0
}
