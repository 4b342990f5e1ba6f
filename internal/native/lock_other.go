//go:build !unix

package native

import (
	"context"
	"os"
	"syscall"
)

// lock is never needed: Open refuses where plugins do not exist.
func lock(context.Context, string) (func(), error) { return nil, ErrNoToolchain }

func groupAttr() *syscall.SysProcAttr { return nil }

func killGroup(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}
