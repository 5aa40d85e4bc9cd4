package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"
)

// prices are USD per GB-second by region, then architecture. The region
// "default" stands for all that are not named.
type prices map[string]map[string]float64

// listPrices are those of most regions, for the first tier of usage, without
// ephemeral storage beyond 512 MB. https://aws.amazon.com/lambda/pricing/
var listPrices = prices{"default": {"x86_64": 0.0000166667, "arm64": 0.0000133334}}

// perRequest is the price of a request in USD, the same at every size.
const perRequest = 0.20 / 1e6

func loadPrices(file string) (prices, error) {
	if file == "" {
		return listPrices, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var p prices
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("-prices %s: %w", file, err)
	}
	for region, byArch := range p {
		for arch, usd := range byArch {
			if !(usd > 0 && usd < 1) {
				return nil, fmt.Errorf("-prices %s: %s %s is %v, want USD per GB-second, more than 0 and less than 1", file, region, arch, usd)
			}
		}
	}
	return p, nil
}

// of returns the price of a GB-second and the region that it is listed for.
func (p prices) of(region, arch string) (usd float64, listed string, err error) {
	for _, r := range []string{region, "default"} {
		if usd, ok := p[r][arch]; ok {
			return usd, r, nil
		}
	}
	if usd, ok := listPrices["default"][arch]; ok {
		return usd, "default", nil
	}
	return 0, "", fmt.Errorf("no price for %s in %s; give one with -prices", arch, region)
}

// cost is that of one invocation in USD: its duration rounded up to 1 ms, times
// memory in GB (1,024 MB), times the price, and the request.
func cost(d time.Duration, memory int, gbSecond float64) float64 {
	ms := math.Ceil(float64(d) / float64(time.Millisecond))
	return ms/1000*float64(memory)/1024*gbSecond + perRequest
}
