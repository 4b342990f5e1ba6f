//go:build unix && !linux

package launch

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// bootID is constant: ps prints start times that include the date, so a
// process of an earlier boot is never taken for one of this.
func bootID() string { return "ps" }

// startTime asks ps, the only portable source. ErrGone for a pid that is free
// or a zombie's.
func startTime(pid int) (string, error) {
	out, err := exec.Command("ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", ErrGone
	}
	if err != nil {
		return "", fmt.Errorf("start time of process %d: %w", pid, err)
	}
	state, start, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if state == "" || strings.HasPrefix(state, "Z") {
		return "", ErrGone
	}
	return strings.TrimSpace(start), nil
}

// leftovers finds nothing here: without /proc there is no proof that a process
// of a session is ours, and what is not proved ours is not killed.
func leftovers(map[int]bool, string) ([]int, error) { return nil, nil }
