package invokeapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

// stream is InvokeWithResponseStream, see
// https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html.
func (a *API) stream(w http.ResponseWriter, r *http.Request) {
	switch kind := r.Header.Get("X-Amz-Invocation-Type"); kind {
	case "", "RequestResponse":
	case "DryRun":
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		invalid("invocationType", kind, "[RequestResponse, DryRun]").write(w)
		return
	}
	q, failed := a.read(r, maxPayload, "RequestResponse")
	if failed != nil {
		failed.write(w)
		return
	}
	s := &eventStream{w: w, version: q.function.Config().Version}
	q.inv.Stream = s
	res, err := q.function.Invoke(r.Context(), q.inv)
	switch {
	case err == nil:
	case s.encoder == nil:
		refusal(err).write(w) // nothing was sent: the function was not invoked
		return
	default:
		panic(http.ErrAbortHandler) // the caller is gone, or the function is closed
	}
	complete := map[string]string{}
	if res.FunctionError != "" {
		complete["ErrorCode"], complete["ErrorDetails"] = res.FunctionError, string(res.Payload)
	}
	if q.tail {
		complete["LogResult"] = base64.StdEncoding.EncodeToString(res.LogTail())
	}
	payload, _ := json.Marshal(complete)
	s.send("InvokeComplete", "application/json", payload)
}

// eventStream writes chunks of a response as events.
type eventStream struct {
	w       http.ResponseWriter
	version string
	encoder *eventstream.Encoder // nil before the first event
	buf     bytes.Buffer
}

func (s *eventStream) Write(p []byte) (int, error) {
	return len(p), s.send("PayloadChunk", "application/octet-stream", p)
}

func (s *eventStream) send(kind, contentType string, payload []byte) error {
	if s.encoder == nil {
		s.encoder = eventstream.NewEncoder()
		h := s.w.Header()
		h.Set("Content-Type", "application/vnd.amazon.eventstream")
		h.Set("X-Amz-Executed-Version", s.version)
	}
	var m eventstream.Message
	m.Headers.Set(":message-type", eventstream.StringValue("event"))
	m.Headers.Set(":event-type", eventstream.StringValue(kind))
	m.Headers.Set(":content-type", eventstream.StringValue(contentType))
	m.Payload = payload
	s.buf.Reset()
	if err := s.encoder.Encode(&s.buf, m); err != nil {
		return err
	}
	if _, err := s.w.Write(s.buf.Bytes()); err != nil {
		return err
	}
	return http.NewResponseController(s.w).Flush()
}
