//go:build !unix

package native

import (
	"context"
	"os"
	"syscall"
)

// lock is never needed: Open refuses where plugins do not exist.
func lock(context.Context, string) (func(), error) { return nil, ErrNoToolchain }

func tryLock(string) (func(), bool) { return nil, false }

func lockShared(string) (func(), error) { return nil, ErrNoToolchain }

func holdLock(*os.File) bool { return false }

func groupAttr() *syscall.SysProcAttr { return nil }

func killGroup(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}
