// Package handler turns core logic into a Lambda function: it is the entry
// point, and logic is a plain Go function that knows nothing of it.
package handler
