// Package sql reads and prints S3 Select's SQL.
package sql

import "github.com/lambdatune/lambdatune/filter/s3select/internal/value"

// A Select is one statement.
type Select struct {
	Star  bool // SELECT *
	Items []Item
	From  From
	Where Expr // nil without WHERE
	Limit Expr // nil without LIMIT; an integer literal or a parameter

	Params int // how many there are
}

// An Item is one expression of the SELECT list.
type Item struct {
	Expr  Expr
	Alias string // as written; empty without AS
	Star  bool   // Expr.*: all members of Expr
}

// From is the FROM clause: S3Object and, for JSON, a path that starts with [*].
type From struct {
	Wild  bool   // S3Object[*]
	Path  []Step // what follows the first [*]
	Alias *Name
}

// A Name is an identifier. A quoted one is compared exactly, any other one
// without regard to case.
type Name struct {
	Text   string
	Quoted bool
}

// A Step is one part of a path.
type Step struct {
	Kind  StepKind
	Name  Name // of a member
	Index int  // of an element
}

// StepKind says what a Step goes into.
type StepKind uint8

const (
	Member    StepKind = iota // .name, ['name']
	Index                     // [0]
	AnyMember                 // .*
	AnyIndex                  // [*]
)

// An Expr is an expression. Pos is the byte in the expression where it starts.
type Expr interface{ Pos() int }

type pos int

func (p pos) Pos() int { return int(p) }

type (
	// Literal is a constant.
	Literal struct {
		pos
		Value value.Value
	}
	// Param is the bound parameter ?, numbered from 0.
	Param struct {
		pos
		N int
	}
	// Path is a column, or a path that starts with the row's alias.
	Path struct {
		pos
		Root  Name
		Steps []Step
	}
	// List is [a, b] or, to the right of IN, (a, b).
	List struct {
		pos
		Elems []Expr
	}
	// Unary is -x, +x or NOT x.
	Unary struct {
		pos
		Op string
		X  Expr
	}
	// Binary is an arithmetic, comparison or logical operation.
	Binary struct {
		pos
		Op   string // + - * / % = <> < <= > >= AND OR
		X, Y Expr
	}
	// In is x [NOT] IN y.
	In struct {
		pos
		Not  bool
		X, Y Expr
	}
	// Between is x [NOT] BETWEEN low AND high.
	Between struct {
		pos
		Not          bool
		X, Low, High Expr
	}
	// Like is x [NOT] LIKE pattern [ESCAPE escape].
	Like struct {
		pos
		Not                bool
		X, Pattern, Escape Expr
	}
	// Is is x IS [NOT] NULL or MISSING.
	Is struct {
		pos
		Not     bool
		X       Expr
		Missing bool
	}
	// Case is a CASE expression; Operand is nil in its searched form.
	Case struct {
		pos
		Operand Expr
		Whens   []When
		Else    Expr
	}
	// When is one branch of a Case.
	When struct{ Cond, Then Expr }
	// Cast is CAST(x AS type).
	Cast struct {
		pos
		X    Expr
		Type value.Kind
	}
	// Call is a scalar function. Word is its keyword argument: the date part, or
	// what TRIM trims.
	Call struct {
		pos
		Func string // upper case
		Word string // upper case
		Args []Expr
	}
	// Aggregate is AVG, COUNT, MAX, MIN or SUM; X is nil for COUNT(*).
	Aggregate struct {
		pos
		Func string
		X    Expr
	}
)
