package runtimeapi

import (
	"fmt"
	"regexp"
	"time"
)

// Config is a function's configuration, as the service has it. The zero value
// is ready to use.
type Config struct {
	// Name is the function's name: letters, digits, hyphens and underscores,
	// at most 64. Empty means "function".
	Name string
	// Version is the published version that runs. Empty means "$LATEST".
	Version string
	// Region is where the function believes it runs. Empty means AWS_REGION of
	// this process, else "us-east-1".
	Region string
	// MemorySize is the configured memory in MB, 128 to 10,240. Zero means
	// 128. It is told to the function, not enforced.
	MemorySize int
	// Timeout ends an invocation. Zero means 3 s, as on the service, or 15 min
	// with [Attach]; at most 15 min.
	Timeout time.Duration
	// InitTimeout is how long INIT may take before it is done again within the
	// invocation. Zero means 10 s, as on the service, or with MaxConcurrency
	// the larger of 130 s and Timeout.
	InitTimeout time.Duration
	// Concurrency is how many environments may exist. Zero means 10; at most
	// 1,000.
	Concurrency int
	// MaxConcurrency is how many invocations one environment is given at a
	// time. Above 1 it is passed as AWS_LAMBDA_MAX_CONCURRENCY, as on Lambda
	// Managed Instances. Zero means 1; at most 1,600.
	MaxConcurrency int
	// Freeze stops an environment's processes between invocations (SIGSTOP),
	// as the service freezes them. It needs an operating system with signals:
	// Linux or macOS.
	Freeze bool
	// IdleTimeout shuts an environment down that was not used for so long.
	// Zero means never.
	IdleTimeout time.Duration
	// Observe, if not nil, receives everything that happens, one call at a
	// time. It must not block for long and must not call the [Function].
	Observe func(Event)
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

const (
	maxTimeout        = 15 * time.Minute
	maxEnvironments   = 1000
	maxMaxConcurrency = 1600 // 64 per vCPU on a Managed Instance
)

func (c *Config) complete(p Program) error {
	if p == nil {
		return fmt.Errorf("runtimeapi: the program to run is nil")
	}
	if c.Name == "" {
		c.Name = "function"
	}
	if !namePattern.MatchString(c.Name) {
		return fmt.Errorf("runtimeapi: function name %q: want 1 to 64 letters, digits, hyphens or underscores", c.Name)
	}
	if c.Version == "" {
		c.Version = "$LATEST"
	}
	if c.Region == "" {
		c.Region = defaultRegion()
	}
	if c.MemorySize == 0 {
		c.MemorySize = 128
	}
	if c.MemorySize < 128 || c.MemorySize > 10240 {
		return fmt.Errorf("runtimeapi: memory size %d MB: want 128 to 10240", c.MemorySize)
	}
	if _, attached := p.(*attach); c.Timeout == 0 && attached {
		c.Timeout = maxTimeout
	}
	if c.Timeout == 0 {
		c.Timeout = 3 * time.Second
	}
	if c.Timeout < 0 || c.Timeout > maxTimeout {
		return fmt.Errorf("runtimeapi: timeout %v: want more than 0 and at most %v", c.Timeout, maxTimeout)
	}
	if c.InitTimeout == 0 && c.MaxConcurrency > 1 {
		c.InitTimeout = max(130*time.Second, c.Timeout)
	}
	if c.InitTimeout == 0 {
		c.InitTimeout = 10 * time.Second
	}
	if c.InitTimeout < 0 {
		return fmt.Errorf("runtimeapi: INIT timeout %v: want more than 0", c.InitTimeout)
	}
	if c.Concurrency == 0 {
		c.Concurrency = 10
	}
	if c.Concurrency < 1 || c.Concurrency > maxEnvironments {
		return fmt.Errorf("runtimeapi: concurrency %d: want 1 to %d environments", c.Concurrency, maxEnvironments)
	}
	if c.MaxConcurrency == 0 {
		c.MaxConcurrency = 1
	}
	if c.MaxConcurrency < 1 || c.MaxConcurrency > maxMaxConcurrency {
		return fmt.Errorf("runtimeapi: max concurrency %d: want 1 to %d invocations per environment", c.MaxConcurrency, maxMaxConcurrency)
	}
	if c.Freeze && !canFreeze {
		return fmt.Errorf("runtimeapi: this operating system cannot freeze processes")
	}
	if c.IdleTimeout < 0 {
		return fmt.Errorf("runtimeapi: idle timeout %v: want 0 (never) or more", c.IdleTimeout)
	}
	return nil
}
