package runtimeapi

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"

	"github.com/lambdatune/lambdatune/handler/local/internal/loop"
)

// inProcess is a function that is called, by a loop such as a runtime has.
type inProcess func(context.Context, []byte) ([]byte, error)

func (h inProcess) start(_ *spawner, vars []string, _ *os.File) (process, error) {
	concurrency, api := 1, ""
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		switch name {
		case "AWS_LAMBDA_RUNTIME_API":
			api = value
		case "AWS_LAMBDA_MAX_CONCURRENCY":
			concurrency, _ = strconv.Atoi(value)
		}
	}
	return looping{loop.Start(api, concurrency, h)}, nil
}

// looping is the process of an inProcess.
type looping struct{ *loop.Loop }

func (l looping) wait() error {
	if err := l.Wait(); err != nil {
		return err
	}
	return errors.New("signal: killed")
}

func (l looping) kill()           { l.Stop() }
func (looping) terminate()        {}
func (looping) freeze() error     { return errors.ErrUnsupported }
func (looping) thaw() error       { return errors.ErrUnsupported }
func (looping) pid() int          { return 0 }
func (looping) peakMemory() int64 { return 0 }
func (looping) release()          {}
