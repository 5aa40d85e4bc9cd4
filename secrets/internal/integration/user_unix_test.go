//go:build unix

package integration_test

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// serverUser is whom the servers run as where this is root, as which they refuse to.
func serverUser() (uid, gid int, err error) {
	for _, name := range []string{"postgres", "mysql", "nobody"} {
		u, e := user.Lookup(name)
		if e != nil {
			err = e
			continue
		}
		if uid, err = strconv.Atoi(u.Uid); err == nil {
			gid, err = strconv.Atoi(u.Gid)
		}
		return uid, gid, err
	}
	return 0, 0, err
}

func demote(cmd *exec.Cmd) error {
	// A group of its own, so that an interrupt of the tests leaves stopping to them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := serverUser()
	if err != nil {
		return err
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return nil
}

func chownToServer(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := serverUser()
	if err != nil {
		return err
	}
	return os.Chown(path, uid, gid)
}
