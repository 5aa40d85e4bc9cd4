//go:build !unix

package cpulimit

func open(float64) (Limiter, error) { return nil, ErrUnsupported }
