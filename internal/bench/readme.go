package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"regexp"
	"text/template"
)

//go:embed tables/*.md
var tables embed.FS

var marked = regexp.MustCompile(`(?s)<!-- bench: ([\w-]+) -->\n.*?<!-- end -->`)

// rewrite fills every table of README.md anew. The error says which tables it left
// as they are, for want of figures.
func rewrite(readme, results []byte) ([]byte, error) {
	f, err := read(results)
	if err != nil {
		return nil, err
	}
	all, err := template.New("tables").Funcs(f.funcs()).ParseFS(tables, "tables/*.md")
	if err != nil {
		return nil, err
	}
	unused := map[string]bool{}
	for _, t := range all.Templates() {
		unused[t.Name()] = true
	}
	var failed []error
	fresh := marked.ReplaceAllFunc(readme, func(old []byte) []byte {
		name := string(marked.FindSubmatch(old)[1])
		delete(unused, name+".md")
		var b bytes.Buffer
		fmt.Fprintf(&b, "<!-- bench: %s -->\n", name)
		if err := all.ExecuteTemplate(&b, name+".md", nil); err != nil {
			failed = append(failed, fmt.Errorf("left as it is: %w", err))
			return old
		}
		b.WriteString("<!-- end -->")
		return b.Bytes()
	})
	for name := range unused {
		if name != "tables" {
			failed = append(failed, fmt.Errorf("tables/%s stands nowhere in %s", name, readmeFile))
		}
	}
	return fresh, errors.Join(failed...)
}
