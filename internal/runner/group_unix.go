//go:build unix

package runner

import "syscall"

// ownGroup gives the child a process group, so that a terminal's interrupt does not reach it and Kill reaches what it started.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func killGroup(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) }
