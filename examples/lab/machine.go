package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// machine is this one, as far as it tells.
func machine() result.Machine {
	m := result.Machine{CPU: "unknown", Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	if model := procValue("/proc/cpuinfo", "model name"); model != "" {
		m.CPU = model
	}
	if kb, err := strconv.ParseInt(strings.TrimSuffix(procValue("/proc/meminfo", "MemTotal"), " kB"), 10, 64); err == nil {
		m.Memory = kb << 10
	}
	return m
}

// procValue is the first value with that name in a file of Linux's /proc; empty
// if there is none.
func procValue(file, name string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
