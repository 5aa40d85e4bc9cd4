package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	resultsFile = "results.txt"
	readmeFile  = "README.md"
)

func main() {
	only := flag.String("only", strings.Join(names(), ","), "the suites to run, separated by commas")
	passes := flag.Int("passes", 8, "how often to run each benchmark, 1 to 100")
	flag.Parse()
	if err := run(*only, *passes); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(only string, passes int) error {
	if passes < 1 || passes > 100 {
		return fmt.Errorf("-passes %d: want 1 to 100", passes)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	old, err := os.ReadFile(resultsFile)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	kept := split(old)
	tmp, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	for name := range strings.SplitSeq(only, ",") {
		if name == "" {
			continue
		}
		i := slices.IndexFunc(suites, func(s suite) bool { return s.name == name })
		if i < 0 {
			return fmt.Errorf("-only %s: there are %s", name, strings.Join(names(), ", "))
		}
		fmt.Printf("=== %s\n", name)
		start := time.Now()
		out, err := suites[i].measure(root, tmp, passes)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Printf("--- %s (%.0f s)\n", name, time.Since(start).Seconds())
		kept[name] = out
		// Kept at once: what comes later may fail.
		if err := os.WriteFile(resultsFile, join(kept), 0o644); err != nil {
			return err
		}
	}
	path := filepath.Join(root, readmeFile)
	readme, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fresh, missing := rewrite(readme, join(kept))
	if fresh != nil && !bytes.Equal(fresh, readme) {
		fmt.Println("wrote", readmeFile)
		if err := os.WriteFile(path, fresh, 0o644); err != nil {
			return err
		}
	}
	return missing
}

// split takes results.txt apart by suite, join puts it together.
func split(results []byte) map[string][]byte {
	parts := map[string][]byte{}
	name := ""
	for line := range bytes.Lines(results) {
		if s, ok := bytes.CutPrefix(line, []byte("suite: ")); ok {
			name = string(bytes.TrimSpace(s))
			continue
		}
		parts[name] = append(parts[name], line...)
	}
	return parts
}

func join(parts map[string][]byte) []byte {
	var b bytes.Buffer
	for _, name := range names() {
		if len(parts[name]) > 0 {
			fmt.Fprintf(&b, "suite: %s\n%s", name, parts[name])
		}
	}
	return b.Bytes()
}
