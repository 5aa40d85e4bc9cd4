package secrets_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/lambdatune/lambdatune/secrets"
)

type four struct{ Username, Password, Host, DBName string }

// BenchmarkGet compares Get within an invocation with a bare atomic load, the
// floor. The comparison with AWS's cache is in internal/benchmarks.
func BenchmarkGet(b *testing.B) {
	run := func(name string, f func(*testing.B, context.Context)) {
		b.Run(name, func(b *testing.B) { b.ReportAllocs(); f(b, b.Context()) })
	}
	run("floor/word", func(b *testing.B, _ context.Context) {
		var p atomic.Pointer[int]
		p.Store(new(42))
		for b.Loop() {
			if *p.Load() != 42 {
				b.Fatal("not 42")
			}
		}
	})
	run("floor/four strings", func(b *testing.B, _ context.Context) {
		var p atomic.Pointer[four]
		p.Store(&four{"u", "p", "h", "d"})
		for b.Loop() {
			if v := *p.Load(); v.DBName != "d" {
				b.Fatal("not d")
			}
		}
	})
	word := mustNew[int](b, one("42", false), nil)
	strings := mustNew[four](b, one(`{"Username":"u","Password":"p","Host":"h","DBName":"d"}`, false), nil)
	getWord := func(b *testing.B, ctx context.Context) {
		for b.Loop() {
			if v, err := word.Get(ctx); err != nil || v != 42 {
				b.Fatal(v, err)
			}
		}
	}
	getStrings := func(b *testing.B, ctx context.Context) {
		for b.Loop() {
			if v, err := strings.Get(ctx); err != nil || v.DBName != "d" {
				b.Fatal(v, err)
			}
		}
	}
	inside := func(f func(*testing.B, context.Context)) func(*testing.B, context.Context) {
		return func(b *testing.B, ctx context.Context) {
			if err := secrets.Prefetch(word, strings)(ctx); err != nil {
				b.Fatal(err)
			}
			h := secrets.Middleware(word, strings)(func(ctx context.Context, _ []byte) ([]byte, error) {
				f(b, ctx)
				return nil, nil
			})
			h(ctx, nil)
		}
	}
	run("invocation/word", inside(getWord))
	run("invocation/four strings", inside(getStrings))
	run("clock/word", getWord)
	run("clock/four strings", getStrings)
	run("middleware", func(b *testing.B, ctx context.Context) {
		h := secrets.Middleware(word)(func(context.Context, []byte) ([]byte, error) { return nil, nil })
		for b.Loop() {
			h(ctx, nil)
		}
	})
}
