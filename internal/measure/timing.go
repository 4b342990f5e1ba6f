// Package measure is what the magics that look at a session call in the process
// in which the cells run: %timeit, %prof, %mem, %whos and the environment that
// shell commands get.
//
// It is no API for users: the kernel writes the calls. It imports the packages
// below cells only, because compiled cells link against it.
//
// Invariant: at most one CPU profile is being taken.
package measure

import (
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const (
	// defaultRuns is how often the loops are repeated, as in IPython.
	defaultRuns = 7
	// runTime is how long the loops of one run should take, when their number is
	// not given: long enough for the clock, short enough for seven of them.
	runTime = 100 * time.Millisecond
	// maxLoops bounds the loops that are chosen for something that takes no time.
	maxLoops = 1_000_000_000
)

// Loops says how often Time runs the code. The zero value chooses by itself.
type Loops struct {
	// N is how often the code runs in each run. Default: as often as fits in a
	// tenth of a second, because that is plenty for the clock.
	N int
	// Runs is how often that is repeated. Default: 7, because IPython does so.
	Runs int
}

// Timing is how long code took.
type Timing struct {
	// Mean and Std are the mean over the runs, and the standard deviation, of the
	// time that one loop took. Best and Worst are of the fastest and slowest run.
	Mean, Std, Best, Worst time.Duration
	// Loops is how many loops each run had, Runs how many runs there were.
	Loops, Runs int
	// Bytes and Allocs are what one loop allocated.
	Bytes, Allocs float64

	ns []float64
}

// Keep keeps v from being optimized away.
//
//go:noinline
func Keep[T any](v T) { _ = v }

// Time runs the code that setup returns, which runs n loops. Setup is called
// once for each run and is not part of the time.
func Time(o Loops, setup func() func(n int)) Timing {
	t := Timing{Loops: o.N, Runs: o.Runs}
	if t.Runs <= 0 {
		t.Runs = defaultRuns
	}
	if t.Loops <= 0 {
		t.Loops = chooseLoops(setup)
	}
	var before, after runtime.MemStats
	for range t.Runs {
		loops := setup()
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		loops(t.Loops)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		t.ns = append(t.ns, float64(took.Nanoseconds())/float64(t.Loops))
		t.Bytes += float64(after.TotalAlloc - before.TotalAlloc)
		t.Allocs += float64(after.Mallocs - before.Mallocs)
	}
	all := float64(t.Loops) * float64(t.Runs)
	t.Bytes, t.Allocs = t.Bytes/all, t.Allocs/all
	t.summarize()
	return t
}

// chooseLoops returns how many loops take about runTime.
func chooseLoops(setup func() func(n int)) int {
	loops := setup()
	for n := 1; ; {
		start := time.Now()
		loops(n)
		took := time.Since(start)
		if took >= runTime/2 || n >= maxLoops {
			return n
		}
		// As package testing does: aim a little higher, but grow at most hundredfold,
		// since the first loops may be slower or faster than the rest.
		next := int64(n) * 100
		if took > 0 {
			next = min(next, int64(float64(n)*1.2*float64(runTime)/float64(took)))
		}
		n = roundUp(int(min(max(next, int64(n)+1), maxLoops)))
	}
}

// roundUp rounds to 1, 2 or 5 times a power of ten.
func roundUp(n int) int {
	base := 1
	for base*10 <= n {
		base *= 10
	}
	for _, f := range []int{1, 2, 5} {
		if n <= f*base {
			return f * base
		}
	}
	return 10 * base
}

func (t *Timing) summarize() {
	best, worst, sum := math.Inf(1), 0.0, 0.0
	for _, ns := range t.ns {
		best, worst, sum = min(best, ns), max(worst, ns), sum+ns
	}
	mean := sum / float64(len(t.ns))
	squares := 0.0
	for _, ns := range t.ns {
		squares += (ns - mean) * (ns - mean)
	}
	t.Mean, t.Std = time.Duration(mean), time.Duration(math.Sqrt(squares/float64(len(t.ns))))
	t.Best, t.Worst = time.Duration(best), time.Duration(worst)
}

// String is IPython's sentence, and what Go's benchmarks say about memory.
func (t Timing) String() string {
	var mean, squares float64
	for _, ns := range t.ns {
		mean += ns / float64(len(t.ns))
	}
	for _, ns := range t.ns {
		squares += (ns - mean) * (ns - mean) / float64(len(t.ns))
	}
	text := fmt.Sprintf("%s ± %s per loop (mean ± std. dev. of %d run%s, %s loop%s each)\n%s B and %s allocations per loop",
		threeDigits(mean), threeDigits(math.Sqrt(squares)), t.Runs, plural(t.Runs), thousands(t.Loops), plural(t.Loops),
		number(t.Bytes), number(t.Allocs))
	if best, worst := float64(t.Best), float64(t.Worst); best > 0 && worst > 4*best {
		text += fmt.Sprintf("\nThe slowest run took %.1f times longer than the fastest: the machine is busy, or something was cached.", worst/best)
	}
	return text
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// threeDigits writes a time in nanoseconds with three digits and a fitting unit.
func threeDigits(ns float64) string {
	units := []struct {
		name string
		ns   float64
	}{{"ns", 1}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}}
	i := 0
	for i < len(units)-1 && ns >= 999.5*units[i].ns {
		i++
	}
	v := ns / units[i].ns
	digits := 2
	switch {
	case v >= 999.5:
		return fmt.Sprintf("%.0f %s", v, units[i].name)
	case v >= 99.95:
		digits = 0
	case v >= 9.995:
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + " " + units[i].name
}

// number writes a mean without digits that mean nothing: what the runtime itself
// allocates beside the loops.
func number(v float64) string {
	if v < 0.01 {
		return "0"
	}
	if v < 10 && math.Abs(v-math.Round(v)) > 0.05 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return thousands(int(math.Round(v)))
}

// thousands writes 1000000 as 1,000,000.
func thousands(n int) string {
	s := strconv.Itoa(n)
	var b strings.Builder
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}
