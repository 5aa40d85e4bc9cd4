package cpulimit

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
)

// open tries the exact means first.
func open(share float64) (Limiter, error) {
	if c, err := openV2("/sys/fs/cgroup", share); err == nil {
		return c, nil
	}
	for _, root := range []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"} {
		if c, err := openV1(root, share); err == nil {
			return c, nil
		}
	}
	return newDutyCycle(share), nil
}

// cgroup is a control group of our own.
type cgroup struct{ dir, parent, method string }

var groups atomic.Int64

func groupName() string {
	return fmt.Sprintf("lambdatune-%d-%d", os.Getpid(), groups.Add(1))
}

// openV2 makes a group below the root of the hierarchy, where the cpu
// controller must be enabled for its children.
func openV2(root string, share float64) (*cgroup, error) {
	enabled, err := os.ReadFile(filepath.Join(root, "cgroup.subtree_control"))
	if err != nil {
		return nil, err
	}
	if !strings.Contains(" "+strings.TrimSpace(string(enabled))+" ", " cpu ") {
		return nil, fmt.Errorf("cpulimit: %s does not control the CPU of its groups", root)
	}
	c := &cgroup{dir: filepath.Join(root, groupName()), parent: root, method: "cgroup v2"}
	return c.make("cpu.max", fmt.Sprintf("%d %d", quota(share).Microseconds(), period.Microseconds()))
}

func openV1(root string, share float64) (*cgroup, error) {
	if _, err := os.Stat(filepath.Join(root, "cpu.cfs_quota_us")); err != nil {
		return nil, err
	}
	c := &cgroup{dir: filepath.Join(root, groupName()), parent: root, method: "cgroup v1"}
	return c.make("cpu.cfs_period_us", strconv.FormatInt(period.Microseconds(), 10), "cpu.cfs_quota_us", strconv.FormatInt(quota(share).Microseconds(), 10))
}

// make creates the group and writes its settings, pairs of file and value.
func (c *cgroup) make(settings ...string) (*cgroup, error) {
	if err := os.Mkdir(c.dir, 0o755); err != nil {
		return nil, err
	}
	for i := 0; i < len(settings); i += 2 {
		if err := os.WriteFile(filepath.Join(c.dir, settings[i]), []byte(settings[i+1]), 0o644); err != nil {
			_ = os.Remove(c.dir)
			return nil, err
		}
	}
	return c, nil
}

func (c *cgroup) Method() string { return c.method }

func (c *cgroup) Add(pid int) error {
	return os.WriteFile(filepath.Join(c.dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644)
}

func (c *cgroup) Close() error {
	// A group with processes cannot be removed: they go back to the parent.
	pids, err := os.ReadFile(filepath.Join(c.dir, "cgroup.procs"))
	if err != nil {
		return err
	}
	for pid := range strings.FieldsSeq(string(pids)) {
		// One that has ended meanwhile is out of the group anyway.
		_ = os.WriteFile(filepath.Join(c.parent, "cgroup.procs"), []byte(pid), 0o644)
	}
	return os.Remove(c.dir)
}
