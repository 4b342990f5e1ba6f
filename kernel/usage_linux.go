package kernel

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// clockTick is the unit of CPU times in /proc: USER_HZ, 100 on every Linux.
const clockTick = 10 * time.Millisecond

// processUsage returns the memory in bytes (proportional set size) and the CPU
// times of a process and all its descendants.
func processUsage(root int) (memory uint64, times cpuTimes) {
	type process struct {
		parent int
		cpu    time.Duration
	}
	all := make(map[int]process)
	dirs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is valid
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		b, err := os.ReadFile(dir + "/stat")
		if err != nil {
			continue // it ended
		}
		// The name in parentheses may hold spaces: fields count from after it.
		f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if len(f) < 13 {
			continue
		}
		all[pid] = process{parent: number(f[1]), cpu: time.Duration(number(f[11])+number(f[12])) * clockTick}
	}
	for pid, p := range all {
		for at, steps := pid, 0; at > 1 && steps < len(all); at, steps = all[at].parent, steps+1 {
			if at == root {
				times.Kernel += p.cpu
				memory += proportionalMemory(pid)
				break
			}
		}
	}
	times.Host, times.Busy = hostTimes()
	return memory, times
}

// proportionalMemory returns the memory of one process in bytes, what it shares
// divided among the sharers.
func proportionalMemory(pid int) uint64 {
	kb := procFields("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")["Pss"]
	if kb == 0 {
		kb = procFields("/proc/" + strconv.Itoa(pid) + "/status")["VmRSS"]
	}
	return kb << 10
}

// hostMemory returns the host's memory.
func hostMemory() *jupyter.VirtualMemory {
	f := procFields("/proc/meminfo")
	total, available, free := f["MemTotal"]<<10, f["MemAvailable"]<<10, f["MemFree"]<<10
	if total == 0 || available > total {
		return nil
	}
	return &jupyter.VirtualMemory{
		Total: total, Available: available, Used: total - available, Free: free,
		Percent: 100 * float64(total-available) / float64(total),
	}
}

// hostTimes returns the CPU time of all cores, and the busy part of it.
func hostTimes() (all, busy time.Duration) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	for i, s := range strings.Fields(line) {
		if i < 1 || i > 8 { // the name; guest times are part of user time
			continue
		}
		t := time.Duration(number(s)) * clockTick
		all += t
		if i != 4 && i != 5 { // idle, iowait
			busy += t
		}
	}
	return all, busy
}

// procFields reads a file of "Name: 123 kB" lines.
func procFields(path string) map[string]uint64 {
	fields := make(map[string]uint64)
	f, err := os.Open(path)
	if err != nil {
		return fields
	}
	defer f.Close() //nolint:errcheck // read only
	for s := bufio.NewScanner(f); s.Scan(); {
		name, value, ok := strings.Cut(s.Text(), ":")
		if v := strings.Fields(value); ok && len(v) > 0 {
			fields[name] = uint64(max(0, number(v[0])))
		}
	}
	return fields
}

// number returns the number in s, 0 for none.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
