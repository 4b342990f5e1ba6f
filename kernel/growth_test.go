//go:build unix

package kernel

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// resident returns the resident memory of a process in bytes.
func resident(t *testing.T, pid int) int64 {
	t.Helper()
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(data))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// openFiles returns how many descriptors a process has open.
func openFiles(t *testing.T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestNoGrowth runs many cells and compares the second half with the first: memory
// and open files of both processes. The median latencies are printed: they depend on
// what else the machine does.
func TestNoGrowth(t *testing.T) {
	for name, cells := range map[string]struct {
		setup string
		code  func(n int) string
	}{
		"1000 straight-line cells": {"x := 0", func(n int) string { return fmt.Sprintf("x += %d", n) }},
		"1000 cells, every 25th compiled": {"x := 0", func(n int) string {
			if n%25 == 24 {
				return fmt.Sprintf("func f%d(n int) int { return n + %d }\nfor i := range 10 { x += f%d(i) }", n, n, n)
			}
			return fmt.Sprintf("x += %d", n)
		}},
		"one compiled cell, run 1000 times": {"var sum int", func(int) string { return "for i := range 1000 { sum += i }" }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSession(t)
			s.prepare(cells.setup)
			const half, last = 500, 1000
			var took []time.Duration
			var kernel, runner int64
			var kernelFiles, runnerFiles int
			for n := range last {
				if n == half {
					kernel, runner = resident(t, os.Getpid()), resident(t, s.g.PID())
					kernelFiles, runnerFiles = openFiles(t, os.Getpid()), openFiles(t, s.g.PID())
				}
				began := time.Now()
				if got := s.run(cells.code(n)); got != "" {
					t.Fatalf("cell %d: %q", n, got)
				}
				took = append(took, time.Since(began))
			}
			kernelMore, runnerMore := resident(t, os.Getpid())-kernel, resident(t, s.g.PID())-runner
			first, second := median(took[:half]), median(took[half:])
			t.Logf("median %v, then %v; kernel %d MB%+.1f, runner %d MB%+.1f in the second half",
				first, second, kernel>>20, float64(kernelMore)/(1<<20), runner>>20, float64(runnerMore)/(1<<20))
			if kernelMore > 100<<20 || runnerMore > 100<<20 { // of which compiled code, which stays: 2.2 MB a unit
				t.Errorf("memory grows: kernel %d, runner %d bytes", kernelMore, runnerMore)
			}
			if k, r := openFiles(t, os.Getpid())-kernelFiles, openFiles(t, s.g.PID())-runnerFiles; k > 10 || r > 10 {
				t.Errorf("files stay open: kernel %+d, runner %+d", k, r)
			}
		})
	}
}

func median(all []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(all))[len(all)/2]
}

func TestAFloodOfOutputGrowsNothing(t *testing.T) {
	s := newSession(t)
	s.prepare("line := bytes.Repeat([]byte(\"x\"), 1<<20)")
	kernel, runner := resident(t, os.Getpid()), resident(t, s.g.PID())
	began := time.Now()
	got := s.run("for range 1 << 10 { os.Stdout.Write(line) }")
	took := time.Since(began)
	kernelMore, runnerMore := resident(t, os.Getpid())-kernel, resident(t, s.g.PID())-runner
	t.Logf("1 GiB in %v, %d bytes delivered; kernel %+d MB, runner %+d MB", took, len(got), kernelMore>>20, runnerMore>>20)
	if len(got) > 40<<20 || !strings.Contains(got, "truncated") {
		t.Errorf("%d bytes, truncated: %v", len(got), strings.Contains(got, "truncated"))
	}
	if kernelMore > 400<<20 || runnerMore > 100<<20 {
		t.Errorf("memory grows: kernel %d, runner %d bytes", kernelMore, runnerMore)
	}
	if got := s.run("1 + 1"); got != "=> 2" {
		t.Errorf("after it: %q", got)
	}
}

func TestGoroutinesLeftBehindAreListedAndStopped(t *testing.T) {
	s := newSession(t)
	s.prepare("var spins int\ngo func() {\n\tfor { spins++ }\n}()")
	s.prepare("never := make(chan int)\ngo func() { <-never }()")
	all, err := s.g.Goroutines(t.Context(), false)
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	slices.SortFunc(all, func(a, b Goroutine) int { return strings.Compare(a.Cell, b.Cell) })
	if all[0].Cell != "cell 1" || all[1].Cell != "cell 2" || all[1].State != "chan receive" || all[1].Line != 2 {
		t.Errorf("%+v", all)
	}
	s.run("fmt.Print()")
	if all, err = s.g.Goroutines(t.Context(), true); err != nil || len(all) != 1 || !all[0].Stopped || all[0].Cell != "cell 2" {
		t.Errorf("after stopping: %+v, %v", all, err)
	}
	s.prepare("close(never)")
}

func TestAGoroutineThatPrintsForEverIsBounded(t *testing.T) {
	s := newSession(t)
	s.run("go func() { for { os.Stdout.Write(make([]byte, 1<<16)) } }()")
	total := 0
	deadline := time.After(time.Minute)
	for text := ""; !strings.Contains(text, "truncated"); {
		select {
		case <-s.sink.more:
		case <-deadline:
			t.Fatalf("not truncated after %d bytes", total)
		}
		text = s.sink.take()
		total += len(text)
	}
	if total > 40<<20 {
		t.Errorf("%d bytes", total)
	}
	if all, err := s.g.Goroutines(t.Context(), true); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}
