// Package invokeapi is the part of the Lambda service's own API that invokes
// functions, so that the AWS CLI and SDKs work with it as their endpoint:
// Invoke, with the invocation types RequestResponse, Event and DryRun, and
// InvokeWithResponseStream. Requests need no valid signature. See
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html.
package invokeapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// The quotas on a request's payload, see
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
const (
	maxPayload      = 6 << 20
	maxAsyncPayload = 1 << 20
)

// API invokes functions by name.
type API struct {
	// Function finds a function. The name is that of [runtimeapi.Config].
	Function func(name string) (*runtimeapi.Function, bool)
	// Problem is told what becomes of asynchronous invocations that fail.
	Problem func(text string)
	// RetryDelays are the waits before an asynchronous invocation is tried
	// again after a function error. Nil means 1 and 2 minutes, as on the
	// service.
	RetryDelays []time.Duration

	once    sync.Once
	ctx     context.Context
	cancel  context.CancelFunc
	pending sync.WaitGroup
}

func (a *API) init() {
	a.once.Do(func() {
		a.ctx, a.cancel = context.WithCancel(context.Background())
		if a.RetryDelays == nil {
			a.RetryDelays = []time.Duration{time.Minute, 2 * time.Minute}
		}
	})
}

// Close drops asynchronous invocations that wait, and waits for the rest.
func (a *API) Close() {
	a.init()
	a.cancel()
	a.pending.Wait()
}

// Routes adds the API's paths to a mux.
func (a *API) Routes(mux *http.ServeMux) {
	a.init()
	mux.HandleFunc("POST /2015-03-31/functions/{name}/invocations", a.invoke)
	mux.HandleFunc("POST /2021-11-15/functions/{name}/response-streaming-invocations", a.stream)
}

// apiError is an error of the service, as its clients read it.
type apiError struct {
	status    int
	errorType string
	message   string
}

func (e *apiError) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("X-Amzn-Errortype", e.errorType)
	h.Set("Content-Type", "application/json")
	who := "User"
	if e.status >= 500 {
		who = "Service"
	}
	body := map[string]string{"Type": who, "Message": e.message}
	if e.status == http.StatusTooManyRequests {
		body["Reason"] = "ReservedFunctionConcurrentInvocationLimitExceeded"
	}
	w.WriteHeader(e.status)
	json.NewEncoder(w).Encode(body)
}

// request is an invocation that was asked for.
type request struct {
	function *runtimeapi.Function
	inv      runtimeapi.Invocation
	tail     bool
}

func (a *API) read(r *http.Request, limit int64, kind string) (*request, *apiError) {
	name, qualifier, err := splitName(r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	if q := r.URL.Query().Get("Qualifier"); q != "" {
		if qualifier != "" && qualifier != q {
			return nil, &apiError{http.StatusBadRequest, "InvalidParameterValueException",
				"The derived qualifier from the function name does not match the specified qualifier."}
		}
		qualifier = q
	}
	f, ok := a.Function(name)
	if !ok {
		return nil, &apiError{http.StatusNotFound, "ResourceNotFoundException", "Function not found: arn:aws:lambda:local:123456789012:function:" + name}
	}
	payload, readErr := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if readErr != nil {
		return nil, &apiError{http.StatusBadRequest, "InvalidRequestContentException", "Could not read the request body: " + readErr.Error()}
	}
	if int64(len(payload)) > limit {
		n := max(r.ContentLength, int64(len(payload)))
		return nil, &apiError{http.StatusRequestEntityTooLarge, "RequestTooLargeException",
			fmt.Sprintf("%d byte payload is too large for the %s invocation type (limit %d bytes)", n, kind, limit)}
	}
	if len(payload) == 0 {
		payload = []byte("{}")
	} else if !json.Valid(payload) {
		return nil, &apiError{http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json: " + syntaxError(payload)}
	}
	q := &request{function: f, inv: runtimeapi.Invocation{
		Payload: payload, Qualifier: qualifier,
		TraceID: r.Header.Get("X-Amzn-Trace-Id"), TenantID: r.Header.Get("X-Amz-Tenant-Id"),
	}}
	switch t := r.Header.Get("X-Amz-Log-Type"); t {
	case "", "None":
	case "Tail":
		q.tail = true
	default:
		return nil, invalid("logType", t, "[None, Tail]")
	}
	if c := r.Header.Get("X-Amz-Client-Context"); c != "" {
		b, err := base64.StdEncoding.DecodeString(c)
		if err != nil || !json.Valid(b) || len(c) > 3583 {
			return nil, &apiError{http.StatusBadRequest, "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object of at most 3,583 bytes."}
		}
		q.inv.ClientContext = compact(b)
	}
	return q, nil
}

func invalid(name, value, want string) *apiError {
	return &apiError{http.StatusBadRequest, "ValidationException", fmt.Sprintf(
		"1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: %s", value, name, want)}
}

func syntaxError(payload []byte) string {
	var v any
	if err := json.Unmarshal(payload, &v); err != nil {
		return err.Error()
	}
	return "invalid JSON"
}

// compact makes JSON fit for a header.
func compact(b []byte) string {
	var v json.RawMessage = b
	out, _ := json.Marshal(v)
	return string(out)
}

// splitName takes apart what names a function: its name, its ARN, or its ARN
// without the first part, each with a qualifier or not.
func splitName(s string) (name, qualifier string, failed *apiError) {
	if unescaped, err := url.PathUnescape(s); err == nil {
		s = unescaped
	}
	parts := strings.Split(s, ":")
	for i, p := range parts {
		if p == "function" && (i == 1 || i == 5) {
			parts = parts[i+1:]
			break
		}
	}
	if len(parts) > 2 || parts[0] == "" {
		return "", "", &apiError{http.StatusBadRequest, "ValidationException", fmt.Sprintf("%q is not a function's name or ARN", s)}
	}
	if len(parts) == 2 {
		qualifier = parts[1]
	}
	return parts[0], qualifier, nil
}

func (a *API) invoke(w http.ResponseWriter, r *http.Request) {
	kind := r.Header.Get("X-Amz-Invocation-Type")
	limit := int64(maxPayload)
	switch kind {
	case "":
		kind = "RequestResponse"
	case "Event":
		limit = maxAsyncPayload
	case "RequestResponse", "DryRun":
	default:
		invalid("invocationType", kind, "[Event, RequestResponse, DryRun]").write(w)
		return
	}
	q, failed := a.read(r, limit, kind)
	if failed != nil {
		failed.write(w)
		return
	}
	switch kind {
	case "DryRun":
		w.WriteHeader(http.StatusNoContent)
	case "Event":
		a.queue(q)
		w.WriteHeader(http.StatusAccepted)
	default:
		res, err := q.function.Invoke(r.Context(), q.inv)
		if err != nil {
			refusal(err).write(w)
			return
		}
		h := w.Header()
		head(h, res)
		if q.tail {
			h.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(res.LogTail()))
		}
		h.Set("Content-Type", "application/json")
		w.Write(res.Payload)
	}
}

func head(h http.Header, res *runtimeapi.Result) {
	h.Set("X-Amzn-Requestid", res.RequestID)
	h.Set("X-Amz-Executed-Version", res.ExecutedVersion)
	if res.FunctionError != "" {
		h.Set("X-Amz-Function-Error", res.FunctionError)
	}
}

func refusal(err error) *apiError {
	if errors.Is(err, runtimeapi.ErrThrottled) {
		return &apiError{http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded."}
	}
	return &apiError{http.StatusInternalServerError, "ServiceException", err.Error()}
}

// queue runs an asynchronous invocation: again after a function error, and for
// as long as the function throttles, see
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html.
func (a *API) queue(q *request) {
	a.pending.Go(func() {
		tries, backoff := 0, 100*time.Millisecond
		for {
			res, err := q.function.Invoke(a.ctx, q.inv)
			var wait time.Duration
			switch {
			case errors.Is(err, runtimeapi.ErrThrottled):
				wait, backoff = backoff, min(2*backoff, 5*time.Minute)
			case err != nil:
				a.problem("an asynchronous invocation was dropped: %v", err)
				return
			case res.FunctionError == "":
				return
			case tries == len(a.RetryDelays):
				a.problem("asynchronous invocation %s failed %d times: %s; the service would send it to the failure destination or drop it", res.RequestID, tries+1, res.ErrorType)
				return
			default:
				wait = a.RetryDelays[tries]
				tries++
				q.inv.RequestID = res.RequestID // it stays the same
				a.problem("asynchronous invocation %s failed: %s; it is tried again in %v", res.RequestID, res.ErrorType, wait)
			}
			select {
			case <-time.After(wait):
			case <-a.ctx.Done():
				a.problem("an asynchronous invocation that waited was dropped")
				return
			}
		}
	})
}

func (a *API) problem(format string, args ...any) {
	if a.Problem != nil {
		a.Problem(fmt.Sprintf(format, args...))
	}
}
