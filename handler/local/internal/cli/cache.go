package cli

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// cache keeps the last build of each function in the user's cache directory:
// go build, given that file, does not link again what has not changed, which
// is most of the time to a first response. Without such a directory it keeps
// nothing.
type cache struct{ file string }

// cacheAge is how long a build that is not used is kept.
const cacheAge = 7 * 24 * time.Hour

func cacheOf(t target, flags []string) cache {
	dir, err := os.UserCacheDir()
	if err != nil {
		return cache{}
	}
	abs, err := filepath.Abs(t.path)
	if err != nil {
		return cache{}
	}
	key := sha256.Sum256([]byte(abs + "\x00" + strings.Join(flags, "\x00")))
	return cache{filepath.Join(dir, "lambdatune-local", fmt.Sprintf("%x", key[:16]))}
}

// fetch puts the last build at path, if there is one.
func (c cache) fetch(path string) {
	if c.file != "" && copyFile(c.file, path) != nil {
		os.Remove(path)
	}
}

// store keeps a build, and forgets those that nobody used for long. A build
// that cannot be kept is none the worse.
func (c cache) store(path string) {
	if c.file == "" {
		return
	}
	dir := filepath.Dir(c.file)
	if os.MkdirAll(dir, 0o700) != nil {
		return
	}
	// Others may do the same at the same time.
	temp, err := os.CreateTemp(dir, "new-")
	if err != nil {
		return
	}
	temp.Close()
	if copyFile(path, temp.Name()) != nil || os.Rename(temp.Name(), c.file) != nil {
		os.Remove(temp.Name())
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > cacheAge {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(dst, src); err != nil {
		dst.Close()
		return err
	}
	return dst.Close()
}
