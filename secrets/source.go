package secrets

import "context"

// A Source fetches one version of a secret. Implementations are safe for
// concurrent use, hold to the context's deadline, and wrap the matching one of
// [ErrNotFound], [ErrDenied], [ErrDeleted], [ErrRegion] and [ErrTooLarge] in
// their errors. No error may contain the value.
type Source interface {
	Fetch(ctx context.Context, r Request) (Raw, error)
}

// SourceFunc is a function as a [Source], for tests and for sources of a few
// lines.
type SourceFunc func(ctx context.Context, r Request) (Raw, error)

// Fetch calls f.
func (f SourceFunc) Fetch(ctx context.Context, r Request) (Raw, error) { return f(ctx, r) }

// Request says which version of which secret to fetch.
type Request struct {
	// ID is the secret's name or ARN.
	ID string
	// Stage selects the version.
	Stage Stage
	// Fresh asks to bypass caches between this process and the service, because
	// the version they would answer with has just been rejected.
	Fresh bool
}

// Version identifies one version of a secret: the version ID of Secrets
// Manager, the version number of Parameter Store. It is not confidential.
type Version string

// Stage is a version stage (staging label) of Secrets Manager; see
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html#term_version.
// Other sources map their versions to it.
type Stage string

// The stages that Secrets Manager moves during a rotation.
const (
	StageCurrent  Stage = "AWSCURRENT"
	StagePending  Stage = "AWSPENDING"
	StagePrevious Stage = "AWSPREVIOUS"
)

// Raw is one version of a secret as its source returned it. It prints without
// its value.
type Raw struct {
	// Version identifies the version; it must not be empty.
	Version Version
	// Stages are all stages attached to the version, if the source knows them.
	// A stage listed here is not fetched again during recovery.
	Stages []Stage
	// Data is the value, at most 65,536 bytes, which is Secrets Manager's limit.
	Data []byte
	// Binary is true for a value that is not text (SecretBinary).
	Binary bool
}
