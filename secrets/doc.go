// Package secrets reads a secret once at INIT and again when a connection
// fails, so that a rotation under a running fleet fails no query and a wrong
// password starts no storm.
//
// A [Secret] is a typed, cached view of one secret of a [Source]. The sources
// are in packages of their own, so that a function links only the client it
// uses: secretsmanager, parameterstore and extension. Packages sqldb and
// rdsauth log in to databases, secretstest is Secrets Manager for tests.
//
//	db, err := secrets.New[sqldb.Creds](source, "orders/db", nil)
//	…
//	handler.Task{Run: secrets.Prefetch(db, apiKey)} // at INIT, in parallel
//	secrets.Middleware(db, apiKey)                   // expiry is judged once per invocation
//	creds, err := db.Get(ctx)                        // an atomic load
//
// # Age
//
// A value is served until its age exceeds [Options.MaxAge], judged by the wall
// clock: an execution environment may have been frozen for hours, and its
// monotonic clock with it. There is no background goroutine. The first Get
// after the expiry fetches, once for all concurrent callers; the fetch runs on
// a context of its own, which ends when its last caller has left. A fetch that
// fails leaves the value that is held in place, is reported to
// [Options.Observe] and is tried again by a later Get; errors are not cached.
//
// # Rotation
//
// A rotation in Secrets Manager changes the database (setSecret) before it
// moves the stage AWSCURRENT (finishSecret): in between, only the AWSPENDING
// version logs in. A secret edited by hand is often changed before the database:
// then only AWSPREVIOUS does. [Secret.Recover] therefore tries the stages in
// this order, fetch and login under one leader for all callers. recover.go is
// the place where that is decided.
//
// # Printing
//
// [Value], [Raw], [Redacted] and [Secret] print as [redacted], through fmt,
// log/slog and encoding/json, and no error of this package holds a value or a
// text that could quote one. That values are wiped from memory is not promised:
// strings are immutable, and SDKs and decoders copy.
package secrets
