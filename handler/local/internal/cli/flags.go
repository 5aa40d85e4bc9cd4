package cli

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// options are the command's flags and arguments.
type options struct {
	targets []target

	event  string
	repeat int
	rate   float64
	stats  bool

	config    runtimeapi.Config
	env       stringList
	buildArgs stringList
	json      bool
	quiet     bool
}

// target is a function: a directory with its main package, or its binary.
type target struct{ name, path string }

type stringList []string

func (l *stringList) String() string     { return strings.Join(*l, " ") }
func (l *stringList) Set(s string) error { *l = append(*l, s); return nil }

const usage = `usage: local [flags] [NAME=]PATH ...

Runs Lambda functions as the service does, without Docker. PATH is a directory
with a main package, in any module, or a binary. NAME defaults to the
directory's.

`

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("local", flag.ContinueOnError)
	f.SetOutput(io.Discard)

	f.StringVar(&o.event, "event", "", "invoke the function with the event, or the events one after another, in `FILE` (- for standard input), and exit")
	f.IntVar(&o.repeat, "repeat", 1, "with -event: play the events `N` times and show percentiles")
	f.Float64Var(&o.rate, "rate", 0, "with -event: start `R` invocations per second, however long they take; 0 is one after another, as many at once as -concurrency and -max-concurrency let")
	f.BoolVar(&o.stats, "stats", false, "with -event: show percentiles instead of each response")

	f.DurationVar(&o.config.Timeout, "timeout", 3*time.Second, "end an invocation after `DURATION`, at most 15m")
	f.DurationVar(&o.config.InitTimeout, "init-timeout", 0, "let INIT take `DURATION` before it is done again in the invocation (default 10s)")
	f.IntVar(&o.config.MemorySize, "memory", 128, "memory size in `MB` that the function is told, 128 to 10240; it is not enforced")
	f.IntVar(&o.config.Concurrency, "concurrency", 10, "start up to `N` environments, then throttle")
	f.IntVar(&o.config.MaxConcurrency, "max-concurrency", 1, "give each environment `N` invocations at a time (AWS_LAMBDA_MAX_CONCURRENCY)")
	f.BoolVar(&o.config.Freeze, "freeze", false, "freeze environments between invocations (SIGSTOP), as the service does")
	f.DurationVar(&o.config.IdleTimeout, "idle", 0, "shut an environment down that was not used for `DURATION`; 0 is never")
	f.StringVar(&o.config.Region, "region", "", "AWS `REGION` of the function (default AWS_REGION, or us-east-1)")
	f.Var(&o.env, "env", "set `NAME=VALUE` in the function's environment, or read such lines from @FILE; may be repeated")
	f.Var(&o.buildArgs, "build", "pass `FLAG` to go build, such as -build=-race; may be repeated")
	f.BoolVar(&o.json, "json", false, "show JSON lines, for machines")
	f.BoolVar(&o.quiet, "quiet", false, "show no REPORT lines and no summaries")

	err := f.Parse(args)
	if err == flag.ErrHelp {
		fmt.Fprint(stderr, usage)
		f.SetOutput(stderr)
		f.PrintDefaults()
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w (-h lists the flags)", err)
	}
	set := map[string]bool{}
	f.Visit(func(f *flag.Flag) { set[f.Name] = true })
	return o, o.check(f.Args(), set)
}

func (o *options) check(args []string, set map[string]bool) error {
	names := map[string]bool{}
	for _, arg := range args {
		t, err := newTarget(arg)
		if err != nil {
			return err
		}
		if names[t.name] {
			return fmt.Errorf("two functions are named %s: name one with NAME=%s", t.name, t.path)
		}
		names[t.name] = true
		o.targets = append(o.targets, t)
	}
	if len(o.targets) == 0 {
		return fmt.Errorf("no function: want a directory with a main package (-h for help)")
	}
	if o.event == "" {
		for _, name := range []string{"repeat", "rate", "stats"} {
			if set[name] {
				return fmt.Errorf("-%s needs -event", name)
			}
		}
	} else if len(o.targets) > 1 {
		return fmt.Errorf("-event takes one function, not %d", len(o.targets))
	}
	if o.repeat < 1 {
		return fmt.Errorf("-repeat %d: want 1 or more", o.repeat)
	}
	if o.rate < 0 {
		return fmt.Errorf("-rate %v: want 0 or more", o.rate)
	}
	env, err := readEnv(o.env)
	o.env = env
	return err
}

var nameCharacters = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

func newTarget(arg string) (target, error) {
	t := target{path: arg}
	// A path may have an equals sign; a name has no separator.
	if name, path, ok := strings.Cut(arg, "="); ok && !strings.ContainsAny(name, `/\.`) {
		t = target{name, path}
	}
	st, err := os.Stat(t.path)
	if err != nil {
		return t, fmt.Errorf("function %s: no such directory or binary", t.path)
	}
	if t.name == "" {
		abs, err := filepath.Abs(t.path)
		if err != nil {
			return t, err
		}
		base := filepath.Base(abs)
		if !st.IsDir() {
			base = strings.TrimSuffix(base, filepath.Ext(base))
		}
		t.name = strings.Trim(nameCharacters.ReplaceAllString(base, "-"), "-")
		t.name = t.name[:min(len(t.name), 64)]
	}
	if t.name == "" {
		t.name = "function"
	}
	return t, nil
}

// readEnv replaces @FILE by the file's lines: NAME=VALUE, with comments and
// empty lines left out.
func readEnv(list stringList) (stringList, error) {
	var all stringList
	for _, v := range list {
		lines := []string{v}
		if file, ok := strings.CutPrefix(v, "@"); ok {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("-env: %w", err)
			}
			lines = strings.Split(string(text), "\n")
		}
		for i, line := range lines {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if name, _, ok := strings.Cut(line, "="); !ok || name == "" {
				// The value may be a secret: the line is not shown.
				return nil, fmt.Errorf("-env: line %d of %d is not NAME=VALUE", i+1, len(lines))
			}
			all = append(all, line)
		}
	}
	return all, nil
}
