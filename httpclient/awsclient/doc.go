// Package awsclient gives the AWS SDK an HTTP client whose connections survive
// Lambda's freeze and thaw.
//
// With the SDK's default client the first call after a thaw meets a connection
// that the service has closed meanwhile; its retryer sees the error and backs
// off, a second on average. [New] fixes that by configuration alone:
//
//	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(awsclient.New(awsclient.Options{})))
//
// Give that one client to every service, through the one [aws.Config]. The SDK
// may still copy it per service (in the defaults modes standard, in-region,
// cross-region, mobile and auto, and with its socket timeout switched on), which
// New takes into account: it uses nothing that a copy would lose.
//
// [NewReplaying] is the opt-in client that also has the counters, limits and
// per-host idle limits of [httpclient.New], and that lets net/http replay calls
// of which nothing was sent, below the SDK's retryer and without its back-off.
package awsclient
