package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// payloads are the events to invoke with, by weight.
type payloads []payload

type payload struct {
	file   string
	weight int
	body   []byte
}

func (p *payloads) String() string { return "" }

// Set adds FILE or FILE@WEIGHT, a flag.Value.
func (p *payloads) Set(arg string) error {
	file, weight := arg, 1
	if i := strings.LastIndexByte(arg, '@'); i >= 0 {
		n, err := strconv.Atoi(arg[i+1:])
		if err != nil || n < 1 || n > 1000 {
			return fmt.Errorf("the weight %q is not a whole number from 1 to 1000", arg[i+1:])
		}
		file, weight = arg[:i], n
	}
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !json.Valid(body) {
		return fmt.Errorf("%s is not JSON, which an event must be", file)
	}
	*p = append(*p, payload{file, weight, body})
	return nil
}

// sequence returns the n payloads to send, each in proportion to its weight and
// spread evenly.
func (p payloads) sequence(n int) [][]byte {
	if len(p) == 0 {
		p = payloads{{weight: 1, body: []byte("{}")}}
	}
	total := 0
	for _, e := range p {
		total += e.weight
	}
	credit := make([]int, len(p))
	out := make([][]byte, n)
	for i := range out {
		best := 0
		for j, e := range p {
			credit[j] += e.weight
			if credit[j] > credit[best] {
				best = j
			}
		}
		credit[best] -= total
		out[i] = p[best].body
	}
	return out
}
