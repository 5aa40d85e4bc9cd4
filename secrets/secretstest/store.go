package secretstest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

const account = "123456789012"

// secret is one secret and its versions.
type secret struct {
	name     string
	arn      string
	created  time.Time
	changed  time.Time
	rotated  time.Time
	deleted  time.Time
	versions map[string]*version
	stages   map[string]string // stage → version ID
}

// version is one version; its value may be missing, as between the creation
// of a rotation's AWSPENDING and createSecret.
type version struct {
	id      string
	text    *string
	binary  []byte
	created time.Time
}

func (v *version) empty() bool { return v.text == nil && v.binary == nil }

func (s *secret) stagesOf(id string) []string {
	out := []string{}
	for stage, v := range s.stages {
		if v == id {
			out = append(out, stage)
		}
	}
	slices.Sort(out)
	return out
}

// move attaches a stage to a version. Moving AWSCURRENT moves AWSPREVIOUS to
// where it was, as Secrets Manager does.
func (s *secret) move(stage, id string) {
	if stage == "AWSCURRENT" {
		if old := s.stages[stage]; old != "" && old != id {
			s.stages["AWSPREVIOUS"] = old
		}
		if s.stages["AWSPREVIOUS"] == id {
			delete(s.stages, "AWSPREVIOUS")
		}
	}
	s.stages[stage] = id
}

// prune drops versions without a stage; Secrets Manager keeps them for a while
// but calls them deprecated.
func (s *secret) prune() {
	for id := range s.versions {
		if len(s.stagesOf(id)) == 0 {
			delete(s.versions, id)
		}
	}
}

func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Put stores text as the new AWSCURRENT version of the secret, which it creates
// if need be, and returns the version ID. The version that was current becomes
// AWSPREVIOUS. It panics on a name that Secrets Manager wouldn't accept.
func (s *Server) Put(name, text string) string {
	return s.PutStage(name, "AWSCURRENT", text)
}

// PutBinary is Put for a binary value.
func (s *Server) PutBinary(name string, value []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.putLocked(name, "AWSCURRENT", &version{binary: append([]byte{}, value...)})
}

// PutStage is Put for any stage, as AWSPENDING.
func (s *Server) PutStage(name, stage, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.putLocked(name, stage, &version{text: &text})
}

func (s *Server) putLocked(name, stage string, v *version) string {
	sec := s.secrets[name]
	if sec == nil {
		if !validName(name) {
			panic(fmt.Sprintf("secretstest: %q is no name: want 1 to 512 of letters, digits and /_+=.@-", name))
		}
		s.serial++
		sec = &secret{
			name:     name,
			arn:      fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s-%06d", s.Region, account, name, s.serial),
			created:  s.clock(),
			versions: make(map[string]*version),
			stages:   make(map[string]string),
		}
		s.secrets[name] = sec
	}
	if v.id == "" {
		v.id = newID()
	}
	v.created = s.clock()
	sec.changed = v.created
	sec.versions[v.id] = v
	sec.move(stage, v.id)
	sec.prune()
	return v.id
}

// Delete marks the secret for deletion: its value can no longer be read.
func (s *Server) Delete(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sec := s.secrets[name]; sec != nil {
		sec.deleted = s.clock()
	}
}

// ARN returns the ARN of the secret, or "".
func (s *Server) ARN(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sec := s.secrets[name]; sec != nil {
		return sec.arn
	}
	return ""
}

// Version returns the ID of the version that has the stage, or "".
func (s *Server) Version(name, stage string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sec := s.secrets[name]; sec != nil {
		return sec.stages[stage]
	}
	return ""
}

// MoveStage attaches a stage to a version, or removes it if version is "". It
// reports whether the secret has the version.
func (s *Server) MoveStage(name, stage, version string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	sec := s.secrets[name]
	switch {
	case sec == nil:
		return false
	case version == "":
		delete(sec.stages, stage)
	case sec.versions[version] == nil:
		return false
	default:
		sec.move(stage, version)
	}
	return true
}

// findLocked finds a secret by name, ARN, or ARN without the random suffix.
func (s *Server) findLocked(id string) *secret {
	if sec := s.secrets[id]; sec != nil {
		return sec
	}
	if strings.HasPrefix(id, "arn:") {
		for _, sec := range s.secrets {
			if id == sec.arn || id == sec.arn[:len(sec.arn)-7] {
				return sec
			}
		}
	}
	return nil
}

func validName(name string) bool {
	if name == "" || len(name) > 512 {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("/_+=.@-", c) >= 0:
		default:
			return false
		}
	}
	return true
}
