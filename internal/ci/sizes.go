package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// checkSizes builds the small programs of testdata/sizes as a function is
// shipped and compares them with the budgets in testdata/sizes/budgets.txt. It
// prints in the format of benchmarks, for internal/bench.
func checkSizes(h *house) error {
	base := filepath.Join(h.root, "internal", "ci", "testdata", "sizes")
	f, err := os.Open(filepath.Join(base, "budgets.txt"))
	if err != nil {
		return err
	}
	defer f.Close()
	tmp, err := os.MkdirTemp("", "sizes")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)

	sizes := map[string]float64{"nothing": 0} // MB by program
	ok := true
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 {
			return fmt.Errorf("budgets.txt: %q is not «program over MB»", line)
		}
		program, over := fields[0], fields[1]
		limit, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			return fmt.Errorf("budgets.txt: %s: %w", program, err)
		}
		from, known := sizes[over]
		if !known {
			return fmt.Errorf("budgets.txt: %s is compared with %s, which stands below it or nowhere", program, over)
		}
		bin := filepath.Join(tmp, program)
		_, err = run(h.root, []string{"GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0"}, "go", "build",
			"-buildvcs=false", "-tags=lambda.norpc", "-trimpath", "-ldflags=-s -w", "-o", bin, filepath.Join(base, program))
		if err != nil {
			return err
		}
		info, err := os.Stat(bin)
		if err != nil {
			return err
		}
		mb := float64(info.Size()) / 1e6
		sizes[program] = mb
		fmt.Printf("BenchmarkSize/%-20s 1 %7.3f MB %7.3f MB-over %6.2f MB-budget\n", program+"/over="+over, mb, mb-from, limit)
		if mb-from > limit {
			ok = false
		}
	}
	if !ok {
		return errors.New("a program is over its budget")
	}
	return nil
}
