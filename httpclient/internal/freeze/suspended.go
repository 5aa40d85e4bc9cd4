//go:build linux

package freeze

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// suspendedFor is the Go version whose runtime the overlay is made for.
const suspendedFor = "go1.26"

// The runtime's clock, such that the monotonic one stands still while the
// process is frozen, as it may in Lambda: two readings more than 300 ms apart
// had a freeze between them, which is left out. A client process reads the
// clock more often than that while it runs.
const suspendedNanotime = `var lastNano, frozenNano int64

//go:linkname nanotime
//go:nosplit
func nanotime() int64 {
	for {
		frozen := atomic.Loadint64(&frozenNano)
		last := atomic.Loadint64(&lastNano)
		now := nanotime1()
		if gap := now - last; last != 0 && gap > 300_000_000 {
			if atomic.Cas64((*uint64)(unsafe.Pointer(&lastNano)), uint64(last), uint64(now)) {
				atomic.Xaddint64(&frozenNano, gap)
			}
			continue
		} else if gap > 0 {
			atomic.Cas64((*uint64)(unsafe.Pointer(&lastNano)), uint64(last), uint64(now))
		}
		if frozen == atomic.Loadint64(&frozenNano) {
			return now - frozen
		}
	}
}
`

// time.now, which the runtime has in assembly on this system, by way of that
// nanotime.
const suspendedNow = `//go:build !faketime && (windows || (linux && amd64))

package runtime

import _ "unsafe"

func stockNow() (sec int64, nsec int32, mono int64)

//go:linkname time_now time.now
func time_now() (sec int64, nsec int32, mono int64) {
	sec, nsec, _ = stockNow()
	return sec, nsec, nanotime()
}
`

// SuspendedClock builds the test binary of the package in the current directory
// with a runtime whose monotonic clock stands still during a freeze. It skips
// the test with another version of Go or another system than it is made for.
func SuspendedClock(tb testing.TB) (exe string) {
	tb.Helper()
	if v := runtime.Version(); v != suspendedFor && !strings.HasPrefix(v, suspendedFor+".") || runtime.GOARCH != "amd64" {
		tb.Skipf("the runtime's overlay is for %s on linux/amd64, this is %s on linux/%s", suspendedFor, v, runtime.GOARCH)
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		tb.Fatal(err)
	}
	source := filepath.Join(strings.TrimSpace(string(goroot)), "src", "runtime")
	dir := tb.TempDir()
	overlay := make(map[string]string)
	replace := func(name string, edit func(old []byte) []byte) {
		old, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			tb.Fatal(err)
		}
		edited := edit(old)
		if bytes.Equal(edited, old) {
			tb.Fatalf("%s is not as expected", name)
		}
		overlay[filepath.Join(source, name)] = filepath.Join(dir, name)
		if err := os.WriteFile(filepath.Join(dir, name), edited, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	replace("time_nofake.go", func(old []byte) []byte {
		stock := []byte("//go:linkname nanotime\n//go:nosplit\nfunc nanotime() int64 {\n\treturn nanotime1()\n}\n")
		edited := bytes.Replace(old, stock, []byte(suspendedNanotime), 1)
		return bytes.Replace(edited, []byte("import \"unsafe\"\n"), []byte("import (\n\t\"internal/runtime/atomic\"\n\t\"unsafe\"\n)\n"), 1)
	})
	replace("timeasm.go", func([]byte) []byte { return []byte(suspendedNow) })
	replace("time_linux_amd64.s", func(old []byte) []byte {
		return bytes.ReplaceAll(old, []byte("TEXT time·now<ABIInternal>"), []byte("TEXT ·stockNow<ABIInternal>"))
	})
	conf, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		tb.Fatal(err)
	}
	config := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(config, conf, 0o600); err != nil {
		tb.Fatal(err)
	}
	exe = filepath.Join(dir, "suspended.test")
	if out, err := exec.Command("go", "test", "-c", "-overlay", config, "-o", exe, ".").CombinedOutput(); err != nil {
		tb.Fatalf("%v: %s", err, out)
	}
	return exe
}
