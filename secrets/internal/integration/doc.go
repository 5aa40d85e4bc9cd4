// Package integration tests the packages below secrets with real databases,
// PostgreSQL with pgx and lib/pq, MariaDB with go-sql-driver/mysql, and shows how
// a pgxpool takes part in recovery. It is a module of its own, so that the
// drivers are in nobody's go.sum.
//
// The tests use the servers that LAMBDATUNE_POSTGRES_DSN and
// LAMBDATUNE_MYSQL_DSN name (an administrator's URL for pgx and DSN for
// go-sql-driver/mysql, on a server that may be changed), or start servers of
// their own from the installed programs. LAMBDATUNE_ROTATIONS sets the number of
// rotations per driver and order, 50 by default.
package integration
