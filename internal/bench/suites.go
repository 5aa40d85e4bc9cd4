package main

// A suite is what one run of one program measures. Exactly one of bench, test
// and command says what to run.
type suite struct {
	name      string
	dir       string // relative to the root
	bench     string // benchmarks
	benchtime string
	passes    int                              // of the benchmarks; 0 for the number asked for
	test      string                           // or tests that log figures
	command   []string                         // or a command that prints them
	read      func(dir string) ([]byte, error) // or writes them into a file of its own
	goamd64   bool                             // the benchmarks for GOAMD64=v1 and v3, which their names then say
	args      []string
	env       []string
}

var suites = []suite{
	{name: "handler", dir: "handler/internal/benchmarks", bench: "^Benchmark(HTTPv2|REST|HTTPHandlerV2|HTTPHandlerREST|JSON|Batch)$", benchtime: "40ms"},
	{name: "start", dir: "handler/internal/benchmarks", bench: "^BenchmarkStart$", benchtime: "1000x", passes: 1},
	{name: "sizes", dir: ".", command: []string{"go", "run", "./internal/ci", "sizes"}},
	{name: "local", dir: "handler/local/runtimeapi", bench: "^Benchmark(Invoke|Floor)$", benchtime: "4000x", passes: 3},
	{name: "metrics", dir: "metrics", bench: "^Benchmark(Deck|Ten|Values)$", benchtime: "20ms"},
	{name: "secrets", dir: "secrets/internal/benchmarks", bench: "^BenchmarkGet$/^(word|four)$", benchtime: "40ms"},
	{name: "cold", dir: "secrets/internal/benchmarks", test: "^TestCold$", args: []string{"-cold", "40"}},
	{name: "rotation", dir: "secrets/internal/integration", test: "^Test(Rotations|Baseline)$", args: []string{"-test.parallel", "1"},
		env: []string{"LAMBDATUNE_BASELINE=1", "LAMBDATUNE_ROTATIONS=50"}},
	{name: "wrongpassword", dir: "secrets", test: "^TestPermanentlyWrongPassword$"},
	{name: "thaw", dir: "httpclient", test: "^TestThaw$", env: []string{"LAMBDATUNE_FULL=1"}},
	{name: "thaw-sdk", dir: "httpclient/awsclient", test: "^TestThaw$", env: []string{"LAMBDATUNE_FULL=1"}},
	{name: "firstcall", dir: "httpclient", test: "^TestFirstCall$", env: []string{"LAMBDATUNE_FULL=1"}},
	{name: "httpclient", dir: "httpclient", bench: "^Benchmark(KeepAlive|Extra)$", benchtime: "100ms"},
	{name: "dials", dir: "httpclient", bench: "^Benchmark(Burst|Drain)$", benchtime: "10x", passes: 3},
	{name: "filter", dir: "filter/internal/benchmarks", bench: "^Benchmark(Match|Position|Split|Compile)$", benchtime: "20ms", args: []string{"-test.cpu", "1"}},
	{name: "s3select", dir: "filter/s3select/internal/benchmarks", bench: "^Benchmark(JSON|CSV)$", benchtime: "1x", passes: 5, env: []string{"S3SELECT_MB=300"}},
	{name: "parquet", dir: "filter/s3select/parquet/internal/interop", bench: "^BenchmarkQuery$/^OneOfTen$|^BenchmarkPlainReader$", benchtime: "300ms", passes: 3},
	{name: "protobufx", dir: "protobufx/internal/benchmarks", bench: "^Benchmark(Response|Invoke)$", benchtime: "40ms"},
	{name: "v3-handler", dir: "handler/internal/benchmarks", goamd64: true, bench: "^BenchmarkHTTPv2$/^impl=handler.HTTP$|^BenchmarkREST$/^impl=handler.HTTP$|^BenchmarkBatch$/^source=SQS$/^impl=handler$", benchtime: "40ms"},
	{name: "v3-filter", dir: "filter/internal/benchmarks", goamd64: true, bench: "^BenchmarkMatch$/^lists$/^(1KB|8KB)$/^by=filter$", benchtime: "20ms", args: []string{"-test.cpu", "1"}},
	{name: "v3-protobufx", dir: "protobufx/internal/benchmarks", goamd64: true, bench: "^BenchmarkInvoke$/^event=documented$/^impl=ours$", benchtime: "40ms"},
	{name: "v3-metrics", dir: "metrics", goamd64: true, bench: "^Benchmark(Deck|Ten)$/^to=discard$/^lib=compiled$/^ctx=invocation$", benchtime: "20ms"},
	{name: "connect", dir: "protobufx/connect/internal/conformance", bench: "^BenchmarkInvoke$", benchtime: "40ms"},
	{name: "lab", dir: "examples/lab", command: []string{"go", "run", "."}, read: labFigures},
}

func names() []string {
	all := make([]string, len(suites))
	for i, s := range suites {
		all[i] = s.name
	}
	return all
}
