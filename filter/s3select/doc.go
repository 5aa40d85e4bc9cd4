// Package s3select fetches only the rows and columns that a function needs from
// an object in S3, with the SQL of S3 Select, on any account.
//
//	type failed struct {
//		Path   string `json:"path"`
//		Status int    `json:"status"`
//	}
//	q := s3select.Query{
//		SQL:    "SELECT s.path, s.status FROM S3Object s WHERE s.status >= ?",
//		Params: []any{500},
//		Input:  s3select.Input{JSON: s3select.JSONInput{Type: "LINES"}},
//	}
//	for row, err := range s3select.Rows[failed](ctx, client, s3select.Object{Bucket: "logs", Key: key}, q) {
//		…
//	}
//
// # Who runs the query
//
// AWS closed S3 Select to new customers on 2024-07-25: they get MethodNotAllowed.
// Where it works, it charges 0.002 USD per GB scanned. So the default, [Local],
// reads the object with ranged GETs and evaluates the query in the function, with
// an engine that streams: memory does not grow with the object, and a LIMIT ends
// the reading. [WithBackend] chooses [Auto] or [Server], for accounts that have S3
// Select. The rows are the same.
//
// [Query.Run] is the local engine over any reader, so that queries are tested
// without S3. [Reduce] reads ranges of an object at the same time. [Query.Explain]
// says what a query reads.
//
// # Beyond one function
//
// What is too much for one function, many can do, and Step Functions distributes:
// [Query.Plan] lays the objects below a prefix out in ranges, each a line of JSON;
// a Distributed Map invokes a function with each line, whose logic is [Part]; and
// [Merge] joins what they return, every record exactly once.
//
//	func plan(ctx context.Context, p Prefix) (Planned, error) {
//		for item, err := range query.Plan(ctx, client, s3select.Object{Bucket: p.Bucket, Key: p.Key}, 0) {
//			… // json.NewEncoder(lines).Encode(item), then PutObject
//		}
//	}
//
//	func part(ctx context.Context, item s3select.Object) (s3select.Partial[Summary], error) {
//		return s3select.Part(ctx, client, item, query, add)
//	}
//
//	func merge(ctx context.Context, r Results) (Summary, error) {
//		plan := s3select.Rows[s3select.Object](ctx, client, r.Plan, lines)
//		return s3select.Merge(plan, parts(ctx, r), add2)
//	}
//
// The map's ItemReader has the InputType JSONL. Its ResultWriter, with the
// Transformation COMPACT and the OutputType JSONL, writes the results into files
// that a manifest names
// (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html):
// both are objects for [Rows], as the example of Merge shows. For many small
// objects, an ItemBatcher has one invocation run several items, a struct{ Items
// []Object }, and the Transformation FLATTEN makes lines of the list of results.
//
// Iterations that run twice, as those of Express workflows may, count once; one
// that failed is missing, which is an error. examples/report has the state machine,
// and runs its steps without AWS.
//
// # The language
//
// All of S3's SQL reference
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference.html)
// for CSV and JSON, uncompressed or in GZIP or BZIP2, and, with the subpackage
// parquet, for Parquet. Where that is silent:
//
//   - A path that leads nowhere is MISSING. MISSING is left out of JSON and empty in
//     CSV. Operators and functions make NULL of NULL and MISSING, but for IS,
//     COALESCE, NULLIF, AND and OR.
//   - Values of different types are not equal and have no order: such a comparison
//     with < is NULL. All numbers are one type here. A column of CSV is a string,
//     so that it compares with strings only until it is CAST. Arithmetic on
//     anything but numbers is an error, and so are SUM and AVG; MIN and MAX take
//     timestamps, too. Space around a number that is CAST is no part of it.
//   - A number of JSON is an INT if it is an integer of 64 bits, a FLOAT if it has
//     an exponent, else a DECIMAL. INT by INT is an INT, without its remainder. A
//     FLOAT and a DECIMAL compare as floats. Values that pass through keep their
//     spelling.
//   - Operators bind as in the reference's table; = binds from the right. IS binds
//     like =. (a, b) is the list [a, b]. In WHERE, a path with wildcards is the
//     list of all that it leads to, as in 'a' IN s.tags[*].
//   - An alias is found before a member of its name. S3Object means the row beside
//     an alias, too.
//   - A record is searched for all members that WHERE names before it is evaluated:
//     an ambiguous name is an error in a branch that is not taken, too.
//   - Unknown columns of a CSV header are an error, a row with too few columns has
//     MISSING.
//   - A timestamp keeps its precision and offset; a date ends in T. Offsets may be
//     left out of a literal in backticks.
//
// # Validation
//
// A record is read up to the last member that the query needs. What follows is not
// validated, though a second match of an unquoted name is found. Query.Strict
// validates everything. What is written is UTF-8: a record or an
// expression that is not fails, with InvalidTextEncoding.
//
// # Errors
//
// An [*Error] has S3's code, and the place in the SQL or the number of the record.
// A result that is not complete is never without an error: [ErrTruncated] is a
// stream without its end, [ErrChanged] an object that was replaced meanwhile.
//
// # Concurrency
//
// Everything exported is safe for concurrent use, and nothing runs on once a call
// or loop has ended.
package s3select
