package world

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// cloudWatch answers PutMetricData over Smithy's RPC v2 with CBOR, which the
// SDK for Go speaks, and over the older query protocol. Throttling is the
// ThrottlingException, or Throttling, of
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html.
type cloudWatch struct {
	server  *httptest.Server
	latency time.Duration
	quota   quota

	mu     sync.Mutex
	calls  result.APICalls
	datums int // that were accepted
}

func startCloudWatch(latency time.Duration) *cloudWatch {
	c := &cloudWatch{latency: latency}
	c.server = httptest.NewServer(c)
	return c
}

func (c *cloudWatch) close() {
	c.server.CloseClientConnections()
	c.server.Close()
}

// tally returns the calls since the last time.
func (c *cloudWatch) tally() (calls result.APICalls, datums int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls, datums = c.calls, c.datums
	c.calls, c.datums = result.APICalls{}, 0
	calls.Service, calls.Operation = "CloudWatch", "PutMetricData"
	return calls, datums
}

// ServeHTTP answers one call.
func (c *cloudWatch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply := protocolOf(r)
	datums, err := reply.datums(r)
	if !wait(r, c.latency) {
		return
	}
	allowed := c.quota.allow()
	c.mu.Lock()
	switch {
	case !allowed:
		c.calls.Throttled++
	case err != nil:
		c.calls.Failed++
	default:
		c.calls.Accepted++
		c.datums += datums
	}
	c.mu.Unlock()
	switch {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "):
		reply.refuse(w, "MissingAuthenticationToken", "Missing Authentication Token")
	case !allowed:
		reply.refuse(w, reply.throttling(), "Rate exceeded")
	case err != nil:
		reply.refuse(w, "InvalidParameterValue", err.Error())
	default:
		reply.accept(w)
	}
}

// protocol is how a client speaks.
type protocol interface {
	datums(*http.Request) (int, error)
	throttling() string
	refuse(w http.ResponseWriter, code, message string)
	accept(http.ResponseWriter)
}

func protocolOf(r *http.Request) protocol {
	if r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor" {
		return rpcCBOR{}
	}
	return query{}
}

func body(r *http.Request) ([]byte, error) {
	var in io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" { // the SDK compresses requests from 10 KB on
		zipped, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = zipped
	}
	return io.ReadAll(io.LimitReader(in, 1<<20)) // the documented limit
}

var errNoData = errors.New("the request has no Namespace or no MetricData")

// rpcCBOR is https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html.
type rpcCBOR struct{}

func (rpcCBOR) datums(r *http.Request) (int, error) {
	if !strings.HasSuffix(r.URL.Path, "/operation/PutMetricData") {
		return 0, fmt.Errorf("%s: only PutMetricData is served", r.URL.Path)
	}
	b, err := body(r)
	if err != nil {
		return 0, err
	}
	v, err := cbor.Decode(b)
	if err != nil {
		return 0, err
	}
	in, _ := v.(cbor.Map)
	namespace, _ := in["Namespace"].(cbor.String)
	list, _ := in["MetricData"].(cbor.List)
	if namespace == "" || len(list) == 0 {
		return 0, errNoData
	}
	return len(list), nil
}

func (rpcCBOR) throttling() string { return "ThrottlingException" }

func (rpcCBOR) refuse(w http.ResponseWriter, code, message string) {
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	w.WriteHeader(http.StatusBadRequest)
	w.Write(cbor.Encode(cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#" + code), "message": cbor.String(message)}))
}

func (rpcCBOR) accept(w http.ResponseWriter) {
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	w.Write(cbor.Encode(cbor.Map{}))
}

// query is https://smithy.io/2.0/aws/protocols/aws-query-protocol.html.
type query struct{}

func (query) datums(r *http.Request) (int, error) {
	b, err := body(r)
	if err != nil {
		return 0, err
	}
	form, err := url.ParseQuery(string(b))
	if err != nil {
		return 0, err
	}
	if form.Get("Action") != "PutMetricData" {
		return 0, fmt.Errorf("%q: only PutMetricData is served", form.Get("Action"))
	}
	n := 0
	for form.Has(fmt.Sprintf("MetricData.member.%d.MetricName", n+1)) {
		n++
	}
	if form.Get("Namespace") == "" || n == 0 {
		return 0, errNoData
	}
	return n, nil
}

func (query) throttling() string { return "Throttling" }

func (query) refuse(w http.ResponseWriter, code, message string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `<ErrorResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, code, message)
}

func (query) accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/xml")
	io.WriteString(w, `<PutMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><ResponseMetadata/></PutMetricDataResponse>`)
}

// wait is how long an answer takes. It is false if the client has left.
func wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
