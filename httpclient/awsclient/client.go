package awsclient

import (
	"net"
	"net/http"
	"net/url"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/lambdatune/lambdatune/httpclient"
)

// Options are those of package httpclient, with the same zero values.
type Options = httpclient.Options

// New returns an HTTP client for the SDK's configuration. It is the SDK's own
// [awshttp.BuildableClient], so that AWS_CA_BUNDLE, the defaults mode and the
// SDK's read timeout work as ever, with what survives the SDK's copying of it:
// idle limit, idle pool, TLS session cache and TCP_USER_TIMEOUT.
//
// A defaults mode replaces [httpclient.Options] ConnectTimeout and
// TLSHandshakeTimeout by its own, which are shorter for in-region. The shortest
// of IdleTimeout and HostIdleTimeouts is the idle limit for all hosts.
// MaxResponseBytes and Observe need [NewReplaying]; with them, as with an option
// out of range, every call fails with a [httpclient.OptionError].
//
// Without a ResponseHeaderTimeout or the SDK's own socket timeout
// (AWS_ENABLE_DEFAULT_SOCKET_TIMEOUT_2026) only the call's context limits the
// wait for an answer, as long polls need it.
func New(opts Options) *awshttp.BuildableClient {
	client := awshttp.NewBuildableClient()
	if err := validate(opts); err != nil {
		err = permanent{err}
		return client.WithTransportOptions(func(tr *http.Transport) {
			tr.Proxy = func(*http.Request) (*url.URL, error) { return nil, err }
		})
	}
	ours := httpclient.NewTransport(opts)
	dialer := httpclient.NewDialer(opts)
	return client.
		WithDialerOptions(func(d *net.Dialer) {
			d.Timeout = dialer.Timeout
			d.KeepAliveConfig = dialer.KeepAliveConfig
			d.ControlContext = dialer.ControlContext
		}).
		WithTransportOptions(func(tr *http.Transport) {
			// The SDK's defaults (TLS 1.2, curves under FIPS, the limit of
			// 2,048 connections per host) and then ours.
			if curves := tr.TLSClientConfig.CurvePreferences; ours.TLSClientConfig != nil && ours.TLSClientConfig.CurvePreferences == nil {
				ours.TLSClientConfig.CurvePreferences = curves
			}
			if ours.MaxConnsPerHost == 0 {
				ours.MaxConnsPerHost = tr.MaxConnsPerHost
			}
			configure(tr, ours)
		})
}

// configure copies every setting of from but the dial functions, which are the
// SDK's affair.
func configure(tr, from *http.Transport) {
	tr.Proxy = from.Proxy
	tr.OnProxyConnectResponse = from.OnProxyConnectResponse
	tr.ProxyConnectHeader = from.ProxyConnectHeader
	tr.GetProxyConnectHeader = from.GetProxyConnectHeader
	tr.TLSClientConfig = from.TLSClientConfig
	tr.TLSHandshakeTimeout = from.TLSHandshakeTimeout
	tr.DisableKeepAlives = from.DisableKeepAlives
	tr.DisableCompression = from.DisableCompression
	tr.MaxIdleConns = from.MaxIdleConns
	tr.MaxIdleConnsPerHost = from.MaxIdleConnsPerHost
	tr.MaxConnsPerHost = from.MaxConnsPerHost
	tr.IdleConnTimeout = from.IdleConnTimeout
	tr.ResponseHeaderTimeout = from.ResponseHeaderTimeout
	tr.ExpectContinueTimeout = from.ExpectContinueTimeout
	tr.TLSNextProto = from.TLSNextProto
	tr.MaxResponseHeaderBytes = from.MaxResponseHeaderBytes
	tr.WriteBufferSize = from.WriteBufferSize
	tr.ReadBufferSize = from.ReadBufferSize
	tr.ForceAttemptHTTP2 = from.ForceAttemptHTTP2
	tr.HTTP2 = from.HTTP2
	tr.Protocols = from.Protocols
}

func validate(opts Options) error {
	if err := opts.Validate(); err != nil {
		return err
	}
	if opts.MaxResponseBytes != 0 {
		return &httpclient.OptionError{Option: "MaxResponseBytes", Value: opts.MaxResponseBytes, Allowed: "0 here; it needs the client of NewReplaying"}
	}
	if opts.Observe != nil {
		return &httpclient.OptionError{Option: "Observe", Value: "set", Allowed: "nil here; it needs the client of NewReplaying"}
	}
	return nil
}

// permanent is an error that the SDK's retryer does not retry, as it otherwise
// does whatever a client returns.
type permanent struct{ error }

func (e permanent) Unwrap() error      { return e.error }
func (permanent) RetryableError() bool { return false }
