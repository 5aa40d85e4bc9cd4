package httpclient

import (
	"context"
	"strings"
	"syscall"
	"time"
)

// A control is a [net.Dialer.ControlContext]. Of all that can be set on a dialer
// it is what the AWS SDK leaves alone when it copies one.
type control func(ctx context.Context, network, address string, c syscall.RawConn) error

// controlUserTimeout returns a control that limits how long sent data may stay
// unacknowledged, or nil where d leaves that to the system.
func controlUserTimeout(d time.Duration) control {
	if d <= 0 {
		return nil
	}
	return func(_ context.Context, network, _ string, c syscall.RawConn) error {
		if !strings.HasPrefix(network, "tcp") {
			return nil
		}
		return setUserTimeout(c, d)
	}
}

// failControl returns a control that fails every dial with err.
func failControl(err error) control {
	return func(context.Context, string, string, syscall.RawConn) error { return err }
}
