package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// measure runs the suite and returns its lines in the format of benchmarks.
func (s suite) measure(root, tmp string, passes int) ([]byte, error) {
	dir := filepath.Join(root, s.dir)
	if s.command != nil {
		return s.lines(dir, s.command[0], s.command[1:]...)
	}
	if s.test != "" {
		bin, err := s.build(dir, tmp, "")
		if err != nil {
			return nil, err
		}
		return s.lines(dir, bin, append([]string{"-test.v", "-test.run", s.test, "-test.timeout", "30m"}, s.args...)...)
	}
	levels := []string{""}
	if s.goamd64 {
		levels = []string{"v1", "v3"}
	}
	bins := make([]string, len(levels))
	for i, level := range levels {
		var err error
		if bins[i], err = s.build(dir, tmp, level); err != nil {
			return nil, err
		}
	}
	// All of a pass, then the next one: what is compared sees the same noise.
	var all []byte
	if s.passes > 0 {
		passes = s.passes
	}
	for range passes {
		for i, level := range levels {
			out, err := s.lines(dir, bins[i], append([]string{"-test.run", "^$", "-test.bench", s.bench, "-test.benchtime", s.benchtime}, s.args...)...)
			if err != nil {
				return nil, err
			}
			if level != "" {
				out = named.ReplaceAll(out, []byte("Benchmark"+level+"/"))
			}
			all = append(all, out...)
		}
	}
	return all, nil
}

var named = regexp.MustCompile("(?m)^Benchmark")

// build compiles the suite's test program.
func (s suite) build(dir, tmp, goamd64 string) (bin string, err error) {
	bin = filepath.Join(tmp, s.name+goamd64+".test")
	cmd := exec.Command("go", "test", "-c", "-o", bin, ".")
	cmd.Dir = dir
	if cmd.Env = os.Environ(); goamd64 != "" {
		cmd.Env = append(cmd.Env, "GOAMD64="+goamd64)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return bin, nil
}

// lines runs a command and keeps what is in the format of benchmarks.
func (s suite) lines(dir, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), s.env...)
	var out bytes.Buffer
	cmd.Stdout = io.MultiWriter(&out, os.Stdout)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	kept := benchmarkLines(out.Bytes())
	if s.read != nil {
		var err error
		if kept, err = s.read(dir); err != nil {
			return nil, err
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("%s %s: no figures", name, strings.Join(args, " "))
	}
	// What runs this command has built them, too.
	return append([]byte("go: "+runtime.Version()+"\n"), kept...), nil
}

// logged is what a test's log puts before a line.
var logged = regexp.MustCompile(`^\s+[\w.-]+\.go:\d+: `)

func benchmarkLines(out []byte) (kept []byte) {
	for line := range bytes.Lines(out) {
		line = logged.ReplaceAll(line, nil)
		for _, prefix := range []string{"goos: ", "goarch: ", "cpu: ", "pkg: ", "Benchmark"} {
			if bytes.HasPrefix(line, []byte(prefix)) && len(bytes.Fields(line)) > 1 {
				kept = append(kept, line...)
				break
			}
		}
	}
	return kept
}
