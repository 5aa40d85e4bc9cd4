//go:build !linux

package runtimeapi

import "os/exec"

// spawner needs no thread of its own where there is no parent death signal.
type spawner struct{}

func newSpawner() *spawner { return &spawner{} }

func (s *spawner) start(cmd *exec.Cmd) (process, error) { return startProcess(cmd) }

func (s *spawner) close() {}
