package integration_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/lib/pq"

	"github.com/lambdatune/lambdatune/secrets/rdsauth"
)

// certificate returns one for 127.0.0.1 that signs itself.
func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// writeCertificate writes server.crt and server.key as PostgreSQL wants them.
func writeCertificate(dir string) (ca string, err error) {
	cert, err := certificate()
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return "", err
	}
	ca = filepath.Join(dir, "server.crt")
	for path, block := range map[string]*pem.Block{
		ca:                               {Type: "CERTIFICATE", Bytes: cert.Certificate[0]},
		filepath.Join(dir, "server.key"): {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			return "", err
		}
		if err := chownToServer(path); err != nil {
			return "", err
		}
	}
	return ca, nil
}

func signer(host string, port int, user string) *rdsauth.Signer {
	return &rdsauth.Signer{
		Endpoint: fmt.Sprintf("%s:%d", host, port), Region: "us-east-1", User: user,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "key", SessionToken: strings.Repeat("s3ss10n", 100)}, nil
		}),
	}
}

// TestTokensPostgres logs in with tokens, in clear within TLS, to a server that
// stands in for RDS: it takes the last token that was signed.
func TestTokensPostgres(t *testing.T) {
	t.Parallel()
	srv := postgres(t)
	if srv.ca == "" {
		t.Skip("the server is not one that the test has started")
	}
	if _, err := srv.admin.ExecContext(t.Context(), "CREATE ROLE rds_iam LOGIN"); err != nil {
		t.Fatal(err)
	}
	for name, connect := range map[string]func(string) (driver.Connector, error){
		"pgx": func(u string) (driver.Connector, error) {
			cfg, err := pgx.ParseConfig(u)
			if err != nil {
				return nil, err
			}
			return stdlib.GetConnector(*cfg), nil
		},
		"pq": func(u string) (driver.Connector, error) { return pq.NewConnector(u) },
	} {
		signed := 0
		db := sql.OpenDB(signer(srv.host, srv.port, "rds_iam").Connector(func(l rdsauth.Login) (driver.Connector, error) {
			signed++
			if _, err := srv.admin.ExecContext(t.Context(), "ALTER ROLE rds_iam PASSWORD "+pq.QuoteLiteral(l.Token.Reveal())); err != nil {
				return nil, err
			}
			u, err := l.PostgresURL("postgres", url.Values{"sslrootcert": {srv.ca}})
			if err != nil {
				return nil, err
			}
			return connect(u)
		}))
		db.SetMaxIdleConns(-1)
		for range 2 {
			var tls bool
			if err := db.QueryRowContext(t.Context(), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&tls); err != nil || !tls {
				t.Errorf("%s: TLS %v, %v", name, tls, err)
			}
		}
		db.Close()
		if signed != 2 {
			t.Errorf("%s: signed %d tokens for 2 connections", name, signed)
		}
	}
}

// TestTokensMySQL logs in with a token by mysql_clear_password, as RDS asks for
// it, to the first packets of a MySQL server.
func TestTokensMySQL(t *testing.T) {
	t.Parallel()
	cert, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		password, err := clearPassword(c, cert)
		if err != nil {
			password = "error: " + err.Error()
		}
		got <- password
		io.Copy(io.Discard, c)
	}()
	root, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	if err := mysql.RegisterTLSConfig("rds", &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	var login rdsauth.Login
	c := signer("127.0.0.1", l.Addr().(*net.TCPAddr).Port, "app").Connector(func(l rdsauth.Login) (driver.Connector, error) {
		login = l
		dsn, err := l.MySQLDSN("orders", "rds")
		if err != nil {
			return nil, err
		}
		cfg, err := mysql.ParseDSN(dsn)
		if err != nil {
			return nil, err
		}
		if cfg.DBName != "orders" || cfg.User != "app" || !cfg.AllowCleartextPasswords || cfg.TLSConfig != "rds" {
			return nil, errors.New("the DSN does not say what it should")
		}
		cfg.Logger = quiet{}
		return mysql.NewConnector(cfg)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := c.Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if password := <-got; password != login.Token.Reveal() || password == "" {
		t.Errorf("the server was sent a password of %d bytes, the token has %d", len(password), len(login.Token.Reveal()))
	}
}

// clearPassword speaks the server's side of a login: it insists on TLS, asks
// for mysql_clear_password and accepts what comes. See
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html.
func clearPassword(c net.Conn, cert tls.Certificate) (string, error) {
	write := func(w io.Writer, seq byte, payload []byte) error {
		n := len(payload)
		_, err := w.Write(append([]byte{byte(n), byte(n >> 8), byte(n >> 16), seq}, payload...))
		return err
	}
	read := func(r io.Reader) ([]byte, byte, error) {
		var head [4]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil, 0, err
		}
		payload := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
		_, err := io.ReadFull(r, payload)
		return payload, head[3], err
	}
	const (
		protocol41, ssl, secure, pluginAuth, withDB = 1 << 9, 1 << 11, 1 << 15, 1 << 19, 1 << 3
		caps                                        = protocol41 | ssl | secure | pluginAuth | withDB
	)
	greeting := append([]byte{10}, "8.0.36\x00"...)
	greeting = append(greeting, 1, 0, 0, 0)
	greeting = append(greeting, "01234567\x00"...)
	greeting = append(greeting, byte(caps&0xff), byte(caps>>8&0xff), 45, 2, 0, byte(caps>>16&0xff), byte(caps>>24), 21)
	greeting = append(greeting, make([]byte, 10)...)
	greeting = append(greeting, "890123456789\x00mysql_native_password\x00"...)
	if err := write(c, 0, greeting); err != nil {
		return "", err
	}
	if request, _, err := read(c); err != nil || len(request) != 32 {
		return "", fmt.Errorf("no request for TLS: %d bytes, %v", len(request), err)
	}
	s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
	if err := s.Handshake(); err != nil {
		return "", err
	}
	_, seq, err := read(s)
	if err != nil {
		return "", err
	}
	if err := write(s, seq+1, []byte("\xfemysql_clear_password\x00")); err != nil {
		return "", err
	}
	password, seq, err := read(s)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(string(password), "\x00"), write(s, seq+1, []byte{0, 0, 0, 2, 0, 0, 0})
}
