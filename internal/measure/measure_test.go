package measure

import (
	"context"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/display"
)

func TestTimesHaveThreeDigits(t *testing.T) {
	t.Parallel()
	for ns, want := range map[float64]string{
		0: "0.00 ns", 1.234: "1.23 ns", 12.34: "12.3 ns", 999.4: "999 ns", 999.6: "1.00 µs", 1.5e6: "1.50 ms", 2.5e9: "2.50 s", 1234e9: "1234 s",
	} {
		if got := threeDigits(ns); got != want {
			t.Errorf("%v: %s, want %s", ns, got, want)
		}
	}
	for n, want := range map[int]int{1: 1, 3: 5, 10: 10, 11: 20, 21: 50, 600: 1000} {
		if got := roundUp(n); got != want {
			t.Errorf("%d is rounded to %d, want %d", n, got, want)
		}
	}
}

func TestTimeRunsWhatItSays(t *testing.T) {
	setups, loops := 0, 0
	timing := Time(Loops{N: 5, Runs: 3}, func() func(int) {
		setups++
		return func(n int) { loops += n }
	})
	if setups != 3 || loops != 15 || timing.Loops != 5 || timing.Runs != 3 || timing.Best > timing.Mean || timing.Mean > timing.Worst {
		t.Errorf("%d setups, %d loops, %+v", setups, loops, timing)
	}
}

func TestProfileTreeBeginsAtTheCell(t *testing.T) {
	t.Parallel()
	root := &frame{name: "all", children: map[string]*frame{}}
	stack := func(names ...string) (frames []*frame) {
		for _, n := range names {
			name, user := frameName(n)
			frames = append(frames, &frame{name: name, user: user})
		}
		return frames
	}
	root.add(stack("cell/ab12.gopar__run", "cell/ab12.gopar__x_Fib", "cell/ab12.gopar__x_Fib"), 3e8)
	root.add(stack("cell/ab12.gopar__run", "sort.Ints"), 1e8)
	top := root.top(1e9)
	for _, want := range []string{"400ms of CPU time in 1s", "300ms  75.0%   300ms  75.0%  Fib", "100ms  25.0%   100ms  25.0%  sort.Ints", "0s   0.0%   400ms 100.0%  (the cell)"} {
		if !strings.Contains(top, want) {
			t.Errorf("%q is not in\n%s", want, top)
		}
	}
	if graph := root.flameGraph(); strings.Count(graph, "<rect") != 5 || !strings.Contains(graph, ">sort.Ints<") {
		t.Error(graph)
	}
}

func TestProfilesDoNotOverlap(t *testing.T) {
	for range 2 { // the second replaces the first, which nobody stopped
		if err := StartProfile(); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := StopProfile().Show(t.Context()); err != nil || !strings.Contains(b.Text(), "of CPU time") {
		t.Errorf("%v, %v", b, err)
	}
	if _, err := StopProfile().Show(context.Background()); err == nil {
		t.Error("a profile that was not taken is shown")
	}
}

func TestValuesFitALine(t *testing.T) {
	t.Parallel()
	n, long, big, nilFunc := 42, strings.Repeat("x", 100), make([]int, 1000), (func())(nil)
	want := `["42","\"` + strings.Repeat("x", 60) + `\"…","1,000 elements","nil"]`
	if got := Values(&n, &long, &big, &nilFunc); got.Text() != want {
		t.Errorf("%s, want %s", got.Text(), want)
	}
	Clear(&n, &big)
	if n != 0 || big != nil {
		t.Error("not cleared")
	}
	var _ display.Shower = Recorded{}
}
