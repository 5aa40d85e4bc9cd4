// Package sqldb logs database/sql in to a database with the credentials of a
// secret, through rotations and without a driver of its own.
//
//	connector, err := sqldb.NewConnector(secret, func(c sqldb.Creds) (driver.Connector, error) {
//		return pq.NewConnector(c.PostgresURL(nil))
//	}, nil)
//	db := sql.OpenDB(connector)
//
// The connector asks the secret for its value at each new connection. If the
// database rejects the credentials, it finds a version that works
// ([secrets.Secret.Recover]) and connects with that one; the query that needed
// the connection does not notice. Connections that are established stay:
// databases don't end them when a password changes. So do the
// pool's settings, which are the user's: a pool that never closes connections
// (SetConnMaxLifetime) notices a rotation late, and needs to notice nothing.
//
// database/sql opens most connections on one goroutine that has no deadline; a
// [Options.ConnectTimeout] keeps it from stalling the pool.
package sqldb
