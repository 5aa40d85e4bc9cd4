// Package httpclient keeps HTTP connections alive across Lambda's freeze and
// thaw.
//
// Setting up a connection costs more than a short call, so connections are
// kept. But between invocations an execution environment is frozen, the far
// side meanwhile closes or forgets its end, and with [net/http]'s defaults the
// first call after the thaw fails or hangs. No connection pool of our own is
// needed against that: net/http judges the idle age of a pooled connection by
// the wall clock, which a freeze does not stop, so the cure is the right
// configuration, above all an idle limit shorter than any far side's.
//
//   - [NewTransport] returns a plain [*http.Transport] with that configuration,
//     nothing wrapped; [NewDialer] the dialer beneath it.
//   - [New] returns an [*http.Client] that adds what a Transport alone cannot
//     do: an idle limit per host, the server's Keep-Alive hint, bodies drained
//     on Close so that connections really are reused, a response size limit,
//     the invocation's deadline, and counters.
//   - [Prewarm] opens connections during INIT, without sending a request.
//   - [OnInvoke] or [Middleware] marks where an invocation begins and ends.
//   - [All] and [Race] overlap calls.
//   - [NewStaleIfError] answers from memory for a server that is down.
//
// The subpackage awsclient does the same for the AWS SDK.
//
// # Which idle limit
//
// The default of 4 s is below what is known of the far sides: 5 s for a Node.js
// server (server.keepAliveTimeout) and around 5 to 10 s for S3 and Kinesis
// (users' reports; AWS documents neither), 60 s for an Application Load
// Balancer's idle timeout, 350 s for a NAT gateway or a VPC endpoint, which
// then answers with RST. Redialing costs a few milliseconds; a stale
// connection costs a failed request, or a second of back-off in the AWS SDK, or
// the whole timeout. A host that is known to keep connections longer can be
// given more with [Options.HostIdleTimeouts]; a server that announces its limit
// in a Keep-Alive header is taken at its word, less a second.
//
// # Replays
//
// net/http itself replays a request whose reused connection turns out to be
// dead, where that is safe: nothing was sent yet and the body can be rewound,
// or the method is GET, HEAD, OPTIONS or TRACE, or the request has an
// Idempotency-Key header. This package adds no further replays; it counts them,
// and [MarkIdempotent] gives a request that mark without sending a header.
//
// # Circuit breakers and retries
//
// There are none here. A well-kept library's plugs in as a RoundTripper around
// the client's own, for example github.com/failsafe-go/failsafe-go:
//
//	breaker := circuitbreaker.NewWithDefaults[*http.Response]()
//	client := httpclient.New(httpclient.Options{})
//	client.Transport = failsafehttp.NewRoundTripper(client.Transport, breaker)
//
// Call [Prewarm] and [ReadStats] with the client before it is wrapped so.
package httpclient
