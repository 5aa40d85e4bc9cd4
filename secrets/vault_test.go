package secrets_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/secrets"
)

// login is a typical T.
type login struct {
	Username string           `json:"username"`
	Password secrets.Redacted `json:"password"`
}

// vault is a source in memory: versions, stages, and how it fails.
type vault struct {
	mu     sync.Mutex
	data   map[secrets.Version]string
	stages map[secrets.Stage]secrets.Version
	fail   map[secrets.Stage]error
	down   error
	delay  time.Duration
	hang   bool // ignores its context
	calls  map[secrets.Stage]int
	n      int
}

func newVault(value string) *vault {
	v := &vault{data: map[secrets.Version]string{}, stages: map[secrets.Stage]secrets.Version{}, fail: map[secrets.Stage]error{}, calls: map[secrets.Stage]int{}}
	v.put(secrets.StageCurrent, value)
	return v
}

func creds(user, password string) string {
	b, err := json.Marshal(map[string]string{"username": user, "password": password})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (v *vault) put(stage secrets.Stage, value string) secrets.Version {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.n++
	version := secrets.Version("v" + strconv.Itoa(v.n))
	v.data[version] = value
	if old := v.stages[stage]; stage == secrets.StageCurrent && old != "" {
		v.stages[secrets.StagePrevious] = old
	}
	v.stages[stage] = version
	return version
}

// finish moves AWSCURRENT to the pending version.
func (v *vault) finish() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stages[secrets.StagePrevious] = v.stages[secrets.StageCurrent]
	v.stages[secrets.StageCurrent] = v.stages[secrets.StagePending]
}

func (v *vault) set(f func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f()
}

func (v *vault) total() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	for _, c := range v.calls {
		n += c
	}
	return n
}

func (v *vault) Fetch(ctx context.Context, r secrets.Request) (secrets.Raw, error) {
	v.mu.Lock()
	v.calls[r.Stage]++
	delay, hang := v.delay, v.hang
	v.mu.Unlock()
	if hang {
		select {}
	}
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return secrets.Raw{}, ctx.Err()
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.down != nil {
		return secrets.Raw{}, v.down
	}
	if err := v.fail[r.Stage]; err != nil {
		return secrets.Raw{}, err
	}
	version, ok := v.stages[r.Stage]
	if !ok {
		return secrets.Raw{}, fmt.Errorf("%w: no value for staging label %s", secrets.ErrNotFound, r.Stage)
	}
	raw := secrets.Raw{Version: version, Data: []byte(v.data[version])}
	for s, other := range v.stages {
		if other == version {
			raw.Stages = append(raw.Stages, s)
		}
	}
	return raw, nil
}

func mustNew[T any](t testing.TB, source secrets.Source, opts *secrets.Options) *secrets.Secret[T] {
	t.Helper()
	s, err := secrets.New[T](source, "orders/db", opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustGet[T any](t testing.TB, s *secrets.Secret[T]) T {
	t.Helper()
	v, err := s.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}
