package replier

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Options configures a [Replier]. Endpoint and Credentials are needed.
type Options struct {
	// Endpoint is https://api.execute-api.region.amazonaws.com/stage, or that of
	// a custom domain name and its API mapping. https may only be missing on a
	// loopback address, as requests can carry a session token.
	Endpoint string
	// Region is what requests are signed for. Empty means the one in Endpoint,
	// else AWS_REGION.
	Region string
	// Credentials are asked before each attempt: aws.Config.Credentials, or
	// anything that caches. New does not ask them.
	Credentials aws.CredentialsProvider
	// Client sends the requests; its redirects are not followed. Nil means
	// http.DefaultClient. Package httpclient has one that survives freezes.
	Client *http.Client
	// MaxAttempts is how often a request is sent at most. Zero means 4. It must
	// not be negative.
	MaxAttempts int
}

const defaultAttempts = 4

// checked returns the options complete, and the endpoint parsed.
func (o Options) checked() (Options, *url.URL, error) {
	var errs []error
	u, err := url.Parse(o.Endpoint)
	switch {
	case o.Endpoint == "":
		errs = append(errs, errors.New("replier: Endpoint is empty: https://api.execute-api.region.amazonaws.com/stage is needed"))
	case err != nil || u.Host == "" || u.Opaque != "":
		errs = append(errs, errors.New("replier: Endpoint is not a URL of the form https://host/stage"))
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		errs = append(errs, errors.New("replier: Endpoint has more than scheme, host and path"))
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		errs = append(errs, fmt.Errorf("replier: Endpoint has the scheme %q: https is needed (http on a loopback address)", u.Scheme))
	}
	if o.Credentials == nil {
		errs = append(errs, errors.New("replier: Credentials are needed, not nil"))
	}
	if o.MaxAttempts < 0 {
		errs = append(errs, fmt.Errorf("replier: MaxAttempts %d is out of range: it must be zero or more", o.MaxAttempts))
	}
	if o.MaxAttempts == 0 {
		o.MaxAttempts = defaultAttempts
	}
	if o.Region == "" && u != nil {
		o.Region = regionOf(u.Hostname())
	}
	if o.Region == "" {
		o.Region = os.Getenv("AWS_REGION")
	}
	if o.Region == "" {
		errs = append(errs, errors.New("replier: no Region: it is not in Endpoint, and AWS_REGION is not set"))
	}
	client := http.DefaultClient
	if o.Client != nil {
		client = o.Client
	}
	// A redirect would take the session token to another place.
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o.Client = &direct
	return o, u, errors.Join(errs...)
}

// regionOf is the region in api.execute-api.region.amazonaws.com, and in the
// dual-stack form api.execute-api.region.api.aws.
func regionOf(host string) string {
	parts := strings.Split(host, ".")
	if len(parts) > 4 && parts[1] == "execute-api" && (parts[3] == "amazonaws" || parts[3] == "api") {
		return parts[2]
	}
	return ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// String leaves the credentials out.
func (o Options) String() string {
	return fmt.Sprintf("{Endpoint:%s Region:%s MaxAttempts:%d}", o.Endpoint, o.Region, o.MaxAttempts)
}

// GoString is String.
func (o Options) GoString() string { return "replier.Options" + o.String() }
