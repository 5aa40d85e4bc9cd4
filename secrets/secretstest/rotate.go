package secretstest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
)

// Rotation is a secret's rotation function, a callback for each of its steps; see
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html.
// They run in the order of the fields, without a lock of the server.
type Rotation struct {
	// Create returns the new value, given the current one. It is required.
	Create func(ctx context.Context, current string) (pending string, err error)
	// Set makes the service accept the pending value, as by ALTER USER. From
	// when it returns until the rotation is finished, a database usually
	// accepts only the AWSPENDING version. Nil does nothing.
	Set func(ctx context.Context, pending string) error
	// Test checks the pending value. Nil does nothing. The time it takes is the
	// window.
	Test func(ctx context.Context, pending string) error
	// Finish is called before AWSCURRENT moves to the new version. Nil does
	// nothing.
	Finish func(ctx context.Context, pending string) error
}

// OnRotate sets what rotates a secret, for Rotate and for the RotateSecret
// operation, which answers at once and rotates in the background, as Secrets
// Manager does.
func (s *Server) OnRotate(name string, r Rotation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rotator[name] = r
}

// Rotate rotates the secret by the callbacks of OnRotate: it stores what Create
// returned as AWSPENDING, calls Set, Test and Finish, and moves AWSCURRENT. It
// returns the new version's ID. If a step fails, the stages stay as they are,
// AWSPENDING included.
func (s *Server) Rotate(ctx context.Context, name string) (version string, err error) {
	return s.rotate(ctx, name, newID())
}

func (s *Server) rotate(ctx context.Context, name, id string) (string, error) {
	s.mu.Lock()
	sec, r := s.secrets[name], s.rotator[name]
	var current string
	if sec != nil && r.Create != nil {
		if v := sec.versions[sec.stages["AWSCURRENT"]]; v != nil && v.text != nil {
			current = *v.text
		}
	}
	s.mu.Unlock()
	switch {
	case sec == nil:
		return "", fmt.Errorf("secretstest: rotate %q: no such secret", name)
	case r.Create == nil:
		return "", fmt.Errorf("secretstest: rotate %q: no rotation is set by OnRotate", name)
	}
	fail := func(step string, err error) (string, error) {
		return "", fmt.Errorf("secretstest: rotate %q: %s: %w", name, step, err)
	}
	s.mu.Lock() // the version is there before its value is
	sec.versions[id] = &version{id: id, created: s.clock()}
	sec.move("AWSPENDING", id)
	sec.prune()
	s.mu.Unlock()
	pending, err := r.Create(ctx, current)
	if err != nil {
		return fail("createSecret", err)
	}
	s.mu.Lock()
	s.putLocked(name, "AWSPENDING", &version{id: id, text: &pending})
	s.mu.Unlock()
	for _, step := range []struct {
		name string
		f    func(context.Context, string) error
	}{{"setSecret", r.Set}, {"testSecret", r.Test}, {"finishSecret", r.Finish}} {
		if step.f == nil {
			continue
		}
		if err := step.f(ctx, pending); err != nil {
			return fail(step.name, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := sec.versions[id]; v == nil || v.empty() {
		return fail("finishSecret", errors.New("the pending version has gone"))
	}
	sec.move("AWSCURRENT", id)
	sec.rotated = s.clock()
	sec.prune()
	return id, nil
}

func (s *Server) rotateSecret(in *request) (object, *apiError) {
	sec, e := s.alive(in.SecretId)
	if e != nil {
		return nil, e
	}
	if s.rotator[sec.name].Create == nil {
		return nil, &apiError{"InvalidRequestException", "No Lambda rotation function ARN is associated with this secret."}
	}
	if p := sec.stages["AWSPENDING"]; p != "" && p != sec.stages["AWSCURRENT"] {
		return nil, &apiError{"InvalidRequestException", "A previous rotation isn't complete. That rotation will be reattempted."}
	}
	id := cmp.Or(in.ClientRequestToken, newID())
	if in.RotateImmediately == nil || *in.RotateImmediately {
		name := sec.name
		s.pending.Add(1)
		go func() {
			defer s.pending.Done()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			go func() {
				select {
				case <-s.stop:
					cancel()
				case <-ctx.Done():
				}
			}()
			s.rotate(ctx, name, id)
		}()
	}
	return object{"ARN": sec.arn, "Name": sec.name, "VersionId": id}, nil
}
