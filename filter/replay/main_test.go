package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func record(pressure int) string {
	return fmt.Sprintf(`{"kinesis":{"partitionKey":"1","data":"%s"},"eventSource":"aws:kinesis"}`,
		base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"tire_pressure":%d}`, pressure)))
}

const pattern = `{"data":{"tire_pressure":[{"numeric":["<",32]}]}}`

func TestReplay(t *testing.T) {
	var lines strings.Builder
	for i := range 25 {
		lines.WriteString(record(30+i) + "\n\n")
	}
	lines.WriteString(`{"Records":[` + record(31) + `,` + record(40) + `]}`) // no line break at the end
	var out, problems strings.Builder
	err := run([]string{"-source", "kinesis", "-pattern", pattern, "-batch", "4", "-memory", "1024", "-duration", "1s"},
		strings.NewReader(lines.String()), &out, &problems)
	if err != nil {
		t.Fatal(err)
	}
	want := `filters            1, source kinesis
records            27
matched            3 (11.1 %)
invocations        7 without filters, 1 with (batches of 4)
saved              6 invocations (85.7 %), 6.000 GB-seconds, 0.000101 USD
a million records  4.37 USD without filters, 0.625 USD with (1024 MB, 1s)
Records that don't match consume the shards' read capacity all the same.
`
	if out.String() != want {
		t.Errorf("the report is\n%s\nwant\n%s", out.String(), want)
	}
	if problems.Len() > 0 {
		t.Errorf("problems: %s", problems.String())
	}
}

func TestReplayFiles(t *testing.T) {
	dir := t.TempDir()
	records, template := filepath.Join(dir, "r.jsonl"), filepath.Join(dir, "template.yaml")
	if err := os.WriteFile(records, []byte(`{"messageId":"1","body":"x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(template, []byte("FilterCriteria:\n  Filters:\n    - Pattern: '{\"body\":{\"a\":[{\"wildcard\":\"*\"}]}}'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, problems strings.Builder
	if err := run([]string{"-source", "sqs", "-template", template, "-explain", "1", records, records}, nil, &out, &problems); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"record 1: not matched", "the body is not a JSON object", "matched            0 (0.0 %)", "1 without filters, 0 with (batches of 10)",
		"SQS would delete the 2 messages"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if !strings.Contains(problems.String(), "warning: filter 0: $.body.a[0].wildcard") {
		t.Errorf("problems: %s", problems.String())
	}
}

func TestReplayErrors(t *testing.T) {
	for _, c := range []struct {
		args  string
		input string
		want  string
	}{
		{"", "", "-source is"},
		{"-source sns", "", `"sns"`},
		{"-source kinesis", "", "no filters"},
		{"-source kinesis -pattern {", "", "filter 0"},
		{"-source kinesis -pattern " + pattern + " -batch 10001", "", "1 to 10000"},
		{"-source kinesis -pattern " + pattern + " -memory 64", "", "128 to 10240"},
		{"-source kinesis -pattern " + pattern + " -duration 16m", "", "15m"},
		{"-source kinesis -pattern " + pattern + " -price-gbs -1", "", "negative"},
		{"-source kinesis -pattern " + pattern + " -template x", "", "not both"},
		{"-source kinesis -template /does/not/exist", "", "no such file"},
		{"-source kinesis -pattern " + pattern, record(1) + "\n{", "standard input, line 2"},
		{"-source kinesis -pattern " + pattern, `{"Records":[1]}`, "line 1"},
	} {
		err := run(strings.Fields(c.args), strings.NewReader(c.input), &strings.Builder{}, &strings.Builder{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("run(%s) = %v, want an error with %q", c.args, err, c.want)
		}
	}
}
