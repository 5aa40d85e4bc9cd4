// Package runtimeapi is the Lambda service's side of the Runtime API, on
// loopback: it starts a function in execution environments as the service
// does, serves each of them the Runtime and Extensions APIs, and invokes them.
// No Docker, no AWS account. It works for any Lambda binary of the OS-only
// runtimes (provided.al2023), also one on bare aws-lambda-go, and is what the
// handler/local command and this library's own tests stand on.
//
//	fn, err := runtimeapi.Start(runtimeapi.Command{Path: "./bootstrap"}, runtimeapi.Config{})
//	if err != nil { … }
//	defer fn.Close()
//
//	res, err := fn.Invoke(ctx, runtimeapi.Invocation{Payload: []byte(`{"n":1}`)})
//	// err: the service refused (throttled, closed).
//	// res.FunctionError != "": the function failed; res.Payload is its error.
//	// res.Duration, res.InitDuration, res.Log, res.MaxMemoryUsed, …
//
// A [Program] is what an environment runs: [Command] starts a binary,
// [InProcess] calls a Go function through the same API in this process, and
// [Attach] waits for a program that somebody else starts, say in a debugger.
// [Build] compiles a main package first.
//
// # How it behaves
//
// As the service documents it, see
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
// and https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html:
//
//   - An environment handles one invocation at a time, or
//     [Config.MaxConcurrency]; the most recently used one is taken first. Where
//     none is free another is started, up to [Config.Concurrency]; past it
//     [Function.Invoke] returns [ErrThrottled].
//   - INIT ends with the program's first request for the next invocation. INIT
//     that fails or takes longer than [Config.InitTimeout] is done again as
//     part of the invocation, under the function's timeout.
//   - An invocation is complete when the program has answered and asks for the
//     next one. [Config.Timeout] ends it and the program; with MaxConcurrency
//     only the invocation fails, and the program goes on.
//   - A program that exits, or is killed at its timeout, is started again by
//     the next invocation that its environment receives, and that INIT is part
//     of the invocation's duration.
//   - A program that registered an extension gets SIGTERM and 500 ms before
//     SIGKILL, every other one SIGKILL.
//   - An environment belongs to one tenant ([Invocation.TenantID]) for life.
//
// Each run of a program has a port of its own, so that AWS_LAMBDA_RUNTIME_API
// is a plain host and port as on the service. Functions, their environments'
// processes, ports and goroutines live until [Function.Close]; on Linux the
// processes also die with this process, however it ends.
package runtimeapi
