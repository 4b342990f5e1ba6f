//go:build unix

package notebook

import (
	"os/exec"
	"syscall"
)

const hasUnixSockets = true

// ownGroup makes cmd the leader of a process group of its own.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills cmd's process and what it started and did not put elsewhere.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // best effort: it may have ended meanwhile
}
