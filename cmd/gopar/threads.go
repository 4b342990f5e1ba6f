package main

import (
	"os"
	"runtime"
)

// fewThreads lets a process that only passes messages on run on at most n cores, and never on all: Go wakes an idle thread
// for every message, which costs more than handling it does. Cells and tasks run in processes of their own, which have all
// cores. $GOMAXPROCS goes before.
func fewThreads(n int) {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(max(1, min(n, runtime.NumCPU()/2)))
	}
}
