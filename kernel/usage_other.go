//go:build !linux

package kernel

import (
	"runtime"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// processUsage returns what the Go runtime knows of this process; CPU times and
// children are not known.
func processUsage(int) (memory uint64, times cpuTimes) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys, cpuTimes{}
}

// hostMemory returns nil: not known.
func hostMemory() *jupyter.VirtualMemory { return nil }
