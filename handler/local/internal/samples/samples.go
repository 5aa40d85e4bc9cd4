// Package samples has an event of each common source, complete as the service
// sends it, to edit.
package samples

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed events/*.json
var files embed.FS

// Names are the sources.
func Names() []string {
	entries, _ := files.ReadDir("events")
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	slices.Sort(names)
	return names
}

// Event is the event of a source.
func Event(name string) ([]byte, error) {
	b, err := files.ReadFile("events/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("no sample event is named %q: want one of %s", name, strings.Join(Names(), ", "))
	}
	return b, nil
}
