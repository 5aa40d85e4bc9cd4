package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/handler/local/gobuild"
)

// feeding is what the command tells about a queue, with -json.
type feeding struct {
	code    int
	stderr  string
	batches int
	did     []string // what the worker printed
	queue   struct {
		Sent, Duplicates, Processed, Batches, Throttles, PeakConcurrency, Left, Redriven int
		DeadLetters                                                                      []struct {
			Body           string
			MessageGroupID string `json:"messageGroupId"`
			ReceiveCount   int
		}
	}
}

func feedJSON(t *testing.T, stdin string, args ...string) (f feeding) {
	t.Helper()
	var out string
	f.code, out, f.stderr = local(t, stdin, append([]string{"-source", "sqs", "-event", "-", "-json"}, args...)...)
	for line := range strings.Lines(out) {
		var e struct{ Type, Line string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		switch e.Type {
		case "batch":
			f.batches++
		case "log":
			f.did = append(f.did, strings.TrimPrefix(e.Line, "did "))
		case "queue":
			if err := json.Unmarshal([]byte(line), &f.queue); err != nil {
				t.Fatal(err)
			}
		}
	}
	return f
}

func TestSource(t *testing.T) {
	worker := filepath.Join(t.TempDir(), "worker.exe")
	if err := gobuild.Build(context.Background(), "../functions/worker", worker); err != nil {
		t.Fatal(err)
	}
	// Retries wait for the visibility timeout, which is real time here, and the
	// machine may be busy.
	quick := []string{"-timeout", "4s", "-visibility", "4s", "-maximum-concurrency", "2"}
	with := func(args ...string) []string { return append(slices.Clone(quick), args...) }

	t.Run("all processed", func(t *testing.T) {
		t.Parallel()
		f := feedJSON(t, "{\"n\":1}\n{\"n\":2}\n", with("-batch", "2", "-repeat", "10", "-concurrency", "2", worker)...)
		if q := f.queue; f.code != 0 || f.stderr != "" || q.Sent != 20 || q.Processed != 20 || q.Batches != 10 || f.batches != 10 ||
			q.PeakConcurrency < 1 || q.PeakConcurrency > 2 || q.Left != 0 || len(q.DeadLetters) != 0 || len(f.did) != 20 {
			t.Errorf("%+v", f)
		}
	})
	t.Run("retried", func(t *testing.T) {
		t.Parallel()
		f := feedJSON(t, `{"fail":1,"n":1} {"n":2}`, with(worker)...)
		if q := f.queue; f.code != 0 || q.Processed != 2 || q.Batches != 2 || !slices.Equal(f.did, []string{` {"n":2}`, ` {"fail":1,"n":1}`}) {
			t.Errorf("%+v", f)
		}
	})
	t.Run("function error", func(t *testing.T) {
		t.Parallel()
		f := feedJSON(t, `{"n":1} {"error":true}`, with(worker)...)
		if q := f.queue; f.code != 0 || q.Processed != 2 || q.Batches != 2 {
			t.Errorf("%+v", f)
		}
	})
	t.Run("dead letter", func(t *testing.T) {
		t.Parallel()
		f := feedJSON(t, `{"fail":9} {"n":2}`, with("-max-receive", "1", worker)...)
		if q := f.queue; f.code != 1 || f.stderr != "" || q.Processed != 1 || len(q.DeadLetters) != 1 || q.DeadLetters[0].Body != `{"fail":9}` || q.DeadLetters[0].ReceiveCount != 1 {
			t.Errorf("%+v", f)
		}
	})
	t.Run("redrive", func(t *testing.T) {
		t.Parallel()
		f := feedJSON(t, `{"fail":1} {"n":2}`, with("-max-receive", "1", "-redrive", worker)...)
		if q := f.queue; f.code != 0 || q.Processed != 2 || q.Redriven != 1 || len(q.DeadLetters) != 0 {
			t.Errorf("%+v", f)
		}
	})
	t.Run("not partial", func(t *testing.T) { // the response is not read: the message is lost
		t.Parallel()
		f := feedJSON(t, `{"fail":1} {"n":2}`, with("-partial=false", worker)...)
		if q := f.queue; f.code != 0 || q.Processed != 2 || len(f.did) != 1 {
			t.Errorf("%+v", f)
		}
	})
	t.Run("FIFO", func(t *testing.T) {
		t.Parallel()
		var lines strings.Builder
		for i := range 30 {
			fmt.Fprintf(&lines, "{\"user\":\"u%d\",\"n\":%d}\n", i%3, i)
		}
		lines.WriteString(`{"MessageBody":"{}","MessageGroupId":"g","MessageDeduplicationId":"d"}` + "\n")
		lines.WriteString(`{"MessageBody":"{}","MessageGroupId":"g","MessageDeduplicationId":"d"}` + "\n")
		f := feedJSON(t, lines.String(), with("-fifo", "-group", "user", "-batch", "4", "-rate", "1000", worker)...)
		if q := f.queue; f.code != 0 || q.Sent != 32 || q.Duplicates != 1 || q.Processed != 31 {
			t.Errorf("%+v", f)
		}
		last := map[string]int{}
		for _, line := range f.did {
			var user string
			var n int
			if _, err := fmt.Sscanf(line, `u%s {"user":"u`, &user); err != nil {
				continue // group g
			}
			fmt.Sscanf(line[strings.LastIndex(line, ":")+1:], "%d", &n)
			if before, ok := last[user]; ok && n < before {
				t.Errorf("%d of %s after %d", n, user, before)
			}
			last[user] = n
		}
		if len(last) != 3 {
			t.Errorf("groups %v", last)
		}
	})
	t.Run("text", func(t *testing.T) {
		t.Parallel()
		code, out, errs := local(t, "{\"fail\":9}\n{}\n", with("-source", "sqs", "-event", "-", "-max-receive", "1", "-quiet", worker)...)
		if code != 1 || errs != "" || !strings.Contains(out, "queue     2 sent, 1 processed in ") || !strings.Contains(out, "DLQ       1 message\n") ||
			!strings.Contains(out, ` received 1 time: {"fail":9}`+"\n") || strings.Contains(out, "REPORT") {
			t.Errorf("exit code %d: %s%s", code, out, errs)
		}
	})
	t.Run("sample", func(t *testing.T) {
		t.Parallel()
		_, sample, _ := local(t, "", "-sample", "sqs")
		f := feedJSON(t, sample, with(worker)...)
		if q := f.queue; f.code != 0 || q.Sent != 2 || q.Processed != 2 || len(f.did) != 2 || !strings.Contains(f.did[0], "o-000001") {
			t.Errorf("%+v", f)
		}
	})
}

func TestSourceErrors(t *testing.T) {
	event := file(t, "messages.json", "{}")
	source := func(args ...string) []string { return append([]string{"-source", "sqs", "-event", event}, args...) }
	for _, c := range []struct {
		name  string
		stdin string
		args  []string
		code  int
		want  string
	}{
		{"no source", "", []string{"-batch", "3", "-event", event}, 2, "-batch needs -source"},
		{"another source", "", []string{"-source", "sns", "-event", event}, 2, "want sqs"},
		{"no messages", "", []string{"-source", "sqs"}, 2, "-source needs -event"},
		{"batch", "", source("-batch", "11"), 2, "batch size 11: want 1 to 10"},
		{"window", "", source("-window", "1h"), 2, "want 0 to 5m0s"},
		{"FIFO window", "", source("-fifo", "-window", "1s"), 2, "a FIFO queue has none"},
		{"visibility", "", source("-visibility", "1s"), 2, "want at least the function's timeout, 3s"},
		{"max-receive", "", source("-max-receive", "0"), 2, "want 1 to 1000"},
		{"maximum-concurrency", "", source("-maximum-concurrency", "1"), 2, "want 2 to 1000"},
		{"group", "", source("-group", "user"), 2, "-group needs -fifo"},
		{"stats", "", source("-stats"), 2, "-stats does not go with -source"},
		{"front", "", source("-front", "http"), 2, "-front serves"},
		{"no such member", "{}", []string{"-source", "sqs", "-event", "-", "-fifo", "-group", "user"}, 1, "standard input: -group user: the message's body has no such member"},
		{"bad group", `{"user":"a b"}`, []string{"-source", "sqs", "-event", "-", "-fifo", "-group", "user"}, 1, `standard input: MessageGroupId "a b"`},
		{"bad entry", `{"MessageBody":"x","MesageGroupId":"g"}`, []string{"-source", "sqs", "-event", "-"}, 1, `unknown field "MesageGroupId"`},
		{"delay", `{"MessageBody":"x","DelaySeconds":3}`, []string{"-source", "sqs", "-event", "-"}, 1, "delays no message"},
		{"empty body", `""`, []string{"-source", "sqs", "-event", "-"}, 1, "standard input: message without a body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, errs := local(t, c.stdin, append(c.args, binaries.echo)...)
			if code != c.code || !strings.Contains(errs, c.want) || !strings.HasPrefix(errs, "local: ") || strings.Count(errs, "\n") != 1 {
				t.Errorf("exit code %d, %q, want %d with %q", code, errs, c.code, c.want)
			}
		})
	}
}
