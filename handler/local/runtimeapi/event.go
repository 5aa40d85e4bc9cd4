package runtimeapi

import "time"

// EventType names what an [Event] tells.
type EventType string

// The events of a function's life, in the order in which an environment has
// them.
const (
	EventInitStart EventType = "initStart" // the program was started
	EventInitEnd   EventType = "initEnd"   // INIT ended; Status, Duration and ErrorType say how
	EventStart     EventType = "start"     // an invocation was begun
	EventLog       EventType = "log"       // the function wrote Line
	EventEnd       EventType = "end"       // an invocation ended; Result says how
	EventFreeze    EventType = "freeze"    // the environment was frozen
	EventThaw      EventType = "thaw"      // and thawed
	EventShutdown  EventType = "shutdown"  // the environment is gone; Summary tells its life
)

// Event is something that happened to a function. Which fields are set depends
// on the type.
type Event struct {
	Time        time.Time
	Type        EventType
	Function    string
	Environment int
	RequestID   string // of Start, End, and of a Log line within one invocation
	PID         int    // of InitStart

	Line string // of Log, without its line ending

	Status    Status        // of InitEnd
	Duration  time.Duration // of InitEnd
	ErrorType string        // of InitEnd
	Invoke    bool          // of InitStart and InitEnd: INIT is done again within an invocation

	Result  *Result  // of End
	Summary *Summary // of Shutdown
}

// Summary is the life of an execution environment.
type Summary struct {
	Reason      string // "idle", "update", "close", "tenant"
	Invocations int
	Errors      int
	Restarts    int           // of the program, after an exit or a timeout
	Init        time.Duration // the first INIT
	Busy        time.Duration // all durations together
	Lifetime    time.Duration
	PeakMemory  int64 // bytes
}
