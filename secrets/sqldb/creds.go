package sqldb

import (
	"encoding/json"
	"net"
	"net/url"
	"strconv"

	"github.com/lambdatune/lambdatune/secrets"
)

// Creds is the JSON that Secrets Manager keeps for databases,
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html.
// A secret that RDS manages has only the user name and the password: fill in
// the rest when building the connector. Any other T works as well.
type Creds struct {
	Engine   string           `json:"engine"` // "postgres", "mysql", "mariadb"
	Host     string           `json:"host"`
	Port     int              `json:"port"` // also accepted as a JSON string; 0 if missing
	Username string           `json:"username"`
	Password secrets.Redacted `json:"password"`
	DBName   string           `json:"dbname"`
}

// UnmarshalJSON decodes the secret. A missing user name or password and a port
// out of range are errors.
func (c *Creds) UnmarshalJSON(data []byte) error {
	type plain Creds
	in := struct {
		*plain
		Port json.RawMessage `json:"port"`
	}{plain: (*plain)(c)}
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	if port := string(in.Port); port != "" && port != "null" && port != `""` {
		if len(port) > 2 && port[0] == '"' {
			port = port[1 : len(port)-1]
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return safeError("port is out of range, want 1 to 65535")
		}
		c.Port = int(n)
	}
	if c.Username == "" || c.Password.Reveal() == "" {
		return safeError("username or password is missing")
	}
	return nil
}

// safeError is a decoding error that does not quote the secret: package
// secrets shows it.
type safeError string

func (e safeError) Error() string { return "sqldb.Creds: " + string(e) }
func (safeError) SecretSafe()     {}

// Address returns host:port. Without a port it uses the engine's: 5432 for an
// engine whose name begins with "postgres" or "aurora-postgres", else 3306.
func (c Creds) Address() string {
	port := c.Port
	if port == 0 {
		port = 3306
		for _, prefix := range []string{"postgres", "aurora-postgres"} {
			if len(c.Engine) >= len(prefix) && c.Engine[:len(prefix)] == prefix {
				port = 5432
			}
		}
	}
	return net.JoinHostPort(c.Host, strconv.Itoa(port))
}

// PostgresURL returns the connection URL for pgx and lib/pq, the parameters
// included, as sslmode. It contains the password.
func (c Creds) PostgresURL(params url.Values) string {
	if c.Port == 0 {
		c.Port = 5432
	}
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(c.Username, c.Password.Reveal()),
		Host:     c.Address(),
		Path:     "/" + c.DBName,
		RawQuery: params.Encode(),
	}
	return u.String()
}
