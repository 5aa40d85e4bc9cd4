package s3select

import (
	"fmt"
	"strings"
)

// An Explanation says how a query runs locally, and whether S3 could run it.
type Explanation struct {
	// SQL is the expression as it was understood, with parameters bound and every
	// operation in parentheses.
	SQL string
	// Where are the paths that every record is walked for; a record is read up to
	// the last of these.
	Where []string
	// List are the paths that only records are walked for that passed WHERE.
	List []string
	// Aggregates says that the result is one record.
	Aggregates bool
	// Ranges says that Reduce can read the object in ranges.
	Ranges bool
	// Server is why S3 cannot run the query, empty if it could.
	Server string
}

// Explain compiles the query and describes it. The error is an [*Error].
func (q Query) Explain() (Explanation, error) {
	sel, err := q.parse()
	if err != nil {
		return Explanation{}, public(err)
	}
	p, err := q.compile()
	if err != nil {
		return Explanation{}, public(err)
	}
	cfg, err := q.config()
	if err != nil {
		return Explanation{}, public(err)
	}
	e := Explanation{
		SQL: sel.String(), Aggregates: sel.Aggregated(),
		Ranges: q.divisible(&cfg) && p.Splittable(),
		Server: serverCannot(&Object{}, &q),
	}
	e.Where, e.List = p.Paths()
	return e, nil
}

// String is the explanation in lines.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "query   %s\n", e.SQL)
	list := func(name string, paths []string, none string) {
		if len(paths) > 0 {
			none = strings.Join(paths, ", ")
		}
		fmt.Fprintf(&b, "%-7s %s\n", name, none)
	}
	list("where", e.Where, "reads no member of a record")
	list("list", e.List, "reads nothing more")
	if e.Ranges {
		b.WriteString("ranges  yes\n")
	} else {
		b.WriteString("ranges  no, one pass\n")
	}
	if e.Server == "" {
		b.WriteString("server  possible\n")
	} else {
		fmt.Fprintf(&b, "server  no: %s\n", e.Server)
	}
	return b.String()
}
