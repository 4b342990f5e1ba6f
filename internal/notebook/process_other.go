//go:build !unix

package notebook

import "os/exec"

const hasUnixSockets = false

// ownGroup leaves cmd as it is: this system has no process groups.
func ownGroup(*exec.Cmd) {}

// killGroup kills cmd's process.
func killGroup(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // best effort: it may have ended meanwhile
}
