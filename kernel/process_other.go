//go:build !unix

package kernel

import (
	"os"
	"os/exec"
)

// processExists reports whether there is a process with this id.
func processExists(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	return p.Release() == nil
}

// ownGroup does nothing: there are no process groups here.
func ownGroup(*exec.Cmd) {}

// interruptGroup ends cmd, as there is no gentler way here.
func interruptGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }

// killGroup ends cmd.
func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }
