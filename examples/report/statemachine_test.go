package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.yaml.in/yaml/v3"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// A machine is as much of the Amazon States Language as statemachine.asl.json has
// (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html).
type machine struct {
	StartAt         string
	States          map[string]state
	ProcessorConfig struct{ Mode, ExecutionType string }
}

type state struct {
	Type, Resource, Next, Default, OutputPath, ResultPath string
	End                                                   bool
	Choices                                               []struct{ Variable, Next string }
	Parameters                                            map[string]any
	ItemProcessor                                         *machine
	MaxConcurrency                                        int
	ToleratedFailurePercentage                            *float64
	ItemReader                                            struct {
		Resource     string
		ReaderConfig struct{ InputType string }
		Parameters   map[string]string
	}
	ResultWriter struct {
		Resource     string
		Parameters   map[string]string
		WriterConfig struct{ Transformation, OutputType string }
	}
}

func definition(t *testing.T) (machine, string) {
	t.Helper()
	text, err := os.ReadFile("statemachine.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	var m machine
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m, string(text)
}

// check sees to it that every state is reached and leads somewhere.
func (m *machine) check(t *testing.T) {
	t.Helper()
	reached, queue := map[string]bool{}, []string{m.StartAt}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		s, found := m.States[name]
		if !found {
			t.Errorf("there is no state %q", name)
		}
		if reached[name] || !found {
			continue
		}
		reached[name] = true
		var next []string
		switch s.Type {
		case "Choice":
			next = append(next, s.Default)
			for _, c := range s.Choices {
				next = append(next, c.Next)
			}
		case "Task", "Map":
			if s.End == (s.Next != "") {
				t.Errorf("%s: Next is %q, End %v", name, s.Next, s.End)
			}
			if !s.End {
				next = []string{s.Next}
			}
		case "Succeed":
		default:
			t.Errorf("%s has the type %q", name, s.Type)
		}
		if s.Type == "Task" && s.Resource != "arn:aws:states:::lambda:invoke" {
			t.Errorf("%s invokes %s", name, s.Resource)
		}
		if (s.Type == "Map") != (s.ItemProcessor != nil) {
			t.Errorf("%s: only a Map has an ItemProcessor", name)
		} else if s.Type == "Map" {
			s.ItemProcessor.check(t)
		}
		queue = append(queue, next...)
	}
	for name := range m.States {
		if !reached[name] {
			t.Errorf("nothing leads to %s", name)
		}
	}
}

// at follows a reference path, as $.plan.key.
func at(t *testing.T, path string, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	names := strings.Split(path, ".")
	if err != nil || names[0] != "$" {
		t.Fatalf("%s: %v", path, err)
	}
	for _, name := range names[1:] {
		m, _ := v.(map[string]any)
		var found bool
		if v, found = m[name]; !found {
			t.Fatalf("%s: there is no %s", path, name)
		}
	}
	return v
}

// payload is what a state hands to its function, from its input.
func (s state) payload(t *testing.T, input any) []byte {
	t.Helper()
	out := map[string]any{}
	for name, path := range s.Parameters["Payload"].(map[string]any) {
		if path == "$$.Execution.Name" {
			out[strings.TrimSuffix(name, ".$")] = "a-name"
			continue
		}
		out[strings.TrimSuffix(name, ".$")] = at(t, path.(string), input)
	}
	b, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// strict decodes and leaves nothing out.
func strict(t *testing.T, text []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// The states hang together, and each hands on what the next function reads: the
// items reader gets the lines that the planner writes, the merger the manifest.
func TestStateMachine(t *testing.T) {
	m, _ := definition(t)
	m.check(t)
	client, stop, err := endpoint(t.Context(), days(generate(1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	s := &steps{client: client, query: query, work: bucket, size: 100 << 10}

	var p period
	strict(t, m.States["Plan"].payload(t, map[string]any{"bucket": bucket, "prefix": month}), &p)
	if p != (period{bucket, month, "a-name"}) {
		t.Fatalf("%+v", p)
	}
	plan, err := s.plan(t.Context(), p)
	if err != nil || plan.Items < 10 {
		t.Fatal(plan, err)
	}
	if n := at(t, m.States["Anything"].Choices[0].Variable, plan); n != float64(plan.Items) {
		t.Errorf("the choice is about %v", n)
	}

	parts := m.States["Parts"]
	reader, writer, part := parts.ItemReader, parts.ResultWriter, parts.ItemProcessor.States["Part"]
	if reader.Resource != "arn:aws:states:::s3:getObject" || reader.ReaderConfig.InputType != "JSONL" {
		t.Errorf("%+v", reader)
	}
	out, err := client.GetObject(t.Context(), &s3.GetObjectInput{
		Bucket: aws.String(at(t, reader.Parameters["Bucket.$"], plan).(string)), Key: aws.String(at(t, reader.Parameters["Key.$"], plan).(string)),
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(out.Body)
	out.Body.Close()
	if err != nil || bytes.Count(text, []byte("\n")) != plan.Items {
		t.Fatalf("%d items, %v:\n%s", plan.Items, err, text)
	}
	for line := range bytes.Lines(text) {
		var item s3select.Object
		if err := json.Unmarshal(line, &item); err != nil || !strings.HasPrefix(item.Key, month) {
			t.Errorf("%s: %v", line, err)
		}
	}
	if part.Parameters["Payload.$"] != "$" || part.OutputPath != "$.Payload" || parts.ItemProcessor.ProcessorConfig.Mode != "DISTRIBUTED" {
		t.Errorf("%+v", part)
	}
	if parts.ToleratedFailurePercentage == nil || *parts.ToleratedFailurePercentage != 0 {
		t.Error("the map tolerates failures, which Merge does not")
	}

	if writer.Resource != "arn:aws:states:::s3:putObject" || writer.WriterConfig.Transformation != "COMPACT" || writer.WriterConfig.OutputType != "JSONL" {
		t.Errorf("%+v", writer)
	}
	results, err := s.distributedMap(t.Context(), plan.Plan, 3)
	if err != nil {
		t.Fatal(err)
	}
	if at(t, writer.Parameters["Bucket.$"], plan) != results.Bucket || !strings.HasPrefix(results.Key, writer.Parameters["Prefix"]+"/") {
		t.Errorf("the map writes to %v, this to %+v", writer.Parameters, results)
	}
	// ResultPath puts what the map says beside its input.
	state := map[string]any{"plan": plan.Plan, "items": plan.Items, strings.TrimPrefix(parts.ResultPath, "$."): map[string]any{
		"MapRunArn": "arn", "ResultWriterDetails": map[string]any{"Bucket": results.Bucket, "Key": results.Key},
	}}
	var in mapped
	strict(t, m.States["Merge"].payload(t, state), &in)
	if in.Results != results || in.Plan != plan.Plan {
		t.Errorf("%+v", in)
	}
	if done, err := s.merge(t.Context(), in); err != nil || done.Parts != plan.Items || !strings.Contains(done.Report, "failed requests") {
		t.Errorf("%+v, %v", done, err)
	}
}

// The template fills in the functions that the definition names, each with the step
// it is there for, and gives the parts no more time than their workflow has.
func TestTemplate(t *testing.T) {
	text, err := os.ReadFile("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string `yaml:"Type"`
			Properties struct {
				DefinitionUri           string            `yaml:"DefinitionUri"`
				DefinitionSubstitutions map[string]string `yaml:"DefinitionSubstitutions"`
				Timeout                 int               `yaml:"Timeout"`
				Environment             struct {
					Variables map[string]string `yaml:"Variables"`
				} `yaml:"Environment"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	machine := template.Resources["Reports"].Properties
	if machine.DefinitionUri != "statemachine.asl.json" {
		t.Errorf("%+v", machine)
	}
	_, asl := definition(t)
	names := map[string]bool{}
	for _, found := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(asl, -1) {
		names[found[1]] = true
	}
	if !slices.Equal(slices.Sorted(maps.Keys(names)), slices.Sorted(maps.Keys(machine.DefinitionSubstitutions))) {
		t.Errorf("the definition names %v, the template fills in %v", names, machine.DefinitionSubstitutions)
	}
	for name, arn := range machine.DefinitionSubstitutions {
		step := strings.TrimSuffix(name, "Function")
		f := template.Resources[strings.TrimSuffix(arn, ".Arn")]
		if f.Type != "AWS::Serverless::Function" || f.Properties.Environment.Variables["REPORT_STEP"] != strings.ToLower(step) {
			t.Errorf("%s is %+v", name, f)
		}
	}
	if timeout := template.Resources["Part"].Properties.Timeout; timeout == 0 || timeout > 300 {
		t.Errorf("a part may take %d s, its Express workflow 300", timeout)
	}
}

// The functions, run one after the other as the state machine does, say what Reduce
// says; a log that cannot be read is an error, not a smaller report.
func TestDistribution(t *testing.T) {
	var out strings.Builder
	if err := distribution(t.Context(), &out, query, 8, 3); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"failed requests", "parts of 4 logs, 3 functions", "s3select.Reduce says the same"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}

	logs := days(generate(1 << 20))
	logs[month+"09.jsonl"] = []byte("{\"status\":500}\nno JSON\n")
	client, stop, err := endpoint(t.Context(), logs)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	s := &steps{client: client, query: query, work: bucket, size: 100 << 10}
	if out, err := s.run(t.Context(), period{bucket, month, "broken"}, 3); err == nil || !strings.Contains(err.Error(), "JSONParsingError") || out.Report != "" {
		t.Errorf("%+v, %v", out, err)
	}
	if out, err := s.run(t.Context(), period{bucket, "nothing/", "nothing"}, 3); err != nil || out.Parts != 0 {
		t.Errorf("%+v, %v", out, err)
	}
}
