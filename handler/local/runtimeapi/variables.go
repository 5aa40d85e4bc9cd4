package runtimeapi

import (
	"os"
	"strconv"
	"strings"
)

func defaultRegion() string {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if r := os.Getenv(name); r != "" {
			return r
		}
	}
	return "us-east-1"
}

// reserved are the names that the service sets and a function's configuration
// cannot, except the credentials, which are left as they are found. See
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime.
var reserved = map[string]bool{
	"_HANDLER": true, "_X_AMZN_TRACE_ID": true, "AWS_REGION": true, "AWS_DEFAULT_REGION": true,
	"AWS_EXECUTION_ENV": true, "LAMBDA_TASK_ROOT": true, "LAMBDA_RUNTIME_DIR": true, "TZ": true,
}

// withoutReserved drops what this process may itself have from a Lambda
// environment or a tool such as this one.
func withoutReserved(env []string) []string {
	kept := make([]string, 0, len(env)+20)
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		if !reserved[name] && !strings.HasPrefix(name, "AWS_LAMBDA_") {
			kept = append(kept, v)
		}
	}
	return kept
}

// variables are those of a real environment of an OS-only runtime, but for
// credentials, LAMBDA_TASK_ROOT and the API's address. AWS_EXECUTION_ENV is
// not among them: those runtimes do not have it.
func variables(c *Config, logStream string) []string {
	kind := "on-demand"
	if c.MaxConcurrency > 1 {
		kind = "lambda-managed-instances"
	}
	vars := []string{
		"_HANDLER=bootstrap",
		"AWS_REGION=" + c.Region,
		"AWS_DEFAULT_REGION=" + c.Region,
		"AWS_LAMBDA_FUNCTION_NAME=" + c.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=" + c.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(c.MemorySize),
		"AWS_LAMBDA_INITIALIZATION_TYPE=" + kind,
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + c.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME=" + logStream,
		"AWS_XRAY_CONTEXT_MISSING=LOG_ERROR",
		"LAMBDA_RUNTIME_DIR=/var/runtime",
		"LANG=en_US.UTF-8",
		"TZ=:UTC",
	}
	if c.MaxConcurrency > 1 {
		vars = append(vars, "AWS_LAMBDA_MAX_CONCURRENCY="+strconv.Itoa(c.MaxConcurrency))
	}
	return vars
}
