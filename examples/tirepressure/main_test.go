package main

import (
	"bufio"
	"bytes"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/examples/tirepressure/tires"
	"github.com/lambdatune/lambdatune/filter"
)

var update = flag.Bool("update", false, "render template.yaml and events/replay.txt anew")

func TestInvoke(t *testing.T) {
	payload, err := os.ReadFile("events/kinesis.json")
	if err != nil {
		t.Fatal(err)
	}
	var got []tires.Warning
	f := function{warn: func(w tires.Warning) { got = append(got, w) }}
	if out, err := f.Invoke(t.Context(), payload); err != nil || string(out) != "null" {
		t.Fatalf("Invoke = %s, %v, want null", out, err)
	}
	want := []tires.Warning{{Car: "car-037", Wheel: "front-right", PSI: 31.5}, {Car: "car-148", Wheel: "front-left", PSI: 28.75}}
	if !slices.Equal(got, want) {
		t.Errorf("warnings %+v, want %+v", got, want)
	}
	if _, err := f.Invoke(t.Context(), payload[:len(payload)/2]); err == nil {
		t.Error("half an event is taken for a whole one")
	}
}

// TestFilters proves the mapping's filter on recorded readings: it passes those,
// and only those, that the core logic warns of.
func TestFilters(t *testing.T) {
	if p := filters.Problems(); len(p) > 0 {
		t.Errorf("the filters have problems: %+v", p)
	}
	f, err := os.Open("events/readings.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	low := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		passed, err := filters.MatchRecord(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		reading, err := decode(lines.Bytes())
		_, want := tires.Check(reading)
		if want = want && err == nil; passed != want {
			e, _ := filters.Explain(lines.Bytes())
			t.Errorf("%+v passes: %v, want %v\n%v", reading, passed, want, e)
		}
		if want {
			low++
		}
	}
	if low == 0 {
		t.Error("no reading calls for a warning: nothing is proved")
	}
}

// template is the function's AWS SAM template around its filters.
const template = `# Rendered from the filters in filters.go: go test . -update
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Description: Warns of tires that lose pressure.

Resources:
  Readings:
    Type: AWS::Kinesis::Stream
    Properties:
      StreamModeDetails:
        StreamMode: ON_DEMAND

  TirePressure:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: go1.x
    Properties:
      CodeUri: .
      Handler: bootstrap
      Runtime: provided.al2023
      Architectures: [arm64]
      MemorySize: 128
      Timeout: 10
      Events:
        Readings:
          Type: Kinesis
          Properties:
            Stream: !GetAtt Readings.Arn
            StartingPosition: LATEST
            BatchSize: 100
            BisectBatchOnFunctionError: true
            MaximumRetryAttempts: 3
{{FilterCriteria}}`

func TestTemplate(t *testing.T) {
	want := strings.Replace(template, "{{FilterCriteria}}", filters.SAM(12), 1)
	if *update {
		if err := os.WriteFile("template.yaml", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("template.yaml is out of date: go test . -update")
	}
	deployed, err := filter.Options{Mode: filter.Strict}.ParseTemplate(filter.Kinesis, got)
	if err != nil || !slices.Equal(deployed.Patterns(), filters.Patterns()) {
		t.Errorf("the template's filters are %v, %v, want %v", deployed, err, filters.Patterns())
	}
}

// TestReplay keeps the replay command's figures up to date.
func TestReplay(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "run", "github.com/lambdatune/lambdatune/filter/replay",
		"-source", "kinesis", "-template", "template.yaml", "-batch", "10", "-duration", "50ms", "-price-gbs", "0.0000133334", "events/readings.jsonl")
	var problems bytes.Buffer
	cmd.Stderr = &problems
	got, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &problems)
	}
	if *update {
		if err := os.WriteFile("events/replay.txt", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("events/replay.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the figures are\n%s\nwant\n%s", got, want)
	}
}
