package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// What API Gateway allows.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const maxMessage = 128 << 10

// A socketAPI stands in for an API Gateway WebSocket API of one stage: clients
// connect to /{stage}, their messages go to the function, and what is posted to
// /{stage}/@connections/{id} goes to them. The API has one route, whoami, set up
// for two-way communication.
type socketAPI struct {
	function *runtimeapi.Function
	stage    string
	ctx      context.Context // ends with the API

	mu          sync.Mutex
	connections map[string]*connection
	posted      map[string]int // messages accepted, by connection ID
	gone        int            // answered with 410
}

type connection struct {
	id        string
	socket    *websocket.Conn
	connected time.Time
	closed    chan struct{}
}

func newSocketAPI(ctx context.Context, function *runtimeapi.Function, stage string) *socketAPI {
	return &socketAPI{function: function, stage: stage, ctx: ctx, connections: map[string]*connection{}, posted: map[string]int{}}
}

func (a *socketAPI) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+a.stage, a.connect)
	mux.HandleFunc("POST /"+a.stage+"/@connections/{id}", a.post)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token")
	})
	return mux
}

// connect serves a connection until either side ends it.
func (a *socketAPI) connect(w http.ResponseWriter, r *http.Request) {
	socket, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer socket.CloseNow()
	socket.SetReadLimit(maxMessage)
	c := &connection{id: newID(), socket: socket, connected: time.Now(), closed: make(chan struct{})}
	a.mu.Lock()
	a.connections[c.id] = c
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		delete(a.connections, c.id)
		a.mu.Unlock()
		close(c.closed)
	}()
	for {
		_, body, err := socket.Read(a.ctx)
		if err != nil {
			return
		}
		if err := socket.Write(a.ctx, websocket.MessageText, a.answer(c, body, r)); err != nil {
			return
		}
	}
}

// answer is what the client gets for a message.
func (a *socketAPI) answer(c *connection, body []byte, r *http.Request) []byte {
	requestID := newID()
	failure := func(text string) []byte {
		out, _ := json.Marshal(map[string]string{"message": text, "connectionId": c.id, "requestId": requestID})
		return out
	}
	var message struct{ Action string } // the route selection expression, $request.body.action
	if json.Unmarshal(body, &message); message.Action != "whoami" {
		return failure("Forbidden") // there is no $default
	}
	now := time.Now()
	ip, _, _ := net.SplitHostPort(r.RemoteAddr)
	event, err := json.Marshal(map[string]any{
		"requestContext": map[string]any{
			"routeKey": "whoami", "eventType": "MESSAGE", "messageDirection": "IN", "messageId": newID(),
			"connectionId": c.id, "connectedAt": c.connected.UnixMilli(),
			"requestTime": now.UTC().Format("02/Jan/2006:15:04:05 -0700"), "requestTimeEpoch": now.UnixMilli(),
			"requestId": requestID, "extendedRequestId": requestID,
			"stage": a.stage, "apiId": "local", "domainName": r.Host,
			"identity": map[string]string{"sourceIp": ip, "userAgent": r.UserAgent()},
		},
		"body": string(body), "isBase64Encoded": false,
	})
	if err != nil {
		return failure("Internal server error")
	}
	result, err := a.function.Invoke(a.ctx, runtimeapi.Invocation{Payload: event})
	if err != nil || result.FunctionError != "" {
		return failure("Internal server error")
	}
	var response struct {
		StatusCode int
		Body       string
	}
	if err := json.Unmarshal(result.Payload, &response); err != nil || response.StatusCode == 0 {
		return failure("Internal server error")
	}
	return []byte(response.Body)
}

// post is the Management API's PostToConnection. It takes any signature.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
func (a *socketAPI) post(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		refuse(w, http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token")
		return
	}
	message, err := io.ReadAll(io.LimitReader(r.Body, maxMessage+1))
	if err != nil {
		return // the caller is gone
	}
	if len(message) > maxMessage {
		refuse(w, http.StatusRequestEntityTooLarge, "PayloadTooLargeException", "Message too long")
		return
	}
	id := r.PathValue("id")
	a.mu.Lock()
	c := a.connections[id]
	a.mu.Unlock()
	kind := websocket.MessageBinary
	if utf8.Valid(message) {
		kind = websocket.MessageText
	}
	if c == nil || c.socket.Write(a.ctx, kind, message) != nil {
		a.mu.Lock()
		a.gone++
		a.mu.Unlock()
		refuse(w, http.StatusGone, "GoneException", "Gone")
		return
	}
	a.mu.Lock()
	a.posted[id]++
	a.mu.Unlock()
	w.WriteHeader(http.StatusOK)
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("X-Amzn-ErrorType", kind)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message":%q}`, message)
}

// closed ends when the connection is gone; at once if it is already.
func (a *socketAPI) closed(id string) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.connections[id]; c != nil {
		return c.closed
	}
	done := make(chan struct{})
	close(done)
	return done
}

// counts returns how many messages went to a connection, and how many found
// theirs gone.
func (a *socketAPI) counts(id string) (posted, gone int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.posted[id], a.gone
}

// newID has the form of API Gateway's: base64 with its padding.
func newID() string {
	b := make([]byte, 11)
	rand.Read(b)
	return base64.URLEncoding.EncodeToString(b)
}
