package s3select_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

func ExampleQuery_Run() {
	q := s3select.Query{
		SQL:    "SELECT s.name, CAST(s.population AS INT) / 1000 AS thousands FROM S3Object s WHERE s.country = ?",
		Params: []any{"IS"},
		Input:  s3select.Input{CSV: s3select.CSVInput{FileHeaderInfo: "USE"}},
		Output: s3select.Output{Format: "JSON"},
	}
	object := strings.NewReader("name,country,population\nReykjavik,IS,139875\nOslo,NO,709037\n")
	if _, err := q.Run(context.Background(), object, os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output: {"name":"Reykjavik","thousands":139}
}

func ExampleCompile() {
	_, err := s3select.Compile("SELECT s.name FROM S3Object s WHERE s.date > 1")
	fmt.Println(err)
	// Output: s3select: ParseInvalidPathComponent: found the reserved word DATE, expected a name; put it in double quotes (at byte 38 of the SQL expression)
}

func ExampleQuery_Explain() {
	q := s3select.Query{SQL: "SELECT s.id, s.owner.name FROM S3Object s WHERE s.city = 'Oslo' AND s.age > 30", Input: s3select.Input{Format: "JSON"}}
	e, err := q.Explain()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(e)
	// Output:
	// query   SELECT s.id, s.owner.name FROM S3Object AS s WHERE ((s.city = 'Oslo') AND (s.age > 30))
	// where   city, age
	// list    id, owner.name
	// ranges  yes
	// server  possible
}
