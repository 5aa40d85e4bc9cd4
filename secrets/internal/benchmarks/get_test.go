package benchmarks

import (
	"context"
	"encoding/json"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-secretsmanager-caching-go/v2/secretcache"

	"github.com/lambdatune/lambdatune/secrets"
	source "github.com/lambdatune/lambdatune/secrets/secretsmanager"
	"github.com/lambdatune/lambdatune/secrets/secretstest"
)

type four struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Host     string `json:"host"`
	DBName   string `json:"dbname"`
}

func setUp(b *testing.B) *secretsmanager.Client {
	srv := secretstest.NewServer()
	b.Cleanup(srv.Close)
	srv.Put("four", `{"username":"app","password":"secret","host":"db.example","dbname":"orders"}`)
	srv.Put("word", "42")
	return secretsmanager.New(secretsmanager.Options{
		BaseEndpoint: aws.String(srv.URL),
		Region:       srv.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "key"}, nil
		}),
	})
}

func ours[T any](b *testing.B, c *secretsmanager.Client, id string) *secrets.Secret[T] {
	s, err := secrets.New[T](source.New(c), id, nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Prefetch(b.Context()); err != nil {
		b.Fatal(err)
	}
	return s
}

// inside runs f in an invocation that the middleware wraps.
func inside(b *testing.B, f func(context.Context), s ...secrets.Prefetcher) {
	secrets.Middleware(s...)(func(ctx context.Context, _ []byte) ([]byte, error) { f(ctx); return nil, nil })(b.Context(), nil)
}

func BenchmarkGet(b *testing.B) {
	c := setUp(b)
	b.Run("word/impl=load", func(b *testing.B) {
		b.ReportAllocs()
		var p atomic.Pointer[int]
		p.Store(new(42))
		for b.Loop() {
			if *p.Load() != 42 {
				b.Fatal("wrong")
			}
		}
	})
	b.Run("word/impl=lambdatune", func(b *testing.B) {
		b.ReportAllocs()
		s := ours[int](b, c, "word")
		inside(b, func(ctx context.Context) {
			for b.Loop() {
				if v, err := s.Get(ctx); err != nil || v != 42 {
					b.Fatal(v, err)
				}
			}
		}, s)
	})
	b.Run("word/impl=lambdatune-clock", func(b *testing.B) {
		b.ReportAllocs()
		s := ours[int](b, c, "word")
		ctx := b.Context()
		for b.Loop() {
			if v, err := s.Get(ctx); err != nil || v != 42 {
				b.Fatal(v, err)
			}
		}
	})
	cache, err := secretcache.New(func(o *secretcache.Cache) { o.Client = c })
	if err != nil {
		b.Fatal(err)
	}
	b.Run("word/impl=caching-go", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			text, err := cache.GetSecretString("word")
			if err != nil {
				b.Fatal(err)
			}
			if v, err := strconv.Atoi(text); err != nil || v != 42 {
				b.Fatal(v, err)
			}
		}
	})
	b.Run("four/impl=load", func(b *testing.B) {
		b.ReportAllocs()
		var p atomic.Pointer[four]
		p.Store(&four{"app", "secret", "db.example", "orders"})
		for b.Loop() {
			if v := *p.Load(); v.DBName != "orders" {
				b.Fatal("wrong")
			}
		}
	})
	b.Run("four/impl=lambdatune", func(b *testing.B) {
		b.ReportAllocs()
		s := ours[four](b, c, "four")
		inside(b, func(ctx context.Context) {
			for b.Loop() {
				if v, err := s.Get(ctx); err != nil || v.DBName != "orders" {
					b.Fatal(v, err)
				}
			}
		}, s)
	})
	b.Run("four/impl=caching-go", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			text, err := cache.GetSecretString("four")
			if err != nil {
				b.Fatal(err)
			}
			var v four
			if err := json.Unmarshal([]byte(text), &v); err != nil || v.DBName != "orders" {
				b.Fatal(v, err)
			}
		}
	})
	b.Run("parallel/impl=load", func(b *testing.B) {
		var p atomic.Pointer[four]
		p.Store(&four{DBName: "orders"})
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if v := *p.Load(); v.DBName != "orders" {
					b.Error("wrong")
				}
			}
		})
	})
	b.Run("parallel/impl=lambdatune", func(b *testing.B) {
		s := ours[four](b, c, "four")
		inside(b, func(ctx context.Context) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if v, err := s.Get(ctx); err != nil || v.DBName != "orders" {
						b.Error(v, err)
					}
				}
			})
		}, s)
	})
	b.Run("parallel/impl=caching-go", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				text, err := cache.GetSecretString("four")
				var v four
				if err != nil || json.Unmarshal([]byte(text), &v) != nil {
					b.Error(err)
				}
			}
		})
	})
}
