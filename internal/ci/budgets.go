package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// A budget bounds one public package. Raising one needs a reason in its commit.
type budget struct{ names, lines, options int }

var standard = budget{names: 30, lines: 2500, options: 12}

// exceptions by directory relative to the root.
var exceptions = map[string]budget{
	"handler":         {names: 45, lines: 5000, options: 12},
	"filter/s3select": {names: 30, lines: 5000, options: 12},
}

// checkBudgets counts exported names, lines and options of every public package
// of the root module, and sees that each pins what it links.
func checkBudgets(h *house) error {
	out, err := run(h.root, nil, "go", "list", "-f", "{{.Dir}}\t{{.Name}}", "./...")
	if err != nil {
		return err
	}
	ok := true
	for line := range strings.Lines(out) {
		dir, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		rel, err := filepath.Rel(h.root, dir)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if strings.HasPrefix(rel, "internal/") || strings.Contains(rel, "/internal/") {
			continue
		}
		got, err := measure(dir)
		if err != nil {
			return err
		}
		limit, found := exceptions[rel]
		if !found {
			limit = standard
		}
		fmt.Printf("%-32s %3d names  %5d lines  %3d options\n", rel, got.names, got.lines, got.options)
		if name != "main" {
			if _, err := os.Stat(filepath.Join(dir, "deps_test.go")); err != nil {
				fmt.Printf("%s: no deps_test.go pins what the package links\n", rel)
				ok = false
			}
		} else {
			got.names = 0 // a command exports nothing
		}
		if got.names > limit.names || got.lines > limit.lines || got.options > limit.options {
			fmt.Printf("%s: over its budget of %d names, %d lines, %d options\n", rel, limit.names, limit.lines, limit.options)
			ok = false
		}
	}
	if !ok {
		return errors.New("see above")
	}
	return nil
}

// measure counts a package's exported top-level names, its lines without tests,
// and its options: functions that return an Option, and the exported fields of
// structs called Options.
func measure(dir string) (got budget, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return got, err
	}
	seen := map[string]bool{} // the same name may be declared for several platforms
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			return got, err
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ParseComments)
		if err != nil {
			return got, err
		}
		if ast.IsGenerated(tree) {
			continue
		}
		got.lines += strings.Count(string(src), "\n")
		for _, d := range tree.Decls {
			for name, options := range exported(d) {
				if !seen[name] {
					seen[name] = true
					got.names++
					got.options += options
				}
			}
		}
	}
	return got, nil
}

// exported returns the exported names that d declares at top level, with the
// number of options that each of them is or has.
func exported(d ast.Decl) map[string]int {
	names := map[string]int{}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.IsExported() {
			names[d.Name.Name] = 0
			if returnsOption(d.Type) {
				names[d.Name.Name] = 1
			}
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					names[s.Name.Name] = 0
					if st, ok := s.Type.(*ast.StructType); ok && strings.HasSuffix(s.Name.Name, "Options") {
						names[s.Name.Name] = fields(st)
					}
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.IsExported() {
						names[n.Name] = 0
					}
				}
			}
		}
	}
	return names
}

func returnsOption(f *ast.FuncType) bool {
	if f.Results == nil || len(f.Results.List) != 1 {
		return false
	}
	id, ok := f.Results.List[0].Type.(*ast.Ident)
	return ok && strings.HasSuffix(id.Name, "Option")
}

func fields(s *ast.StructType) (n int) {
	for _, f := range s.Fields.List {
		for _, name := range f.Names {
			if name.IsExported() {
				n++
			}
		}
	}
	return n
}
