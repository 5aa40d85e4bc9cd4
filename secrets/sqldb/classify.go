package sqldb

import (
	"reflect"
)

// SQLSTATE codes of a rejected login,
// https://www.postgresql.org/docs/current/errcodes-appendix.html.
const (
	invalidPassword      = "28P01"
	invalidAuthorization = "28000" // NOLOGIN, pg_hba.conf, PAM: a rejected IAM token
)

// accessDenied is ER_ACCESS_DENIED_ERROR of MySQL and MariaDB,
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html.
// Others look similar and mean something else: 1044 is about a database, 1820 an
// expired password, 4151 (MySQL: 3118) a locked account.
const accessDenied = 1045

// IsAuthError reports whether a database has rejected a login: PostgreSQL's
// 28P01 or 28000, or MySQL's and MariaDB's 1045. It goes by the codes, not
// by the text, and looks at every error that err wraps or joins: pgx joins one
// for each host that it tried. It recognizes errors with a method SQLState,
// as those of pgx and lib/pq, and the MySQLError of go-sql-driver/mysql.
func IsAuthError(err error) bool {
	if err == nil {
		return false
	}
	if e, ok := err.(interface{ SQLState() string }); ok {
		if s := e.SQLState(); s == invalidPassword || s == invalidAuthorization {
			return true
		}
	}
	if mysqlNumber(err) == accessDenied {
		return true
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return IsAuthError(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			if IsAuthError(err) {
				return true
			}
		}
	}
	return false
}

// mysqlNumber returns the field Number of a *MySQLError, which has no method
// for it, or 0.
func mysqlNumber(err error) uint64 {
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct || v.Type().Name() != "MySQLError" {
		return 0
	}
	n := v.FieldByName("Number")
	if !n.IsValid() || !n.CanUint() {
		return 0
	}
	return n.Uint()
}
