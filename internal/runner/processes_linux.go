package runner

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// clockTick is the unit of times in /proc: USER_HZ, 100 on every Linux.
const clockTick = 10 * time.Millisecond

// maxInterrupted bounds how many processes one interrupt looks at.
const maxInterrupted = 4096

// sinceBoot is the clock by which the start of processes is told.
func sinceBoot() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// interruptProcesses sends SIGINT to all processes below this one that were started since then; those of earlier cells are
// left alone.
func interruptProcesses(since time.Duration) {
	todo := childrenOf("self")
	for looked := 0; len(todo) > 0 && looked < maxInterrupted; looked++ {
		pid := todo[0]
		todo = append(todo[1:], childrenOf(pid)...)
		n, err := strconv.Atoi(pid)
		if started, ok := startOf(pid); ok && err == nil && started+clockTick >= since {
			_ = syscall.Kill(n, syscall.SIGINT) // it may have ended just now
		}
	}
}

// startOf returns when a process was started, since boot.
func startOf(pid string) (time.Duration, bool) {
	f, ok := statOf("/proc/" + pid + "/stat")
	if !ok || len(f) < 20 {
		return 0, false
	}
	n, err := strconv.ParseInt(string(f[19]), 10, 64)
	return time.Duration(n) * clockTick, err == nil
}

// statOf returns the fields of a stat file from the state on. The name before it, in parentheses, may hold anything.
func statOf(path string) ([][]byte, bool) {
	data, err := os.ReadFile(path)
	i := bytes.LastIndexByte(data, ')')
	if err != nil || i < 0 {
		return nil, false
	}
	return bytes.Fields(data[i+1:]), true
}

// memoryOf returns how many bytes of memory a process has, 0 if that cannot be told.
func memoryOf(pid int) int64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	f := bytes.Fields(data)
	if err != nil || len(f) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(f[1]), 10, 64) // the kernel's own digits
	return pages * int64(os.Getpagesize())
}

// cpuOf returns how long a process has computed, in ticks; false if that cannot be told.
func cpuOf(pid int) (ticks int64, ok bool) {
	f, ok := statOf("/proc/" + strconv.Itoa(pid) + "/stat")
	if !ok || len(f) < 13 {
		return 0, false
	}
	user, err := strconv.ParseInt(string(f[11]), 10, 64)
	sys, err2 := strconv.ParseInt(string(f[12]), 10, 64)
	return user + sys, err == nil && err2 == nil
}

// machineMemory returns how many bytes of memory there are for this process: the machine's, or its control group's if that has
// less; 0 if that cannot be told.
func machineMemory() int64 {
	var si unix.Sysinfo_t
	if err := unix.Sysinfo(&si); err != nil {
		return 0
	}
	total := int64(si.Totalram) * int64(si.Unit)
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if data, err := os.ReadFile(file); err == nil {
			if n, err := strconv.ParseInt(string(bytes.TrimSpace(data)), 10, 64); err == nil && n > 0 && n < total {
				total = n
			}
		}
	}
	return total
}

// resting tells whether all threads of a Go process sleep without a time limit that would run a goroutine: in a futex, or, as
// the runtime does when no timer is pending, polling for ever.
func resting(pid int) bool {
	tasks, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		return false
	}
	polls := false
	for _, t := range tasks {
		data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + t.Name() + "/syscall")
		if err != nil {
			return false // not told on this system
		}
		f := bytes.Fields(data) // number, arguments: see proc(5)
		if len(f) < 5 {
			return false // it runs
		}
		switch n, _ := strconv.Atoi(string(f[0])); n {
		case unix.SYS_FUTEX:
		case unix.SYS_EPOLL_PWAIT:
			limit, err := strconv.ParseUint(string(f[4]), 0, 64)
			if err != nil || int32(limit) != -1 {
				return false
			}
			polls = true
		default:
			return false
		}
	}
	return polls
}
