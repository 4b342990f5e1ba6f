package kernel

import (
	"context"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// usageMeter remembers the last measurement, as CPU load is a difference.
type usageMeter struct {
	mu   sync.Mutex
	at   time.Time // guarded by mu
	last cpuTimes  // guarded by mu
}

// cpuTimes are CPU times since the start of the kernel's processes and of the
// host; Host and Busy are 0 where they are not known.
type cpuTimes struct {
	Kernel, Host, Busy time.Duration
}

// usageQuery serves usage_request of the jupyter-resource-usage extension.
// Memory and CPU are those of the kernel and of all its child processes.
func (k *Kernel) usageQuery(context.Context, *jupyter.Request, jupyter.UsageRequest) (jupyter.UsageReply, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	memory, times := processUsage(os.Getpid())
	reply := jupyter.UsageReply{
		Hostname: host, PID: os.Getpid(), CPUCount: runtime.NumCPU(),
		KernelMemory: memory, HostVirtualMemory: hostMemory(),
	}
	m := &k.usage
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if wall := now.Sub(m.at); !m.at.IsZero() && wall > 0 {
		reply.KernelCPU = 100 * max(0, (times.Kernel-m.last.Kernel).Seconds()) / wall.Seconds()
		if host := times.Host - m.last.Host; host > 0 {
			percent := 100 * max(0, (times.Busy-m.last.Busy).Seconds()) / host.Seconds()
			reply.HostCPUPercent = &percent
		}
	}
	m.at, m.last = now, times
	return reply, nil
}
