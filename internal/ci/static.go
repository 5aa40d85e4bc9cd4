package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Tools at pinned versions; `go run` builds them from the module cache.
const (
	staticcheck = "honnef.co/go/tools/cmd/staticcheck@v0.8.2"
	govulncheck = "golang.org/x/vuln/cmd/govulncheck@v1.9.0"
)

func checkFormat(h *house) error {
	out, err := run(h.root, nil, "gofmt", "-l", ".")
	if err != nil {
		return err
	}
	if out != "" {
		return errors.New("not formatted: " + strings.Join(strings.Fields(out), " "))
	}
	return nil
}

func checkTidy(h *house) error {
	return h.eachModule(func(dir string) error {
		_, err := run(dir, nil, "go", "mod", "tidy", "-diff")
		return err
	})
}

func checkVet(h *house) error {
	return h.eachModule(func(dir string) error {
		_, err := run(dir, nil, "go", "vet", "./...")
		return err
	})
}

func checkStatic(h *house) error {
	return h.eachModule(func(dir string) error {
		_, err := run(dir, nil, "go", "run", staticcheck, "./...")
		return err
	})
}

// checkVulnerabilities is skipped where the vulnerability database cannot be
// reached, which is not this project's fault.
func checkVulnerabilities(h *house) error {
	out, err := run(h.root, nil, "go", "run", govulncheck, "./...")
	if err != nil && strings.Contains(out, "fetching vulnerabilities") {
		fmt.Println("SKIPPED: the vulnerability database cannot be reached from here")
		return nil
	}
	return err
}

// checkCross vets for laptops and for arm64 whatever links no SDK; the packages
// that do take minutes each and are left to `make vet-all`.
func checkCross(h *house) error {
	var bad []string
	for _, target := range []string{"linux/arm64", "darwin/arm64", "windows/amd64"} {
		goos, goarch, _ := strings.Cut(target, "/")
		env := []string{"GOOS=" + goos, "GOARCH=" + goarch, "CGO_ENABLED=0"}
		packages, err := light(h, env)
		if err == nil {
			_, err = run(h.root, env, "go", slices.Concat([]string{"vet"}, packages)...)
		}
		if err != nil {
			bad = append(bad, target)
		}
		fmt.Printf("%s: %d packages\n", target, len(packages))
	}
	if len(bad) > 0 {
		return fmt.Errorf("on %s", strings.Join(bad, ", "))
	}
	return nil
}

// light lists the packages that a platform has and that link no SDK, or all of
// them with VET_ALL set.
func light(h *house, env []string) (packages []string, err error) {
	out, err := run(h.root, env, "go", "list", "-f", "{{.ImportPath}} {{join .Deps \" \"}}", "./...")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(out) {
		pkg, deps, _ := strings.Cut(strings.TrimSpace(line), " ")
		if os.Getenv("VET_ALL") != "" || !strings.Contains(deps, "github.com/aws/aws-sdk-go-v2/") {
			packages = append(packages, pkg)
		}
	}
	return packages, nil
}

// checkClean fails where the gates before it changed or left a file.
func checkClean(h *house) error {
	if !h.strict {
		return nil // a developer's tree may hold unfinished work
	}
	out, err := run(h.root, nil, "git", "status", "--porcelain")
	if err == nil && out != "" {
		return errors.New("the gates left changes:\n" + out)
	}
	return err
}
