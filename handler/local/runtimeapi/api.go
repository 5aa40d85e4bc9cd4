package runtimeapi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// The Runtime API, see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
const (
	runtimePath = "/2018-06-01/runtime/"

	headerRequestID       = "Lambda-Runtime-Aws-Request-Id"
	headerDeadline        = "Lambda-Runtime-Deadline-Ms"
	headerFunctionARN     = "Lambda-Runtime-Invoked-Function-Arn"
	headerTraceID         = "Lambda-Runtime-Trace-Id"
	headerClientContext   = "Lambda-Runtime-Client-Context"
	headerCognitoIdentity = "Lambda-Runtime-Cognito-Identity"
	headerTenantID        = "Lambda-Runtime-Aws-Tenant-Id"
	headerErrorType       = "Lambda-Runtime-Function-Error-Type"
	trailerErrorBody      = "Lambda-Runtime-Function-Error-Body"

	// maxPayload is the service's 6 MB and what it adds for envelopes.
	maxPayload = 6<<20 + 100
	maxStream  = 200 << 20
)

func (r *run) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+runtimePath+"invocation/next", r.handleNext)
	mux.HandleFunc("POST "+runtimePath+"invocation/{id}/response", r.handleResponse)
	mux.HandleFunc("POST "+runtimePath+"invocation/{id}/error", r.handleError)
	mux.HandleFunc("POST "+runtimePath+"init/error", r.handleInitError)
	mux.HandleFunc("POST "+extensionPath+"register", r.handleRegister)
	mux.HandleFunc("GET "+extensionPath+"event/next", r.handleExtensionNext)
	mux.HandleFunc("POST "+extensionPath+"init/error", r.handleExtensionError)
	mux.HandleFunc("POST "+extensionPath+"exit/error", r.handleExtensionError)
	return mux
}

func (r *run) handleNext(w http.ResponseWriter, req *http.Request) {
	if !r.askedForNext() {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the invocation before was not answered")
		return
	}
	select {
	case a := <-r.next:
		if req.Context().Err() != nil || hungUp(req.Context()) {
			a.delivered <- false
			return
		}
		defer func() { a.delivered <- true }()
		h := w.Header()
		// Names in canonical form need no canonicalizing.
		h[headerRequestID] = []string{a.result.RequestID}
		h[headerDeadline] = []string{strconv.FormatInt(a.deadline.UnixMilli(), 10)}
		h[headerFunctionARN] = []string{a.arn}
		h[headerTraceID] = []string{a.inv.TraceID}
		h["Content-Type"] = []string{"application/json"}
		setIfAny(h, headerClientContext, a.inv.ClientContext)
		setIfAny(h, headerCognitoIdentity, a.inv.CognitoIdentity)
		setIfAny(h, headerTenantID, a.inv.TenantID)
		h["Content-Length"] = []string{strconv.Itoa(len(a.inv.Payload))}
		w.Write(a.inv.Payload)
	case <-req.Context().Done(): // the program is gone, or asks no more
	}
}

func setIfAny(h http.Header, name, value string) {
	if value != "" {
		h[name] = []string{value}
	}
}

func (r *run) handleResponse(w http.ResponseWriter, req *http.Request) {
	a := r.claim(req.PathValue("id"))
	if a == nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	payload, f, err := readResponse(a, req)
	if err != nil {
		return // the program went away while it answered
	}
	if f.errorType == typeTooLarge {
		r.respond(a, func() { a.fail(f) })
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size ("+strconv.Itoa(maxPayload)+" bytes).")
		return
	}
	r.respond(a, func() {
		if f.payload != nil {
			a.fail(f)
		} else {
			a.succeed(payload, req.Header.Get("Content-Type"))
		}
	})
	accept(w)
}

const typeTooLarge = "Function.ResponseSizeTooLarge"

// readResponse reads a response whole, or passes it on as it comes. A function
// that fails on the way says so in the trailers.
func readResponse(a *active, req *http.Request) (payload []byte, f failure, err error) {
	limit := int64(maxPayload)
	if a.stream != nil {
		limit = maxStream
		a.stream.contentType(req.Header.Get("Content-Type"))
		err = copyFlush(a.stream, io.LimitReader(req.Body, limit))
	} else {
		payload, err = io.ReadAll(io.LimitReader(req.Body, limit))
	}
	if err != nil {
		return nil, f, err
	}
	if n, err := io.Copy(io.Discard, req.Body); err != nil {
		return nil, f, err
	} else if n > 0 {
		return nil, newFailure(StatusError, typeTooLarge,
			"Response payload size exceeded maximum allowed payload size ("+strconv.FormatInt(limit, 10)+" bytes)."), nil
	}
	if t := req.Trailer.Get(headerErrorType); t != "" {
		body, err := base64.StdEncoding.DecodeString(req.Trailer.Get(trailerErrorBody))
		if err != nil || !json.Valid(body) {
			body = nil
		}
		return nil, reportedFailure(body, t), nil
	}
	return payload, f, nil
}

// copyFlush copies src to dst as it comes; where dst fails, src is still read.
// The error is that of src.
func copyFlush(dst io.Writer, src io.Reader) error {
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 && dst != nil {
			if _, err := dst.Write(buf[:n]); err != nil {
				dst = nil
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *run) handleError(w http.ResponseWriter, req *http.Request) {
	a := r.claim(req.PathValue("id"))
	if a == nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, maxPayload))
	if err != nil {
		return
	}
	f := errorOf(req, body)
	r.respond(a, func() { a.fail(f) })
	accept(w)
}

func (r *run) handleInitError(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, maxPayload))
	if err != nil {
		return
	}
	if !r.failInit(errorOf(req, body)) {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "INIT has ended")
		return
	}
	accept(w)
}

func errorOf(req *http.Request, body []byte) failure {
	headerType := req.Header.Get(headerErrorType)
	if headerType == "" {
		headerType = "Runtime.Unknown"
	}
	return reportedFailure(body, headerType)
}

func accept(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	w.WriteHeader(http.StatusAccepted)
	io.WriteString(w, `{"status":"OK"}`+"\n")
}

func refuse(w http.ResponseWriter, status int, errorType, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"errorType": errorType, "errorMessage": message})
}

// The Extensions API, as far as a function's own process uses it, see
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html.
const (
	extensionPath     = "/2020-01-01/extension/"
	headerExtension   = "Lambda-Extension-Name"
	headerExtensionID = "Lambda-Extension-Identifier"
)

// handleRegister registers an internal extension, one within the function's
// process, which gives that process a SIGTERM at its end.
func (r *run) handleRegister(w http.ResponseWriter, req *http.Request) {
	name := req.Header.Get(headerExtension)
	if name == "" {
		refuse(w, http.StatusBadRequest, "Extension.InvalidExtensionName", "the "+headerExtension+" header is missing")
		return
	}
	var body struct {
		Events []string `json:"events"`
	}
	if err := json.NewDecoder(io.LimitReader(req.Body, 64<<10)).Decode(&body); err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestFormat", err.Error())
		return
	}
	for _, e := range body.Events {
		switch strings.ToUpper(e) {
		case "INVOKE":
		case "SHUTDOWN":
			refuse(w, http.StatusForbidden, "ShutdownEventNotSupportedForInternalExtension", "Shutdown event not supported for internal extension")
			return
		default:
			refuse(w, http.StatusBadRequest, "Extension.InvalidEventType", e+" is not an event: want INVOKE")
			return
		}
	}
	id, ok := r.register(name, len(body.Events) > 0)
	if !ok {
		refuse(w, http.StatusForbidden, "Extension.RegistrationError", name+": registration is over or the name is taken")
		return
	}
	w.Header().Set(headerExtensionID, id)
	w.Header().Set("Content-Type", "application/json")
	c := r.env.fn.cfg
	json.NewEncoder(w).Encode(map[string]string{
		"functionName": c.Name, "functionVersion": c.Version, "handler": "bootstrap",
	})
}

// handleExtensionNext hands INVOKE events to an extension that asked for
// them; for any other it never answers.
func (r *run) handleExtensionNext(w http.ResponseWriter, req *http.Request) {
	x := r.extension(req.Header.Get(headerExtensionID))
	if x == nil {
		refuse(w, http.StatusForbidden, "Extension.UnknownExtensionIdentifier", "Unknown extension "+req.Header.Get(headerExtensionID))
		return
	}
	select {
	case event := <-x.events:
		w.Header().Set("Lambda-Extension-Event-Identifier", newUUID())
		w.Header().Set("Content-Type", "application/json")
		w.Write(event)
	case <-req.Context().Done():
	}
}

func (r *run) handleExtensionError(w http.ResponseWriter, req *http.Request) {
	if r.extension(req.Header.Get(headerExtensionID)) == nil {
		refuse(w, http.StatusForbidden, "Extension.UnknownExtensionIdentifier", "Unknown extension "+req.Header.Get(headerExtensionID))
		return
	}
	accept(w)
}
