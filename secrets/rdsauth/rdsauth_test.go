package rdsauth_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/rdsauth"
)

const (
	endpoint = "orders.proxy-abcdef.us-east-1.rds.amazonaws.com:5432"
	session  = "s3ss10n"
)

func provider(expires time.Time) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "key", SessionToken: session, CanExpire: !expires.IsZero(), Expires: expires}, nil
	})
}

func TestLogin(t *testing.T) {
	now := time.Now().Round(0)
	for _, tt := range []struct {
		name    string
		expires time.Time
		want    time.Duration
	}{
		{"long credentials", time.Time{}, 15 * time.Minute},
		{"credentials of an hour", now.Add(time.Hour), 15 * time.Minute},
		{"credentials of 2 min", now.Add(2 * time.Minute), 2 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &rdsauth.Signer{Endpoint: endpoint, Region: "us-east-1", User: "app user", Credentials: provider(tt.expires), Now: func() time.Time { return now }}
			l, err := s.Login(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if l.Host != strings.TrimSuffix(endpoint, ":5432") || l.Port != 5432 || l.User != "app user" || l.Expires.Sub(now) != tt.want {
				t.Errorf("Login = %+v, expires in %v, want %v", l, l.Expires.Sub(now), tt.want)
			}
			u, err := url.Parse("https://" + l.Token.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			q := u.Query()
			if u.Host != endpoint || u.Path != "" || q.Get("Action") != "connect" || q.Get("DBUser") != "app user" || q.Get("X-Amz-Expires") != "900" ||
				!strings.HasSuffix(q.Get("X-Amz-Credential"), "/us-east-1/rds-db/aws4_request") || q.Get("X-Amz-Security-Token") != session || q.Get("X-Amz-Signature") == "" {
				t.Errorf("the token is for %s%s with %v", u.Host, u.Path, q)
			}
			if out := fmt.Sprintf("%v %+v %#v", l, l, l); strings.Contains(out, "X-Amz") {
				t.Errorf("it prints as %s", out)
			}
		})
	}
}

func TestLoginRejects(t *testing.T) {
	good := rdsauth.Signer{Endpoint: endpoint, Region: "us-east-1", User: "app", Credentials: provider(time.Time{})}
	gone := errors.New("no credentials")
	for _, tt := range []struct {
		change func(*rdsauth.Signer)
		want   string
	}{
		{func(s *rdsauth.Signer) { s.Endpoint = "db.example" }, "want host:port"},
		{func(s *rdsauth.Signer) { s.Endpoint = "https://db.example:5432" }, "want host:port"},
		{func(s *rdsauth.Signer) { s.Endpoint = "db.example:0" }, "want host:port"},
		{func(s *rdsauth.Signer) { s.Endpoint = ":5432" }, "want host:port"},
		{func(s *rdsauth.Signer) { s.Region = "" }, "Region"},
		{func(s *rdsauth.Signer) { s.User = "" }, "User"},
		{func(s *rdsauth.Signer) { s.Credentials = nil }, "Credentials"},
		{func(s *rdsauth.Signer) { s.Credentials = provider(time.Now().Add(-time.Second)) }, "expired at"},
		{func(s *rdsauth.Signer) {
			s.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, gone })
		}, "no credentials"},
	} {
		s := good
		tt.change(&s)
		if _, err := s.Login(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Login = %v, want %q", err, tt.want)
		}
	}
}

func TestConnectionStringsNeedTLS(t *testing.T) {
	l := rdsauth.Login{Host: "db.example", Port: 5432, User: "app", Token: secrets.Redact("db.example:5432?Action=connect&X=a%2Fb")}
	got, err := l.PostgresURL("orders", url.Values{"sslrootcert": {"/var/task/ca.pem"}})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	if pw, _ := u.User.Password(); pw != l.Token.Reveal() || u.Host != "db.example:5432" || u.Path != "/orders" || u.RawQuery != "sslmode=verify-full&sslrootcert=%2Fvar%2Ftask%2Fca.pem" {
		t.Errorf("URL = %s", got)
	}
	for _, mode := range []string{"disable", "allow", "prefer", ""} {
		if got, err := l.PostgresURL("orders", url.Values{"sslmode": {mode}}); err == nil || got != "" || strings.Contains(err.Error(), "Action") {
			t.Errorf("sslmode %q: %v", mode, err)
		}
	}
	dsn, err := l.MySQLDSN("orders", "true")
	if want := "app:db.example:5432?Action=connect&X=a%2Fb@tcp(db.example:5432)/orders?allowCleartextPasswords=true&tls=true"; err != nil || dsn != want {
		t.Errorf("DSN = %s, %v", dsn, err)
	}
	for _, tls := range []string{"", "false", "FALSE", "0", "preferred", "skip-verify"} {
		if got, err := l.MySQLDSN("orders", tls); err == nil || got != "" {
			t.Errorf("tls %q: %v", tls, err)
		}
	}
	l.User = "a@b"
	if _, err := l.MySQLDSN("orders", "true"); err == nil {
		t.Error("a user that breaks the DSN was accepted")
	}
}

type recording struct{ logins *[]rdsauth.Login }

func (r recording) Connect(ctx context.Context) (driver.Conn, error) {
	if _, ok := ctx.Deadline(); !ok {
		return nil, errors.New("no deadline")
	}
	return nil, nil
}
func (recording) Driver() driver.Driver { return nil }

func TestConnectorSignsForEachConnection(t *testing.T) {
	var logins []rdsauth.Login
	now := time.Now()
	s := &rdsauth.Signer{Endpoint: endpoint, Region: "us-east-1", User: "app", Credentials: provider(time.Time{}), Now: func() time.Time { return now }}
	c := s.Connector(func(l rdsauth.Login) (driver.Connector, error) {
		logins = append(logins, l)
		return recording{&logins}, nil
	})
	for range 2 {
		if _, err := c.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
	}
	if len(logins) != 2 || logins[1].Expires.Sub(logins[0].Expires) != time.Hour {
		t.Errorf("signed %d times", len(logins))
	}
	failing := s.Connector(func(l rdsauth.Login) (driver.Connector, error) { return nil, errors.New(l.Token.Reveal()) })
	if _, err := failing.Connect(t.Context()); err == nil || strings.Contains(err.Error(), "X-Amz") {
		t.Errorf("Connect = %v", err)
	}
	if _, err := s.Connector(nil).Connect(t.Context()); err == nil {
		t.Error("a nil function was accepted")
	}
}

func BenchmarkLogin(b *testing.B) {
	s := &rdsauth.Signer{Endpoint: endpoint, Region: "us-east-1", User: "app", Credentials: provider(time.Time{})}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Login(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
