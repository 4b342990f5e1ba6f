//go:build unix

package kernel

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/runner"
)

// newInterpreted is a session without a toolchain.
func newInterpreted(t *testing.T) *session {
	t.Helper()
	exe, err := goBinary()
	if err != nil {
		t.Fatal(err)
	}
	g := NewEvaluator(EvaluatorConfig{Toolchain: NoToolchain, Runner: runner.Config{Exe: exe, Args: []string{"runner"}}})
	s := &session{t: t, g: g, sink: &transcript{more: make(chan struct{}, 1)}}
	g.SetSink(s.sink)
	t.Cleanup(func() {
		if err := g.Close(context.Background()); err != nil { // the test's own context has ended
			t.Error(err)
		}
	})
	return s
}

func TestCellsWithoutAToolchain(t *testing.T) {
	t.Parallel()
	s := newInterpreted(t)
	for _, step := range [][2]string{
		{"x := 41", ""},
		{"x++; x", "=> 42"},
		{"func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }", ""},
		{"fib(15), strings.Repeat(\"ab\", 2)", "=> 610, abab"},
		{"type point struct{ X, Y int }\nfunc (p *point) move(d int) { p.X += d }\np := point{1, 2}", ""},
		{"p.move(5); p", "=> {X:6 Y:2}"},
		{"fmt.Println(p, []point{p})", "{6 2} [{6 2}]\n"},
		{"type temp float64\nfunc (t temp) String() string { return fmt.Sprintf(\"%.1f°\", float64(t)) }\ntemp(21.5)", "=> 21.5°"},
		{"words := map[string]int{}\nfor _, w := range strings.Fields(\"a b a\") { words[w]++ }\nwords", "=> map[a:2 b:1]"},
		{"func fib(n int) int { return -n }\nfib(3)", "=> -3"},
		{"counter := func() func() int { n := 0; return func() int { n++; return n } }()\ncounter(); counter()", "=> 2"},
		{"sort.Slice([]int{1}, func(i, j int) bool { return true })", ""},
		{"[]int{1, 2, 3}[x]", "! panic: runtime error: index out of range [42] with length 3"},
		{"x", "=> 42"},
		{"strconv.Atoi(\"z\")", "=> 0, strconv.Atoi: parsing \"z\": invalid syntax"},
		{"undefinedName", "! compile error: cell 16:1:1: undefined: undefinedName"},
		{"os.Exit(3)", "! exit: os.Exit(3)"},
	} {
		if got := s.run(step[0]); got != step[1] && !strings.Contains(got, strings.TrimPrefix(step[1], "! ")) || step[1] == "" && got != "" {
			t.Errorf("%s\n got: %s\nwant: %s", step[0], got, step[1])
		}
	}
}

func TestWhatCannotBeInterpretedIsRefusedWithAPosition(t *testing.T) {
	t.Parallel()
	s := newInterpreted(t)
	for code, want := range map[string]string{
		"a := 1\nfunc Map[T any](s []T) []T { return s }": ":2: generic functions cannot be interpreted",
		"b := 2\nslices.Sort([]int{2, 1})":                ":2:1: slices.Sort, which is generic, cannot be interpreted",
		"c := 3\nselect { default: }":                     ":2:1: select statements cannot be interpreted",
	} {
		got := s.run(code)
		if !strings.Contains(got, want) || !strings.Contains(got, "https://go.dev/dl") {
			t.Errorf("%s\n got: %s\nwant: %s", code, got, want)
		}
	}
	if got := s.run("a"); !strings.Contains(got, "undefined: a") {
		t.Errorf("a refused cell has declared something: %q", got)
	}
}

func TestInterpretedCellsAreInterrupted(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"loop":      "for { n++ }",
		"recursion": "func down(n int) int { if n == 0 { return 0 }; return down(n-1) + down(n-1) }\ndown(60)",
		"receive":   "<-make(chan int)",
		"send":      "make(chan int) <- 1",
		"sleep":     "time.Sleep(time.Hour)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newInterpreted(t)
			s.run("n := 1\nkept := \"kept\"")
			began := make(chan struct{})
			done := make(chan string)
			go func() {
				close(began)
				done <- s.run("fmt.Println(\"started\")\n" + code)
			}()
			<-began
			<-s.sink.more
			s.g.Interrupt()
			select {
			case got := <-done:
				if !strings.Contains(got, "nterrupted") {
					t.Errorf("ended with %q", got)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("not interrupted")
			}
			if got := s.run("kept"); got != "=> kept" {
				t.Errorf("afterwards: %q", got)
			}
		})
	}
}
