//go:build unix

package kernel

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// crashes has one row for each way in which a cell can end badly. Kept says that the
// session's values survive; otherwise the process that holds them is replaced, the
// names that are lost are told, and types, functions and imports remain.
var crashes = []struct {
	name, cell string
	want       string // how the error begins: its name and value
	kept       bool
}{
	{"infinite recursion", "func deep(n int) int { return deep(n+1) + 1 }\ndeep(0)", "fatal error: stack overflow", true},
	{"infinite recursion through methods", "type node struct{ next *node }\nfunc (p *node) size() int { return 1 + p.next.size() }\nring := &node{}\nring.next = ring\nring.size()", "fatal error: stack overflow", true},
	{"infinite recursion in a goroutine", "func down(n int) int { return down(n+1) + 1 }\nfailed := make(chan int)\ngo func() { failed <- down(0) }()\n<-failed", "fatal error: stack overflow", true},
	{"panic", "panic(\"mine\")", "panic: mine", true},
	{"panic in a goroutine", "go func() { panic(\"behind\") }()\nselect {}", "panic: behind", true},
	{"panic in a goroutine of a wait group", "var wg sync.WaitGroup\nwg.Go(func() { var m map[string]int; m[\"a\"] = 1 })\nwg.Wait(); select {}", "panic: assignment to entry in nil map", true},
	{"panic in a timer's function", "time.AfterFunc(time.Millisecond, func() { panic(\"late\") })\nselect {}", "panic: late", true},
	{"nil function", "var f func()\nf()", "panic: runtime error: invalid memory address or nil pointer dereference", true},
	{"nil pointer", "var p *struct{ x int }\np.x = 1", "panic: runtime error: invalid memory address or nil pointer dereference", true},
	{"nil map", "var m map[int]int\nm[1] = 2", "panic: assignment to entry in nil map", true},
	{"division by zero", "zero := 0\n1 / zero", "panic: runtime error: integer divide by zero", true},
	{"custom error", "panic(fmt.Errorf(\"wrapped: %w\", os.ErrNotExist))", "panic: wrapped: file does not exist", true},
	{"os.Exit", "os.Exit(3)", "exit: os.Exit(3)", true},
	{"os.Exit in a function", "func leave() { defer os.Exit(4) }\nleave()", "exit: os.Exit(4)", true},
	{"log.Fatal", "log.Fatal(\"no way\")", "exit: no way", true},
	{"runtime.Goexit", "runtime.Goexit()", "exit: runtime.Goexit was called", true},
	{"slice too large", "func huge(n int) []int { return make([]int, n) }\nhuge(1 << 60)", "panic: runtime error: makeslice: len out of range", true},
	{"deadlock", "ch := make(chan int)\nch <- 1", "fatal error: all goroutines are asleep - deadlock!", true},
	{"deadlock of several", "var a, b sync.Mutex\nvar wg sync.WaitGroup\nwg.Add(2)\ngo func() { a.Lock(); time.Sleep(50 * time.Millisecond); b.Lock(); wg.Done() }()\ngo func() { b.Lock(); time.Sleep(50 * time.Millisecond); a.Lock(); wg.Done() }()\nwg.Wait()", "fatal error: all goroutines are asleep - deadlock!", true},
	{"closed output", "os.Stdout.Close(); os.Stderr.Close(); syscall.Close(1); syscall.Close(2)", "", true},
	{"no descriptors", "var open []*os.File\nvar openErr error\nfor openErr == nil { var f *os.File; f, openErr = os.Open(os.DevNull); open = append(open, f) }\nfor _, f := range open { f.Close() }\nopenErr", "", true},
	{"memory kept in a variable", "var hoard [][]byte\nfor { hoard = append(hoard, make([]byte, 1<<20)); clear(hoard[len(hoard)-1]) }", "out of memory: the limit of 1.0 GiB", true},
	{"concurrent map writes", "shared := map[int]int{}\nfor range 8 { go func() { for { shared[1]++ } }() }\nselect {}", "fatal error: concurrent map", false},
	{"memory taken from the system", "func seize() { b, _ := syscall.Mmap(-1, 0, 2<<30, 3, 34); clear(b) }\nseize()", "out of memory: the limit of 1.0 GiB", false},
	{"memory filled by a library", "func fill() {\n\tb, _ := syscall.Mmap(-1, 0, 2<<30, 3, 34)\n\tclear(b[:800<<20])\n\tr, w, _ := os.Pipe()\n\tc := exec.Command(\"sh\", \"-c\", \"while head -c 8000000 /dev/zero; do sleep 0.05; done\")\n\tc.Stdout = w\n\tc.Start()\n\tio.ReadFull(r, b[800<<20:])\n}\nfill()", "out of memory: the limit of 1.0 GiB", false},
	{"unlock of an unlocked mutex", "var u sync.Mutex\nu.Unlock()", "fatal error: sync: unlock of unlocked mutex", false},
	{"invalid pointer", "func wild() int { return *(*int)(unsafe.Pointer(uintptr(0xdeadbeef000))) }\nwild()", "f", false},
	{"exit of a library", "syscall.Exit(7)", "exit: the process exited with status 7", false},
	{"recursion of a library", "type self struct{}\nfunc (s self) Error() string { return \"\" }\nvar loop []any = make([]any, 1)\nloop[0] = loop\nfmt.Sprint(loop)", "fatal error: stack overflow", false},
	{"crash in C", "// static int wild(int *p) { return *p; }\nimport \"C\"\nC.wild(nil)", "f", false},
	{"abort in C", "// #include <stdlib.h>\nimport \"C\"\nC.abort()", "fatal signal: SIGABRT", false},
	{"fatal signal", "syscall.Kill(os.Getpid(), syscall.SIGSEGV); select {}", "f", false},
	{"killed by itself", "syscall.Kill(os.Getpid(), syscall.SIGKILL); select {}", "killed: ", false},
}

func TestCrashMatrix(t *testing.T) {
	t.Parallel()
	s := newSession(t, "1GiB")
	for n, row := range crashes {
		if n == 0 {
			s.prepare("import \"strings\"\nfunc plus(n int) int { return n + 1 }\ntype point struct{ x, y int }")
		}
		t.Run(row.name, func(t *testing.T) {
			s.prepare("kept := \"kept\"")
			pid := s.g.PID()
			began := time.Now()
			s.n++
			o := s.g.Execute(t.Context(), Cell{MsgID: fmt.Sprint(s.n), Code: row.cell, Number: s.n})
			took := time.Since(began)
			got := ""
			if o.Error != nil {
				got = o.Error.Name + ": " + o.Error.Value
			}
			if !strings.HasPrefix(got, row.want) || (row.want == "") != (got == "") {
				t.Errorf("ends with %q, want %q", got, row.want)
			}
			s.sink.take()
			how := "values kept"
			if s.g.PID() != pid {
				how = "runner replaced"
			}
			if row.kept {
				if got := s.run("kept"); got != "=> kept" {
					t.Errorf("after it: %q", got)
				}
			} else {
				how = "runner replaced"
				if trace := strings.Join(o.Error.Traceback, "\n"); !strings.Contains(trace, "Types, functions and imports are kept. Lost with it: ") || !strings.Contains(trace, "kept") {
					t.Errorf("does not say what is lost: %s", trace)
				}
			}
			if got := s.run("plus(1), strings.ToUpper(\"a\"), point{1, 2}"); got != "=> 2, A, {x:1 y:2}" {
				t.Errorf("declarations: %q", got)
			}
			s.run("runtime.GC()")
			t.Logf("%-38s %5d ms, %s: %s", row.name, took.Milliseconds(), how, got)
		})
	}
}

func TestAKilledRunnerBetweenCells(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.prepare("v := 1\nfunc one() int { return 1 }")
	s.g.mu.Lock()
	r := s.g.runner
	s.g.mu.Unlock()
	if err := syscall.Kill(r.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-r.Done()
	if got := s.run("one()"); !strings.HasPrefix(got, "2>The process that held the session's values had ended") || !strings.HasSuffix(got, "=> 1") {
		t.Errorf("%q", got)
	}
}

// TestWhatMayStillWakeIsNotADeadlock has cells that wait long enough to be looked at.
func TestWhatMayStillWakeIsNotADeadlock(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"timer":    "c := time.After(6 * time.Second)\n<-c\n\"woken\"",
		"function": "done := make(chan int)\ntime.AfterFunc(6*time.Second, func() { close(done) })\n<-done\n\"woken\"",
		"context":  "ctx, cancel := context.WithTimeout(context.Background(), 6*time.Second)\ndefer cancel()\n<-ctx.Done()\n\"woken\"",
		"pipe":     "r, w, _ := os.Pipe()\ncmd := exec.Command(\"sleep\", \"6\")\ncmd.Stdout = w\ncmd.Start()\nw.Close()\nread := make(chan int)\ngo func() { io.ReadAll(r); close(read) }()\n<-read\n\"woken\"",
		"sleep":    "time.Sleep(6 * time.Second)\n\"woken\"",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := newSession(t).run(code); got != "=> woken" {
				t.Errorf("%q", got)
			}
		})
	}
}
