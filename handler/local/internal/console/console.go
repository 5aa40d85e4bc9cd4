// Package console shows what happens to functions: as text for a person, or as
// JSON lines for a machine.
package console

import (
	"time"

	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// Console shows. Its methods may be called from several goroutines.
type Console interface {
	// Event shows something that happened to a function.
	Event(runtimeapi.Event)
	// Request and Response show an event that is played, and what came of it.
	Request(source string, payload []byte)
	Response(*runtimeapi.Result)
	// HTTP shows a request that was mapped to an event, and its answer.
	HTTP(method, path string, status int, took time.Duration)
	// Stats shows figures over many invocations.
	Stats(Stats)
	// Batch shows what came of a batch of messages, and Queue of all of them.
	Batch(Batch)
	Queue(Queue)
	// Note tells the user something; Problem that something is wrong.
	Note(text string)
	Problem(text string)
}
