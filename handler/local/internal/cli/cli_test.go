package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/handler/local/gobuild"
)

const (
	echo    = "../functions/echo"              // in the root module
	foreign = "../../gobuild/testdata/foreign" // a module of its own
)

// binaries are those two, built once: most tests are not about building.
var binaries struct{ echo, foreign string }

// TestMain is also the command: this binary, started with LOCAL set.
func TestMain(m *testing.M) {
	if os.Getenv("LOCAL") != "" {
		os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(withBinaries(m))
}

func withBinaries(m *testing.M) int {
	dir, err := os.MkdirTemp("", "lambdatune-cli-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	for _, b := range []struct {
		dir  string
		path *string
	}{{echo, &binaries.echo}, {foreign, &binaries.foreign}} {
		*b.path = filepath.Join(dir, filepath.Base(b.dir)+".exe")
		if err := gobuild.Build(context.Background(), b.dir, *b.path); err != nil {
			panic(err)
		}
	}
	return m.Run()
}

// local runs the command and returns its exit code and what it wrote.
func local(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEvent(t *testing.T) {
	for _, c := range []struct{ name, dir, answer string }{
		{"root module", echo, `"n": 1`},
		{"foreign module", foreign, `"foreign": {`},
	} {
		t.Run(c.name, func(t *testing.T) {
			event := file(t, "event.json", "{\n\"n\": 1\n}\n")
			code, out, errs := local(t, "", "-event", event, c.dir)
			if code != 0 || errs != "" {
				t.Fatalf("exit code %d: %s", code, errs)
			}
			for _, want := range []string{
				"request  " + regexp.QuoteMeta(event) + `\n\{\n  "n": 1\n\}\n`,
				`response [0-9a-f-]{36}\n`, c.answer, `INIT      [0-9]+\.[0-9]{2} ms\n`, `duration  [0-9]+\.[0-9]{2} ms \(billed [0-9]+ ms\)`,
			} {
				if !regexp.MustCompile(want).MatchString(out) {
					t.Errorf("%s\nlacks %s", out, want)
				}
			}
		})
	}
}

func TestEventLines(t *testing.T) {
	code, out, errs := local(t, "{\"n\":1}\n{\"n\":2}\n", "-event", "-", "-json", binaries.echo)
	if code != 0 || errs != "" {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	var answers []string
	pids := 0
	for line := range strings.Lines(out) {
		var e struct {
			Type    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		switch e.Type {
		case "response":
			answers = append(answers, string(e.Payload))
		case "initStart":
			pids++
		}
	}
	if strings.Join(answers, " ") != `{"n":1} {"n":2}` || pids != 1 {
		t.Errorf("%s from %d processes", answers, pids)
	}
}

func TestRepeat(t *testing.T) {
	code, out, errs := local(t, `{}`, "-event", "-", "-repeat", "50", "-concurrency", "2", binaries.echo)
	if code != 0 || errs != "" || !strings.Contains(out, "50 invocations in ") || !strings.Contains(out, "0 errors, 0 throttles") || !strings.Contains(out, "duration ") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	code, out, _ = local(t, `{}`, "-event", "-", "-repeat", "20", "-rate", "1000", "-concurrency", "20", "-json", binaries.echo)
	if code != 0 || !strings.Contains(out, `"invocations":20`) {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken")
	os.Mkdir(broken, 0o755)
	os.WriteFile(filepath.Join(broken, "go.mod"), []byte("module example.com/broken\n\ngo 1.26\n"), 0o644)
	os.WriteFile(filepath.Join(broken, "main.go"), []byte("package main\n\nfunc main() { nowhere() }\n"), 0o644)
	good := file(t, "good.json", "{}")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	taken := ln.Addr().String()
	for _, c := range []struct {
		name string
		args []string
		code int
		want string // in the one line on standard error
	}{
		{"no function", nil, 2, "no function: want a directory"},
		{"unknown flag", []string{"-nonsense"}, 2, "-nonsense"},
		{"no such directory", []string{filepath.Join(dir, "nowhere")}, 2, "no such directory or binary"},
		{"not a main package", []string{"-event", good, "../events"}, 1, "not a main package"},
		{"build error", []string{"-event", good, broken}, 1, "undefined: nowhere"},
		{"not executable", []string{"-event", good, good}, 1, "neither a directory nor an executable file"},
		{"no event file", []string{"-event", filepath.Join(dir, "nowhere.json"), echo}, 1, "nowhere.json"},
		{"bad event", []string{"-event", file(t, "bad.json", "{\"a\":1,\n oops}"), echo}, 1, "bad.json:2:2: invalid character 'o'"},
		{"timeout out of range", []string{"-event", good, "-timeout", "1h", echo}, 2, "at most 15m0s"},
		{"memory out of range", []string{"-event", good, "-memory", "1", echo}, 2, "128 to 10240"},
		{"flag of another mode", []string{"-repeat", "3", echo}, 2, "-repeat needs -event"},
		{"two functions", []string{"-event", good, echo, foreign}, 2, "-event takes one function"},
		{"port taken", []string{"-addr", taken, echo}, 1, "address already in use"},
		{"Runtime API's port taken", []string{"-addr", "127.0.0.1:0", "-listen", taken, echo}, 1, "address already in use"},
		{"no front", []string{"-front", "soap", echo}, 2, "want one of alb, alb-multi, http, http1, rest, url"},
		{"bad route", []string{"-front", "rest", "-route", "GET orders", echo}, 2, "the path does not begin with a slash"},
		{"route to nobody", []string{"-front", "rest", "-route", "/x=nobody", echo}, 2, "no function is named nobody"},
		{"no sample", []string{"-sample", "pigeon"}, 1, "want one of alb"},
		{"same name", []string{"a=" + echo, "a=" + foreign}, 2, "two functions are named a"},
		{"bad variable", []string{"-event", good, "-env", "sesame", echo}, 2, "not NAME=VALUE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, errs := local(t, "", c.args...)
			if code != c.code || !strings.Contains(errs, c.want) || !strings.HasPrefix(errs, "local: ") {
				t.Errorf("exit code %d, %q, want %d with %q", code, errs, c.code, c.want)
			}
			if c.name != "build error" && strings.Count(errs, "\n") != 1 {
				t.Errorf("%q is not one line", errs)
			}
		})
	}
}

// A function that never asks for an invocation, or fails one, is a failure of
// the command too.
func TestFunctionErrors(t *testing.T) {
	sleeper := filepath.Join(t.TempDir(), "sleeper")
	os.Mkdir(sleeper, 0o755)
	os.WriteFile(filepath.Join(sleeper, "go.mod"), []byte("module example.com/sleeper\n\ngo 1.26\n"), 0o644)
	os.WriteFile(filepath.Join(sleeper, "main.go"), []byte("package main\n\nimport \"time\"\n\nfunc main() { time.Sleep(time.Hour) }\n"), 0o644)
	code, out, errs := local(t, "{}", "-event", "-", "-init-timeout", "100ms", "-timeout", "200ms", sleeper)
	if code != 1 || !strings.Contains(out, "INIT_REPORT Init Duration: 1") || !strings.Contains(out, "Task timed out after 0.20 seconds") ||
		!strings.Contains(errs, "function sleeper: it never asked for an invocation") || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	code, _, errs = local(t, "", "-addr", "127.0.0.1:0", "-init-timeout", "3s", sleeper)
	if code != 1 || !strings.Contains(errs, "function sleeper: INIT did not end within 3s: it never asked for an invocation") || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit code %d: %s", code, errs)
	}
}
