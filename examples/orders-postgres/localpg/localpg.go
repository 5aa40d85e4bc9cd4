// Package localpg starts a PostgreSQL server of its own for the time of a
// program or a test, from the installed binaries.
package localpg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNotInstalled is why Start fails where there is no PostgreSQL.
var ErrNotInstalled = errors.New("initdb is not installed: install the package postgresql")

// Server is a PostgreSQL server on the loopback interface.
type Server struct {
	Port int
	dir  string
	cmd  *exec.Cmd
}

// Start starts a server with the superuser admin, whose password is admin, and
// with settings such as "max_connections=20". Where this is root, the server
// runs as the user postgres, or nobody.
func Start(ctx context.Context, settings ...string) (*Server, error) {
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
		if len(found) == 0 {
			return nil, ErrNotInstalled
		}
		initdb = found[len(found)-1]
	}
	dir, err := os.MkdirTemp("", "orders-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	if err := s.start(ctx, initdb, settings); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, initdb string, settings []string) error {
	password, data := filepath.Join(s.dir, "password"), filepath.Join(s.dir, "data")
	if err := os.WriteFile(password, []byte("admin\n"), 0o644); err != nil {
		return err
	}
	if err := give(s.dir); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, initdb, "-D", data, "-U", "admin", "--auth=scram-sha-256", "--pwfile="+password, "--no-sync")
	cmd.Dir = s.dir
	if err := demote(cmd); err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.Port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	s.cmd = exec.Command(filepath.Join(filepath.Dir(initdb), "postgres"), "-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(s.Port),
		"-c", "unix_socket_directories="+s.dir, "-c", "fsync=off", "-c", "log_min_messages=panic")
	for _, setting := range settings {
		s.cmd.Args = append(s.cmd.Args, "-c", setting)
	}
	s.cmd.Dir = s.dir
	if err := demote(s.cmd); err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := s.Exec(ctx, "SELECT 1")
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
	}
}

// Connect connects to a database as the superuser.
func (s *Server) Connect(ctx context.Context, database string) (*pgx.Conn, error) {
	return pgx.Connect(ctx, fmt.Sprintf("postgres://admin:admin@127.0.0.1:%d/%s?sslmode=disable", s.Port, database))
}

// Exec executes a statement as the superuser, in the database postgres.
func (s *Server) Exec(ctx context.Context, statement string) error {
	c, err := s.Connect(ctx, "postgres")
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, statement)
	return err
}

// Stop stops the server and removes its files.
func (s *Server) Stop() {
	if s.cmd != nil {
		s.cmd.Process.Signal(os.Interrupt)
		s.cmd.Wait()
	}
	os.RemoveAll(s.dir)
}
