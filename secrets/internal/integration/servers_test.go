package integration_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
)

// server is a database server with an administrator.
type server struct {
	host  string
	port  int
	admin *sql.DB
	stop  func()
	ca    string // the file with the certificate, if it is one of ours with TLS
}

var (
	postgresOnce = sync.OnceValues(startPostgres)
	mariadbOnce  = sync.OnceValues(startMariaDB)
	cleanup      []func()
	cleanupMu    sync.Mutex
)

func TestMain(m *testing.M) {
	flag.Parse()
	if !flagSet("test.parallel") {
		flag.Set("test.parallel", "8") // they wait for windows to pass, mostly
	}
	code := m.Run()
	for _, f := range cleanup {
		f()
	}
	os.Exit(code)
}

func flagSet(name string) (set bool) {
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

func atExit(f func()) {
	cleanupMu.Lock()
	defer cleanupMu.Unlock()
	cleanup = append([]func(){f}, cleanup...)
}

// errMissing is why a server could not be started.
type errMissing struct{ program, pkg string }

func (e errMissing) Error() string {
	return fmt.Sprintf("%s is not installed: install the package %s, or name a running server", e.program, e.pkg)
}

// need returns a server, or ends the test: it skips where a program is
// missing, unless it runs in CI.
func need(t testing.TB, start func() (*server, error)) *server {
	t.Helper()
	s, err := start()
	if missing := (errMissing{}); errors.As(err, &missing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func postgres(t testing.TB) *server { t.Helper(); return need(t, postgresOnce) }
func mariadb(t testing.TB) *server  { t.Helper(); return need(t, mariadbOnce) }

// find returns the path of a program, from PATH or the globs.
func find(pkg, program string, globs ...string) (string, error) {
	if p, err := exec.LookPath(program); err == nil {
		return p, nil
	}
	for _, g := range globs {
		if found, _ := filepath.Glob(filepath.Join(g, program)); len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return "", errMissing{program, pkg}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// daemon starts a server program, as another user where this is root. quit is
// the signal by which it ends at once.
func daemon(dir string, quit os.Signal, program string, args ...string) (stop func(), log *bytes.Buffer, err error) {
	cmd := exec.Command(program, args...)
	log = new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = dir
	if err := demote(cmd); err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	done := make(chan struct{})
	go func() { cmd.Wait(); close(done) }()
	return func() {
		cmd.Process.Signal(quit)
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			cmd.Process.Kill()
			<-done
		}
	}, log, nil
}

func tempDir() (string, error) {
	dir, err := os.MkdirTemp("", "lambdatune-")
	if err != nil {
		return "", err
	}
	atExit(func() { os.RemoveAll(dir) })
	return dir, chownToServer(dir)
}

func ready(db *sql.DB) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		err := db.PingContext(ctx)
		cancel()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func startPostgres() (*server, error) {
	if url := os.Getenv("LAMBDATUNE_POSTGRES_DSN"); url != "" {
		cfg, err := pgx.ParseConfig(url)
		if err != nil {
			return nil, err
		}
		db, err := sql.Open("pgx", url)
		if err != nil {
			return nil, err
		}
		return &server{host: cfg.Host, port: int(cfg.Port), admin: db}, ready(db)
	}
	const bin = "/usr/lib/postgresql/*/bin"
	initdb, err := find("postgresql", "initdb", bin)
	if err != nil {
		return nil, err
	}
	program, err := find("postgresql", "postgres", bin)
	if err != nil {
		return nil, err
	}
	dir, err := tempDir()
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	pwfile := filepath.Join(dir, "pw")
	if err := os.WriteFile(pwfile, []byte("admin\n"), 0o644); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	init := exec.Command(initdb, "-D", data, "-U", "admin", "--auth=scram-sha-256", "--pwfile="+pwfile, "--no-sync", "--encoding=UTF8", "--locale=C")
	if err := demote(init); err != nil {
		return nil, err
	}
	init.Dir = dir
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	// TLS, and a role that logs in as RDS lets IAM tokens: by a clear password.
	hba := filepath.Join(data, "pg_hba.conf")
	rules, err := os.ReadFile(hba)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(hba, append([]byte("hostssl all rds_iam 127.0.0.1/32 password\n"), rules...), 0o600); err != nil {
		return nil, err
	}
	ca, err := writeCertificate(data)
	if err != nil {
		return nil, err
	}
	stop, log, err := daemon(dir, os.Interrupt, program, "-D", data, "-p", strconv.Itoa(port), "-h", "127.0.0.1",
		"-c", "unix_socket_directories="+dir, "-c", "fsync=off", "-c", "max_connections=200", "-c", "log_min_messages=panic", "-c", "ssl=on")
	if err != nil {
		return nil, err
	}
	atExit(stop)
	db, err := sql.Open("pgx", fmt.Sprintf("postgres://admin:admin@127.0.0.1:%d/postgres?sslmode=disable", port))
	if err != nil {
		return nil, err
	}
	if err := ready(db); err != nil {
		return nil, fmt.Errorf("postgres: %w: %s", err, log)
	}
	return &server{host: "127.0.0.1", port: port, admin: db, stop: stop, ca: ca}, nil
}

func startMariaDB() (*server, error) {
	if dsn := os.Getenv("LAMBDATUNE_MYSQL_DSN"); dsn != "" {
		cfg, err := mysql.ParseDSN(dsn)
		if err != nil {
			return nil, err
		}
		host, port, err := net.SplitHostPort(cfg.Addr)
		if err != nil {
			return nil, err
		}
		db, err := sql.Open("mysql", dsn)
		if err != nil {
			return nil, err
		}
		n, _ := strconv.Atoi(port)
		return &server{host: host, port: n, admin: db}, ready(db)
	}
	program, err := find("mariadb-server", "mariadbd", "/usr/sbin", "/usr/local/sbin")
	if err != nil {
		return nil, err
	}
	install, err := find("mariadb-server", "mariadb-install-db", "/usr/bin")
	if err != nil {
		return nil, err
	}
	dir, err := tempDir()
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	init := exec.Command(install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")
	if err := demote(init); err != nil {
		return nil, err
	}
	init.Dir = dir
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mariadb-install-db: %w: %s", err, out)
	}
	stop, log, err := daemon(dir, syscall.SIGTERM, program, "--no-defaults", "--datadir="+data, "--bind-address=127.0.0.1", "--port="+strconv.Itoa(port),
		"--socket="+filepath.Join(dir, "s"), "--pid-file="+filepath.Join(dir, "pid"), "--skip-name-resolve", "--max-connections=300",
		"--max-connect-errors=1000000", "--innodb-flush-log-at-trx-commit=0", "--log-warnings=0")
	if err != nil {
		return nil, err
	}
	atExit(stop)
	db, err := sql.Open("mysql", fmt.Sprintf("root@tcp(127.0.0.1:%d)/", port))
	if err != nil {
		return nil, err
	}
	mysql.SetLogger(quiet{})
	if err := ready(db); err != nil {
		return nil, fmt.Errorf("mariadbd: %w: %s", err, log)
	}
	return &server{host: "127.0.0.1", port: port, admin: db, stop: stop}, nil
}

type quiet struct{}

func (quiet) Print(...any) {}
