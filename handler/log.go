package handler

import (
	"context"
	"log/slog"
)

// logPanic writes the one line that a contained panic leaves.
func logPanic(ctx context.Context, e *PanicError) {
	slog.ErrorContext(ctx, "panic contained", "error", e.Error(), "stack", string(e.Stack))
}
