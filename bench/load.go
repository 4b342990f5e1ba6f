package main

import (
	"fmt"
	"os"
	"time"
)

// load says how busy the machine was with other things.
type load struct {
	Contention float64 `json:"contention"` // wall time by CPU time of a fixed spin: 1 on a quiet machine
	Average    float64 `json:"average"`    // of the last minute; 0 where the system does not tell
}

func measureLoad() load {
	const turns = 200_000_000
	start, before := time.Now(), cpuTime()
	x := uint64(1)
	for i := range uint64(turns) {
		x = x*6364136223846793005 + i
	}
	wall, cpu := time.Since(start), cpuTime()-before
	var l load
	if x != 0 && cpu > 0 { // x is used, so the loop stays
		l.Contention = float64(wall) / float64(cpu)
	}
	if raw, err := os.ReadFile("/proc/loadavg"); err == nil {
		_, _ = fmt.Sscan(string(raw), &l.Average) // best effort: 0 says unknown
	}
	return l
}
