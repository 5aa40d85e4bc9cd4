// Package rdsauth logs in to RDS, Aurora and RDS Proxy with IAM tokens instead of
// passwords. It links the SDK's signer and no database driver.
//
// A token is the presigned request rds-db:connect for a host, a port and a user.
// It is made without a call, for each connection; nothing is cached. It is
// accepted for 15 minutes, or until the credentials that signed it expire if
// that is sooner, and matters only during the login. See
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html.
//
// Tokens are sent in clear text within TLS, which is therefore required; what
// [Login] returns for the drivers asks for it. The certificates of RDS Proxy are
// Amazon's, which system roots contain; those of instances and clusters need
// the bundle of https://truststore.pki.rds.amazonaws.com.
package rdsauth

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"

	"github.com/lambdatune/lambdatune/secrets"
)

// Lifetime is for how long a token is accepted, unless its credentials expire
// sooner.
const Lifetime = 15 * time.Minute

// Signer makes tokens. Its fields must not be changed once it is used; it is
// then safe for concurrent use.
type Signer struct {
	// Endpoint is host:port of what is connected to: for RDS Proxy the proxy's
	// endpoint, not the database's. A name of one's own (a CNAME) does not work:
	// the token is for the name that RDS knows.
	Endpoint string
	// Region is the endpoint's region: "us-east-1".
	Region string
	// User is the database user, with the role rds_iam (PostgreSQL) or the
	// plugin AWSAuthenticationPlugin (MySQL).
	User string
	// Credentials sign. They need the permission rds-db:connect.
	Credentials aws.CredentialsProvider
	// Now is the clock that Token judges the expiry of credentials by. Nil
	// means time.Now.
	Now func() time.Time
}

// Login is a token with where and as whom it logs in.
type Login struct {
	Host string
	Port int
	User string
	// Token is the password. It is 1 to 2 KB long.
	Token secrets.Redacted
	// Expires is when the token is no longer accepted for a login.
	Expires time.Time
}

// Login signs a token. It fails if a field is missing or the endpoint is not
// host:port, if there are no credentials, or if they have expired.
func (s *Signer) Login(ctx context.Context) (Login, error) {
	host, port, err := net.SplitHostPort(s.Endpoint)
	n, perr := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil || perr != nil || host == "" || n == 0 || strings.ContainsAny(host, "/?@"):
		return Login{}, fmt.Errorf("rdsauth: Signer.Endpoint is %q, want host:port", s.Endpoint)
	case s.Region == "":
		return Login{}, errors.New("rdsauth: Signer.Region is empty")
	case s.User == "":
		return Login{}, errors.New("rdsauth: Signer.User is empty")
	case s.Credentials == nil:
		return Login{}, errors.New("rdsauth: Signer.Credentials is nil")
	}
	creds, err := s.Credentials.Retrieve(ctx)
	if err != nil {
		return Login{}, fmt.Errorf("rdsauth: sign for %s: credentials: %w", s.Endpoint, err)
	}
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	expires := now().Round(0).Add(Lifetime)
	if creds.CanExpire && creds.Expires.Before(expires) {
		expires = creds.Expires.Round(0)
	}
	if !expires.After(now().Round(0)) {
		return Login{}, fmt.Errorf("rdsauth: sign for %s: the credentials expired at %s", s.Endpoint, expires.UTC().Format(time.RFC3339))
	}
	// The credentials that the expiry was judged by, not others.
	static := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return creds, nil })
	token, err := auth.BuildAuthToken(ctx, s.Endpoint, s.Region, s.User, static)
	if err != nil {
		return Login{}, fmt.Errorf("rdsauth: sign for %s: %w", s.Endpoint, err)
	}
	return Login{Host: host, Port: int(n), User: s.User, Token: secrets.Redact(token), Expires: expires}, nil
}

// Connector returns a connector for database/sql that signs a token for each
// connection and connects by the driver's connector that build returns for it.
// A rejected token (PostgreSQL: 28000, MySQL: 1045) is not repeated: the next
// would be rejected, too, for the lack of a permission or for a wrong clock.
func (s *Signer) Connector(build func(Login) (driver.Connector, error)) driver.Connector {
	return &connector{s, build}
}

type connector struct {
	signer *Signer
	build  func(Login) (driver.Connector, error)
}

// connectTimeout bounds a connect on the goroutine of database/sql that has no
// deadline.
const connectTimeout = 10 * time.Second

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if c.build == nil {
		return nil, errors.New("rdsauth: the function that builds a connector is nil")
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	login, err := c.signer.Login(ctx)
	if err != nil {
		return nil, err
	}
	inner, err := c.build(login)
	if err != nil { // parsers of connection strings quote them
		return nil, fmt.Errorf("rdsauth: build the connector for %s: failed (%T, text withheld)", c.signer.Endpoint, err)
	}
	return inner.Connect(ctx)
}

func (c *connector) Driver() driver.Driver { return noDriver{} }

type noDriver struct{}

func (noDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("rdsauth: open a database by sql.OpenDB")
}

// PostgresURL returns the connection URL for pgx and lib/pq. It contains the token.
// The server's certificate is verified (sslmode=verify-full), unless params sets
// another sslmode; those that allow a connection without TLS are an error, because
// the token would be sent in clear: pgx even repeats a rejected login that way.
func (l Login) PostgresURL(dbname string, params url.Values) (string, error) {
	q := url.Values{"sslmode": {"verify-full"}}
	for k, v := range params {
		q[k] = v
	}
	switch mode := q.Get("sslmode"); mode {
	case "require", "verify-ca", "verify-full":
	default:
		return "", fmt.Errorf("rdsauth: sslmode is %q, want require, verify-ca or verify-full: a token needs TLS", mode)
	}
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(l.User, l.Token.Reveal()),
		Host:     net.JoinHostPort(l.Host, strconv.Itoa(l.Port)),
		Path:     "/" + dbname,
		RawQuery: q.Encode(),
	}
	return u.String(), nil
}

// MySQLDSN returns the data source name for go-sql-driver/mysql, with the plugin
// mysql_clear_password allowed. It contains the token. tls is "true", or a name
// that mysql.RegisterTLSConfig was given; "preferred" and "false" are errors,
// because the token would be sent in clear, and "skip-verify" because to anybody.
func (l Login) MySQLDSN(dbname, tls string) (string, error) {
	switch strings.ToLower(tls) {
	case "", "false", "0", "preferred", "skip-verify":
		return "", fmt.Errorf("rdsauth: tls is %q, want true or the name of a registered configuration: a token needs TLS", tls)
	}
	if strings.ContainsAny(l.User, ":/@") {
		return "", fmt.Errorf("rdsauth: the user %q has a character that a data source name cannot hold: use mysql.Config", l.User)
	}
	return fmt.Sprintf("%s:%s@tcp(%s)/%s?allowCleartextPasswords=true&tls=%s",
		l.User, l.Token.Reveal(), net.JoinHostPort(l.Host, strconv.Itoa(l.Port)), url.PathEscape(dbname), url.QueryEscape(tls)), nil
}
