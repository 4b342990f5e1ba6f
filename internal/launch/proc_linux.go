package launch

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// bootID names the boot of the machine and the pid namespace: after a restart
// of either, pids start over.
func bootID() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		boot = nil // start times still tell processes apart within one boot
	}
	ns, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		ns = ""
	}
	return string(bytes.TrimSpace(boot)) + " " + ns
}

// stat is what /proc/<pid>/stat tells about a process.
type stat struct {
	ended   bool // no thread of it is left; it may wait for its parent
	session int
	start   string // clock ticks since boot
}

// readStat returns ErrGone for a pid that is not in use.
func readStat(pid int) (stat, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return stat{}, ErrGone
	}
	if err != nil {
		return stat{}, err
	}
	// The second field is the program's name in parentheses, which may itself
	// contain blanks and parentheses: fields are counted from the last one.
	_, rest, ok := bytes.Cut(b[max(0, bytes.LastIndexByte(b, ')')):], []byte(") "))
	f := strings.Fields(string(rest))
	if !ok || len(f) < 20 {
		return stat{}, fmt.Errorf("/proc/%d/stat: unknown format", pid)
	}
	session, err := strconv.Atoi(f[3])
	if err != nil {
		return stat{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	threads, err := strconv.Atoi(f[17])
	if err != nil {
		return stat{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	// The first thread may be a zombie while others still run, or still hold
	// the files and locks of a process that was killed.
	ended := strings.ContainsAny(f[0], "ZX") && threads <= 1
	return stat{ended: ended, session: session, start: f[19]}, nil
}

// startTime returns ErrGone for a pid that is free or a zombie's.
func startTime(pid int) (string, error) {
	s, err := readStat(pid)
	if err != nil {
		return "", err
	}
	if s.ended {
		return "", ErrGone
	}
	return s.start, nil
}

// leftovers returns the living processes of the sessions that the given
// processes lead or led, as far as they carry mark in their environment. Both
// are needed: a session id may be recycled like a pid, and an environment may be
// copied out of the session.
func leftovers(leaders map[int]bool, mark string) ([]int, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		s, err := readStat(pid)
		if err != nil || s.ended || !leaders[s.session] {
			continue // also: it ended while we looked
		}
		env, err := os.ReadFile("/proc/" + name + "/environ")
		if err == nil && bytes.Contains(env, []byte(mark)) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
