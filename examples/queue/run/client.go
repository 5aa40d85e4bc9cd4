package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"

	"github.com/coder/websocket"

	"github.com/lambdatune/lambdatune/examples/queue/jobs"
)

// A client listens on a WebSocket connection for replies to its jobs.
type client struct {
	connectionID string
	socket       *websocket.Conn
	done         chan struct{} // closed when nothing more will come

	mu       sync.Mutex
	replies  map[string]int // by job
	received int
	err      error // a reply that is none
}

// dial connects, asks for the connection's ID, and listens until the connection
// or ctx ends.
func dial(ctx context.Context, url string) (*client, error) {
	socket, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	c := &client{socket: socket, done: make(chan struct{}), replies: map[string]int{}}
	if err := c.identify(ctx); err != nil {
		socket.CloseNow()
		return nil, err
	}
	go c.listen(ctx)
	return c, nil
}

func (c *client) identify(ctx context.Context) error {
	if err := c.socket.Write(ctx, websocket.MessageText, []byte(`{"action":"whoami"}`)); err != nil {
		return err
	}
	_, message, err := c.socket.Read(ctx)
	if err != nil {
		return err
	}
	var me struct{ ConnectionID, Message string }
	if err := json.Unmarshal(message, &me); err != nil || me.ConnectionID == "" || me.Message != "" {
		return fmt.Errorf("whoami was answered with %s", message)
	}
	c.connectionID = me.ConnectionID
	return nil
}

func (c *client) listen(ctx context.Context) {
	defer close(c.done)
	for {
		_, message, err := c.socket.Read(ctx)
		if err != nil {
			return
		}
		var r jobs.Reply
		err = json.Unmarshal(message, &r)
		c.mu.Lock()
		c.received++
		if err != nil || r.JobID == "" || r.Receipt == "" {
			c.err = fmt.Errorf("a reply without job or receipt: %s", message)
		} else {
			c.replies[r.JobID]++
		}
		c.mu.Unlock()
	}
}

// hangUp closes the connection.
func (c *client) hangUp() {
	c.socket.CloseNow()
	<-c.done
}

// state returns how often each job was replied to, and how many messages came.
func (c *client) state() (replies map[string]int, received int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.replies), c.received, c.err
}
