package emftest_test

import (
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

func TestLinks(t *testing.T) {
	linked.Want(t, ".", "metrics/emftest")
}
