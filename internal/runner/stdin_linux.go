package runner

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

func dup2(from, to int) error { return unix.Dup3(from, to, 0) }

func unreadBytes(fd int) (int, error) { return unix.IoctlGetInt(fd, unix.TIOCINQ) }

// childReadsStdin looks for a process below this one that is blocked reading the pipe that is descriptor 0 here.
func childReadsStdin() bool {
	pipe, err := os.Readlink("/proc/self/fd/0")
	if err != nil {
		return false
	}
	todo := childrenOf("self")
	for looked := 0; len(todo) > 0 && looked < 64; looked++ { // bounded: a build farm is not waiting for a person
		pid := todo[0]
		todo = append(todo[1:], childrenOf(pid)...)
		if link, err := os.Readlink("/proc/" + pid + "/fd/0"); err != nil || link != pipe {
			continue
		}
		if wait, err := os.ReadFile("/proc/" + pid + "/wchan"); err == nil && bytes.HasSuffix(wait, []byte("pipe_read")) {
			return true
		}
	}
	return false
}

func childrenOf(pid string) []string {
	var all []string
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%s/task", pid))
	if err != nil {
		return nil
	}
	for _, t := range tasks {
		if data, err := os.ReadFile(fmt.Sprintf("/proc/%s/task/%s/children", pid, t.Name())); err == nil {
			all = append(all, strings.Fields(string(data))...)
		}
	}
	return all
}

func dupCloexec(fd int) (int, error) { return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 10) }
