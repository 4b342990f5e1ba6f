//go:build unix

package kernel

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/internal/runner"
)

// goBinary builds, once, the program in which the evaluator's cells run: units fit
// only a plain build, not this test binary.
var goBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "gopar-kernel-")
	if err != nil {
		return "", err
	}
	exe := filepath.Join(dir, "host")
	out, err := exec.Command("go", "build", "-trimpath", "-o", exe, "../internal/runner/testdata/host").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return exe, nil
})

// transcript is a sink that collects what cells print and show.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{} // holds a token when something came
}

func (s *transcript) Output(_, stream string, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stream == "stderr" {
		s.text.WriteString("2>")
	}
	s.text.Write(text)
	select {
	case s.more <- struct{}{}:
	default:
	}
}

func (s *transcript) Display(_ string, m display.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(&s.text, "[%s %s]", m.Type, m.Data.Text())
}

func (s *transcript) Input(context.Context, string, string, bool) (string, error) {
	return "typed", nil
}

func (s *transcript) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.text.String()
	s.text.Reset()
	return text
}

// session is a GoEvaluator with real processes behind it.
type session struct {
	t    testing.TB
	g    *GoEvaluator
	sink *transcript
	n    int
}

// newSession starts a session, whose cells may have as much memory as is said.
func newSession(t testing.TB, memory ...string) *session {
	t.Helper()
	exe, err := goBinary()
	if err != nil {
		t.Fatal(err)
	}
	source, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	g := NewEvaluator(EvaluatorConfig{
		Native: native.Options{Source: source, Exe: exe}, Patience: time.Hour, // a busy machine shows nothing else
		Runner: runner.Config{Exe: exe, Args: []string{"runner"}, MemoryLimit: strings.Join(memory, "")},
	})
	s := &session{t: t, g: g, sink: &transcript{more: make(chan struct{}, 1)}}
	g.SetSink(s.sink)
	t.Cleanup(func() {
		if err := g.Close(context.Background()); err != nil { // the test's own context has ended
			t.Error(err)
		}
	})
	return s
}

// run executes a cell and returns what it printed, its result and its error.
func (s *session) run(code string) string {
	s.t.Helper()
	s.n++
	o := s.g.Execute(s.t.Context(), Cell{MsgID: fmt.Sprint(s.n), Code: code, Number: s.n, AllowStdin: true})
	text := s.sink.take()
	if o.Value != nil {
		text += "=> " + o.Value.Text()
	}
	if o.Error != nil {
		text += "! " + o.Error.Name + ": " + o.Error.Value
	}
	return text
}

func TestGoEvaluator(t *testing.T) {
	tests := map[string][][2]string{
		"values, functions, types": {
			{"x := 40", ""}, {"x + 2", "=> 42"}, {"func f(n int) int { return n * x }\nf(2)", "=> 80"},
			{"type p struct{ a int }\nfunc (q p) String() string { return \"p!\" }\np{1}", "=> p!"},
			{"fmt.Println(\"hi\")", "hi\n"}, {"fmt.Fprintln(os.Stderr, \"err\")", "2>err\n"},
		},
		"errors are the cell's": {
			{"y := 1 + zz", "! compile error: cell 1:1:10: undefined: zz"},
			{"func boom(s []int) int { return s[5] }", ""},
			{"boom([]int{1, 2, 3})", "! panic: runtime error: index out of range [5] with length 3"},
			{"panic(\"mine\")", "! panic: mine"},
			{"os.Exit(3)", "! exit: os.Exit(3)"},
			{"1", "=> 1"},
		},
		"what a crash takes with it": {
			{"v := 1\nfunc id(n int) int { return n }", ""},
			{"var mu sync.Mutex\nmu.Unlock()", "! fatal error: sync: unlock of unlocked mutex"},
			{"v", "! compile error: cell 3:1:1: undefined: v (its value was lost when the process that held it ended: run its cell again)"},
			{"id(7)", "=> 7"}, {"v := 2", ""}, {"v", "=> 2"},
		},
		"input": {{"var s string\nfmt.Scanln(&s)\ns", "=> typed"}},
		"rebuilding is announced": {
			{"func a() int { return 1 }", ""}, {"func b() int { return a() }", ""}, {"func a() int { return 2 }", "2>rebuilt with the new declarations: b\n"}, {"b()", "=> 2"},
			{"type n struct{ v int }\nfunc mk() n { return n{1} }", ""},
			{"type n struct{ v string }", "2>still as before, because they do not fit the new declarations: mk\n"},
		},
	}
	for name, cells := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			for _, c := range cells {
				if got := s.run(c[0]); got != c[1] {
					t.Fatalf("%s\n got %q\nwant %q", c[0], got, c[1])
				}
			}
		})
	}
}

func TestTracebackShowsTheUsersLines(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.run("func first(s []int) int {\n\treturn s[0]\n}")
	o := s.g.Execute(t.Context(), Cell{Code: "x := 1\n\nfirst(nil)", Number: 2})
	if o.Error == nil {
		t.Fatal("no error")
	}
	text := strings.Join(o.Error.Traceback, "\n")
	for _, want := range []string{"index out of range [0] with length 0", "cell 1:2", "return s[0]", "cell 2:3", "first(nil)"} {
		if !strings.Contains(text, want) {
			t.Errorf("traceback lacks %q:\n%s", want, text)
		}
	}
	for _, hidden := range []string{"gopar__", "runtime.", "plugin", "cell/"} {
		if strings.Contains(text, hidden) {
			t.Errorf("traceback shows %q:\n%s", hidden, text)
		}
	}
}

func TestInterruptKeepsValues(t *testing.T) {
	for _, code := range []string{"for { n++ }", "time.Sleep(time.Hour)", "select {}", "<-make(chan int)", "func r(n int) int { if n < 0 { return 0 }; return r(n-1) + r(n-1) }\nr(100)"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			s.run("n := 1")
			done := make(chan Outcome, 1)
			started := make(chan struct{})
			go func() {
				close(started)
				done <- s.g.Execute(t.Context(), Cell{Code: "fmt.Println(\"on\")\n" + code, Number: 2})
			}()
			<-started
			select {
			case <-s.sink.more: // it runs
			case <-time.After(30 * time.Second):
				t.Fatal("the cell did not start")
			}
			s.g.Interrupt()
			select {
			case o := <-done:
				if o.Error == nil || o.Error.Name != "Interrupted" {
					t.Errorf("outcome %+v", o)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("not interrupted")
			}
			s.sink.take()
			if got := s.run("n > 0"); got != "=> true" {
				t.Errorf("after the interrupt: %q", got)
			}
		})
	}
}

func TestKilledRunnerIsAnErrorOfTheCell(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.run("n := 1")
	done := make(chan Outcome, 1)
	go func() { done <- s.g.Execute(t.Context(), Cell{Code: "fmt.Println(\"on\"); select {}", Number: 2}) }()
	<-s.sink.more
	if err := syscall.Kill(s.g.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if o := <-done; o.Error == nil || !strings.Contains(strings.Join(o.Error.Traceback, "\n"), "Lost with it: n") {
		t.Errorf("outcome %+v", o)
	}
	s.sink.take()
	if got := s.run("1 + 1"); got != "=> 2" {
		t.Error(got)
	}
}

func TestShellCommandsFollowTheCells(t *testing.T) {
	s := newSession(t)
	dir := t.TempDir()
	if got := s.run(fmt.Sprintf("os.Chdir(%q)", dir)); got != "" {
		t.Fatal(got)
	}
	if got := s.g.Dir(); got != dir {
		t.Errorf("the cells are in %s, Dir is %s", dir, got)
	}
}

func BenchmarkCell(b *testing.B) {
	s := newSession(b)
	for _, bench := range []struct{ name, code string }{{"repeated", "1+1"}, {"call", "strings.ToUpper(\"a\")"}} {
		b.Run(bench.name, func(b *testing.B) {
			s.run(bench.code)
			for b.Loop() {
				s.run(bench.code)
			}
		})
	}
}
