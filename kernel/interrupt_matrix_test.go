//go:build unix

package kernel

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// prompt is what "within a second" means on a machine that may be busy with other
// tests; the times themselves are printed.
const prompt = 8 * time.Second

// interruptions has one row for each way in which a cell can be busy or blocked.
// Every cell prints "on" when it is about to begin.
var interruptions = []struct{ name, cell string }{
	{"tight loop", "on(); for { n++ }"},
	{"loop in a package of a cell", "on(); busy.Spin()"},
	{"loop without a body", "on(); for {\n}"},
	{"nested function loop", "func inner() { for i := 0; i < 10; { n = i } }\nfunc outer() { for { inner() } }\non(); outer()"},
	{"recursion", "func fibo(k int) int { if k < 2 { return k }; return fibo(k-1) + fibo(k-2) }\non(); fibo(90)"},
	{"goto loop", "on()\nfunc() {\nagain:\n\tn++\n\tgoto again\n}()"},
	{"range over func", "func all(yield func(int) bool) { for i := 0; ; i++ { if !yield(i) { return } } }\non(); for i := range all { n = i }"},
	{"range over a library's iterator", "on(); for range 1 << 40 { for i := range slices.Values([]int{1, 2}) { n = i } }"},
	{"defer with a loop", "on(); func() { defer func() { for { n++ } }() }()"},
	{"loop after a recovered interrupt", "on(); func() { defer func() { recover(); for { n++ } }(); for { n++ } }()"},
	{"panics recovered in a loop", "on(); for { func() { defer func() { recover() }(); var m map[int]int; m[1] = 1 }() }"},
	{"panics recovered around a wait", "on(); for { func() { defer func() { recover() }(); <-make(chan int) }() }"},
	{"channel send", "on(); make(chan int) <- 1"},
	{"channel receive", "on(); <-make(chan int)"},
	{"nil channel", "var none chan int\non(); <-none"},
	{"select", "a, b := make(chan int), make(chan string)\non(); select { case <-a: case b <- \"\": }"},
	{"empty select", "on(); select {}"},
	{"select with default in a loop", "c := make(chan int)\non(); for { select { case <-c: default: n++ } }"},
	{"range over a channel", "on(); for range make(chan int) { }"},
	{"sleep", "on(); time.Sleep(time.Hour)"},
	{"timer in a select", "on(); select { case <-time.After(time.Hour): }"},
	{"mutex", "var mu sync.Mutex\nmu.Lock(); on(); mu.Lock()"},
	{"read lock", "var rw sync.RWMutex\nrw.Lock(); on(); rw.RLock()"},
	{"wait group", "var wg sync.WaitGroup\nwg.Add(1); on(); wg.Wait()"},
	{"condition", "cond := sync.NewCond(new(sync.Mutex))\ncond.L.Lock(); on(); cond.Wait()"},
	{"goroutines that compute", "var group sync.WaitGroup\nfor range 4 { group.Go(func() { for { n = 2 } }) }; on(); group.Wait()"},
	{"read of a pipe", "r, w, err := os.Pipe()\non(); r.Read(make([]byte, 1)); w.Close()"},
	{"blocked system call", "var fds [2]int\nsyscall.Pipe(fds[:]); on(); syscall.Read(fds[0], make([]byte, 1))"},
	{"accept", "l, err := net.Listen(\"tcp\", \"127.0.0.1:0\")\non(); l.Accept()"},
	{"http to a silent server", "silent, err := net.Listen(\"tcp\", \"127.0.0.1:0\")\non(); http.Get(\"http://\" + silent.Addr().String())"},
	{"child process", "on(); exec.Command(\"sleep\", \"1000\").Run()"},
	{"child of a child", "on(); exec.Command(\"sh\", \"-c\", \"sleep 1001; true\").Run()"},
	{"child that ignores interrupts", "on(); exec.Command(\"sh\", \"-c\", \"trap '' INT; sleep 1002; true\").Run()"},
	{"library with a callback", "xs := make([]int, 20_000_000)\nfor i := range xs { xs[i] = (i * 7919) % 1_000_003 }\non(); for { sort.Slice(xs, func(i, j int) bool { return xs[i] < xs[j] }); xs[0]++ }"},
	{"library with a named callback", "func less(a, b int) int { return a - b }\nys := make([]int, 20_000_000)\nfor i := range ys { ys[i] = (i * 7919) % 1_000_003 }\non(); slices.SortFunc(ys, less)"},
	{"long call of the library", "big := make([]int, 5_000_000)\non(); fmt.Sprint(big, big, big, big)"},
	{"waiting for input", "on(); var typed string; fmt.Scan(&typed)"},
	{"output without end", "on(); for { fmt.Println(\"flood\") }"},
}

func TestInterruptMatrix(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.prepare(`
var n int
var kept = "kept"
func on() { println("on") }`)
	s.prepare("package busy\n\nfunc Spin() {\n\tfor {\n\t}\n}")
	for _, row := range interruptions {
		t.Run(row.name, func(t *testing.T) {
			s.interruptRow(t, row.name, row.cell)
		})
	}
}

// TestInterruptInC has rows in which nothing but the end of the process helps.
func TestInterruptInC(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	for _, row := range []struct{ name, cell string }{
		{"C function that sleeps", "// #include <unistd.h>\nimport \"C\"\non(); C.sleep(1000)"},
		{"loop in C", "// static volatile int n; static void spin(void) { for (;;) n++; }\nimport \"C\"\non(); C.spin()"},
		{"C in a goroutine", "// #include <unistd.h>\nimport \"C\"\ndone := make(chan bool)\ngo func() { C.sleep(1000); close(done) }()\non(); <-done"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s.run("kept := 1\nfunc on() { println(\"on\") }")
			pid := s.g.PID()
			o, took := s.interruptAt(t, row.cell, s.g.Interrupt)
			text := ""
			if o.Error != nil {
				text = o.Error.Name + ": " + strings.Join(o.Error.Traceback, "\n")
			}
			if !strings.Contains(text, "interrupted in C code") || !strings.Contains(text, "has ended and was replaced") || !strings.Contains(text, "kept; run their cells again") {
				t.Errorf("%q", text)
			}
			s.sink.take()
			if got := s.run("on()"); got != "2>on\n" || s.g.PID() == pid {
				t.Errorf("after it: %q, runner %d, was %d", got, s.g.PID(), pid)
			}
			if took > prompt {
				t.Errorf("took %v", took)
			}
			t.Logf("%-34s idle after %4d ms, runner replaced", row.name, took.Milliseconds())
		})
	}
}

// prepare runs a cell that must neither print nor fail.
func (s *session) prepare(code string) {
	s.t.Helper()
	if got := s.run(code); got != "" {
		s.t.Fatalf("%s: %s", code, got)
	}
}

// interruptRow runs a cell, interrupts it when it says that it is on, and checks
// that it ends soon, keeps the session's values, and leaves nothing in the way of
// later cells.
func (s *session) interruptRow(t *testing.T, name, code string) {
	pid := s.g.PID()
	o, took := s.interruptAt(t, code, s.g.Interrupt)
	if o.Error == nil || o.Error.Name != "Interrupted" {
		t.Errorf("outcome %+v", o.Error)
	}
	if took > prompt {
		t.Errorf("took %v", took)
	}
	began := time.Now()
	s.sink.take()
	if got := s.run("kept"); !strings.HasSuffix(got, "=> kept") {
		t.Errorf("after it: %q", got)
	}
	after := time.Since(began)
	how := "values kept"
	if s.g.PID() != pid {
		how = "runner replaced"
		t.Error(how)
	}
	t.Logf("%-34s idle after %4d ms, %s; next cell %d ms", name, took.Milliseconds(), how, after.Milliseconds())
}

// interruptAt starts a cell and calls interrupt once it has printed "on". It
// returns what the cell came to, and how long that took from there.
func (s *session) interruptAt(t *testing.T, code string, interrupt func()) (Outcome, time.Duration) {
	t.Helper()
	s.sink.take()
	s.n++
	ended := make(chan Outcome, 1)
	number := s.n
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	var cells sync.WaitGroup
	defer cells.Wait()
	cells.Go(func() {
		ended <- s.g.Execute(ctx, Cell{MsgID: fmt.Sprint(number), Code: code, Number: number, AllowStdin: strings.Contains(code, "Scan")})
	})
	deadline := time.After(5 * time.Minute) // a loaded machine checks the cell for long
	for !s.sink.has("on") {
		select {
		case <-s.sink.more:
		case o := <-ended:
			t.Fatalf("the cell ended: %+v", o.Error)
		case <-deadline:
			t.Fatal("the cell did not begin")
		}
	}
	began := time.Now()
	interrupt()
	select {
	case o := <-ended:
		return o, time.Since(began)
	case <-time.After(30 * time.Second):
		_ = syscall.Kill(s.g.PID(), syscall.SIGKILL) // so that the next rows are tested
		t.Fatal("not interrupted")
		return Outcome{}, 0
	}
}

// has reports whether text has come since the last take.
func (s *transcript) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.text.String(), text)
}

func TestInterruptWhileACellIsBuilt(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.prepare("var kept = \"kept\"")
	var code strings.Builder
	for i := range 1500 { // seconds of compiling
		fmt.Fprintf(&code, "func built%d(m map[string]int) string { m[\"%d\"]++; return fmt.Sprint(m, %d, %d) }\n", i, i, i, time.Now().UnixNano())
	}
	ended := make(chan Outcome, 1)
	var cells sync.WaitGroup
	defer cells.Wait()
	cells.Go(func() { ended <- s.g.Execute(t.Context(), Cell{MsgID: "b", Code: code.String(), Number: 2}) })
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !compiling(t) {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("nothing is compiled")
		}
	}
	began := time.Now()
	s.g.Interrupt()
	o := <-ended
	t.Logf("idle after %v", time.Since(began))
	if o.Error == nil || o.Error.Name != "Interrupted" || time.Since(began) > prompt {
		t.Errorf("%+v after %v", o.Error, time.Since(began))
	}
	s.sink.take()
	if got := s.run("kept"); got != "=> kept" {
		t.Errorf("after it: %q", got)
	}
	if got := s.run("built1(nil)"); !strings.Contains(got, "undefined: built1") {
		t.Errorf("it has left declarations: %q", got)
	}
}

// compiling reports whether a process below this one compiles a long cell: others
// come and go in tests beside this one.
func compiling(t *testing.T) bool {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		pids, _ := os.ReadFile(list) // a thread may have ended
		for pid := range strings.FieldsSeq(string(pids)) {
			dir, err := os.Readlink("/proc/" + pid + "/cwd")
			exe, _ := os.Readlink("/proc/" + pid + "/exe")
			if err != nil || filepath.Base(exe) != "compile" {
				continue
			}
			if info, err := os.Stat(filepath.Join(dir, "unit.go")); err == nil && info.Size() > 100_000 {
				return true
			}
		}
	}
	return false
}
