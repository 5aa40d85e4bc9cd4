// Package sim simulates a function's environments and what they call, event by
// event, at a scale that no single machine has.
//
// A [Model] is the load, the service's limits and the function's [Step]s; [Model.Run]
// is the simulation. It is deterministic by seed, takes O(log n) per event and
// does some millions of them per second. Its behaviour is checked against closed
// forms (Erlang's B and C formulas, M/D/1, Little's law) in the tests.
//
// What it knows of Lambda: an environment handles one invocation at a time, the
// most recently used one is taken first, a new one is started where none is idle,
// within the environment limit and the scaling rate, and a request beyond them is
// throttled at once; INIT comes before the first invocation, and again after a
// timeout. Idle environments are kept. Of other services it knows their latency,
// a quota per second or a number of servers, and what the SDK does about
// throttling.
package sim
