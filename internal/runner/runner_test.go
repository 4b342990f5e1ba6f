//go:build unix

package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/codec"
	"github.com/gopar-project/gopar/internal/interp"
	"github.com/gopar-project/gopar/internal/native"
)

// lab is where tests build: a plain host binary (units do not fit one built with -race) and a cache for its units.
var lab struct {
	host  string
	tools *native.Toolchain
}

func TestMain(m *testing.M) {
	if exe := os.Getenv(parentEnv); exe != "" {
		os.Exit(parentToBeKilled(exe))
	}
	dir, err := os.MkdirTemp("", "gopar-runner-")
	if err != nil {
		panic(err)
	}
	lab.host = filepath.Join(dir, "host")
	source, _ := filepath.Abs("../..")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", lab.host, "./testdata/host").CombinedOutput(); err != nil {
		panic(fmt.Sprint(err, string(out)))
	}
	lab.tools, err = native.Open(context.Background(), native.Options{Dir: filepath.Join(dir, "cache"), Source: source, Exe: lab.host})
	if err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// recorder is a sink that writes down what comes, in order.
type recorder struct {
	mu     sync.Mutex
	text   strings.Builder // "id/stream:text" runs
	last   string
	events int
	input  func(ctx context.Context, prompt string, password bool) (string, error)
	seen   chan struct{}
}

func newRecorder() *recorder { return &recorder{seen: make(chan struct{}, 1)} }

func (r *recorder) note(kind, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events++
	if r.last != kind {
		fmt.Fprintf(&r.text, "<%s>", kind)
		r.last = kind
	}
	r.text.WriteString(text)
	select {
	case r.seen <- struct{}{}:
	default:
	}
}

func (r *recorder) Output(id, stream string, text []byte) { r.note(id+"/"+stream, string(text)) }
func (r *recorder) Display(id string, m display.Message) {
	r.note(id+"/"+m.Type, fmt.Sprint(m.Data["text/plain"]))
}
func (r *recorder) Input(ctx context.Context, id, prompt string, password bool) (string, error) {
	r.note(id+"/input", fmt.Sprintf("%s,%v", prompt, password))
	if r.input == nil {
		return "", display.ErrNoFrontEnd
	}
	return r.input(ctx, prompt, password)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// await waits until what came contains want.
func (r *recorder) await(t *testing.T, want string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !strings.Contains(r.String(), want) {
		select {
		case <-r.seen:
		case <-deadline:
			t.Fatalf("%q does not come, only %q", want, r)
		}
	}
}

func start(t testing.TB, s Sink) *Runner {
	t.Helper()
	r, err := Start(t.Context(), Config{Exe: lab.host, Sink: s, MaxOutput: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return r
}

// cell builds a unit as lowering would: imports, declarations and body of a cell; go statements, loops and exits are written
// out in the test as lowering writes them.
func cell(t testing.TB, imports, decls, body string) native.Object {
	t.Helper()
	sum := sha256.Sum256([]byte(imports + "\x00" + decls + "\x00" + body))
	hash := hex.EncodeToString(sum[:8])
	list := []string{"github.com/gopar-project/gopar/internal/unit"}
	src := "package main\nimport \"github.com/gopar-project/gopar/internal/unit\"\n"
	for _, i := range strings.Fields(imports) {
		src += fmt.Sprintf("import %q\n", i)
		list = append(list, i)
	}
	src += "func init() { unit.Register(&unit.Table{Hash: \"" + hash + "\", Run: gopar__run, Funcs: funcs}) }\nvar funcs = map[string]any{}\n" +
		"func check() { if unit.Stop.Load() != 0 { unit.Interrupted() } }\n//line cell 3:1\n" + decls + "\n//line cell 3:100\nfunc gopar__run() {\n" + body + "\n}\n"
	o, err := lab.tools.Build(t.Context(), &native.Unit{Hash: hash, Source: []byte(src), Imports: list})
	if err != nil {
		t.Fatal(err)
	}
	return *o
}

func run(t testing.TB, r *Runner, id string, o native.Object, opts ...func(*Job)) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	j := Job{ID: id, Load: []native.Object{o}, Run: o.Hash}
	for _, f := range opts {
		f(&j)
	}
	res, err := r.Run(ctx, j)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func withStdin(j *Job) { j.AllowStdin = true }

func TestOutputIsCompleteAndInOrderWhenRunReturns(t *testing.T) {
	rec := newRecorder()
	r := start(t, rec)
	o := cell(t, "fmt os os/exec github.com/gopar-project/gopar/display", "", `
		fmt.Println("a")
		display.Show("shown")
		fmt.Println("b")
		cmd := exec.Command("echo", "from a child"); cmd.Stdout = os.Stdout
		if err := cmd.Run(); err != nil { panic(err) }
		println("to stderr")
		unit.Show(42, "x")`)
	res := run(t, r, "m1", o)
	if res.Error != nil || res.Value.Text() != "42, x" {
		t.Fatalf("%+v %+v", res.Value, res.Error)
	}
	want := "<m1/stdout>a\n<m1/display_data>shown<m1/stdout>b\nfrom a child\n<m1/stderr>to stderr\n"
	if got := rec.String(); got != want {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}

func TestManyLinesArriveWhole(t *testing.T) {
	rec := newRecorder()
	r := start(t, rec)
	run(t, r, "m", cell(t, "fmt", "", `for i := range 100000 { fmt.Println("línea", i) }`))
	var want strings.Builder
	want.WriteString("<m/stdout>")
	for i := range 100000 {
		fmt.Fprintln(&want, "línea", i)
	}
	if got := rec.String(); got != want.String() {
		t.Fatalf("%d bytes, want %d", len(got), want.Len())
	}
	if rec.events > 500 {
		t.Fatalf("%d pieces", rec.events)
	}
}

func TestAFloodIsCutWithANote(t *testing.T) {
	rec := newRecorder()
	r := start(t, rec)
	run(t, r, "m", cell(t, "os bytes", "", `b := bytes.Repeat([]byte("x"), 1<<20); for range 9 { os.Stdout.Write(b) }`))
	got := rec.String()
	if len(got) > 4<<20+200 || !strings.Contains(got, "[stdout truncated after 4194304 bytes]") {
		t.Fatalf("%d bytes, ends %q", len(got), got[max(0, len(got)-100):])
	}
	rec.text.Reset()
	run(t, r, "n", cell(t, "", "", `print("still")`))
	if got := rec.String(); !strings.HasSuffix(got, "still") {
		t.Fatalf("after the flood: %q", got)
	}
}

func TestClosedDescriptorsDoNotHangNorLast(t *testing.T) {
	rec := newRecorder()
	r := start(t, rec)
	run(t, r, "m", cell(t, "os", "", `os.Stdout.WriteString("before"); os.Stdout.Close(); os.Stderr.Close()`))
	run(t, r, "n", cell(t, "fmt", "", `fmt.Print("after"); println("err")`))
	got := rec.String() // what comes on two pipes has no order
	if got != "<m/stdout>before<n/stdout>after<n/stderr>err\n" && got != "<m/stdout>before<n/stderr>err\n<n/stdout>after" {
		t.Fatalf("got %q", got)
	}
}

func TestPanicsHaveGosTextAndTheUsersFrames(t *testing.T) {
	r := start(t, nil)
	for _, c := range []struct{ name, imports, decls, body, text, frames string }{
		{"index", "", "func f(s []int) int { return s[5] }", "f(make([]int, 3))", "runtime error: index out of range [5] with length 3", "f cell 3:1;  cell 3:101"},
		{"string", "", "", `panic("boom")`, "boom", " cell 3:101"},
		{"error", "errors", "", `panic(errors.New("sad"))`, "sad", " cell 3:101"},
		{"stringer", "", "type s struct{}\nfunc (s) String() string { return \"str\" }", `panic(s{})`, "str", " cell 3:101"},
		{"float", "", "", `panic(1.5)`, "+1.500000e+000", " cell 3:101"},
		{"named", "", "type n int", `panic(n(3))`, "main.n(3)", " cell 3:101"},
		{"struct", "", "type p struct{ X int }", `panic(p{1})`, "(main.p) {X:1}", " cell 3:101"},
		{"nil map", "", "", "var m map[string]int\nm[\"a\"] = 1", "assignment to entry in nil map", " cell 3:102"},
		{"nil deref", "", "type q struct{ X int }", "var p *q\np.X = 1", "runtime error: invalid memory address or nil pointer dereference", " cell 3:102"},
		{"divide", "", "", "z := 0\nprintln(1 / z)", "runtime error: integer divide by zero", " cell 3:102"},
		{"method and literal", "", "type t struct{}\nfunc (*t) M_m() { func() { panic(1) }() }", "new(t).M_m()", "1", "(*t).m.func1 cell 3:2; (*t).m cell 3:2;  cell 3:101"},
		{"generic", "", "func G_g[T any](x T) { panic(x) }", "G_g(\"v\")", "v", "g cell 3:1;  cell 3:101"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ex := run(t, r, "m", cell(t, c.imports, c.decls, c.body)).Error
			if ex == nil || ex.Name != "panic" || ex.Value != c.text || ex.Fatal {
				t.Fatalf("got %+v", ex)
			}
			var got []string
			for _, f := range ex.Frames {
				got = append(got, fmt.Sprintf("%s %s:%d", f.Func, f.File, f.Line))
			}
			if g := strings.Join(got, "; "); g != c.frames {
				t.Fatalf("frames %q, want %q", g, c.frames)
			}
		})
	}
}

func TestScriptsRunOverCompiledValues(t *testing.T) {
	rec := newRecorder()
	r := start(t, rec)
	o := cell(t, "", "type vec struct{ X int }\nfunc (v vec) Len() int { return v.X * v.X }\nfunc crash(n int) { var s []int; s[n] = 1 }\n"+
		"func f() { *(*vec)(unit.Var(\"v|main.vec\", (*vec)(nil))) = vec{7} }\nfunc init() { funcs[\"f\"] = f; funcs[\"crash\"] = crash;  }", "f()")
	run(t, r, "m", o)
	script := func(body string, symbols ...interp.Symbol) Result {
		res, err := r.Run(t.Context(), Job{ID: "s", Script: &interp.Script{Imports: []string{"fmt"}, Symbols: symbols, Body: body}})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	v := interp.Symbol{Name: "V_v", Kind: "var", Var: "v|main.vec"}
	if res := script(`fmt.Println((*V_v)); Show((*V_v).Len())`, v); res.Error != nil || res.Value.Text() != "49" {
		t.Fatalf("%+v %+v", res, res.Error)
	}
	if got := rec.String(); got != "<s/stdout>{7}\n" {
		t.Fatalf("got %q", got)
	}
	res := script(`F_crash(int(4))`, interp.Symbol{Name: "F_crash", Kind: "func", Unit: o.Hash, Symbol: "crash"})
	if res.Error == nil || res.Error.Value != "runtime error: index out of range [4] with length 0" || len(res.Error.Frames) != 1 || res.Error.Frames[0].Func != "crash" {
		t.Fatalf("%+v", res.Error)
	}
	if res := script(`Show(F_none())`, interp.Symbol{Name: "F_none", Kind: "func", Unit: "none", Symbol: "none"}); res.Error == nil || res.Error.Fatal {
		t.Fatalf("%+v", res.Error)
	}
}

func TestTasks(t *testing.T) {
	r := start(t, nil)
	o := cell(t, "errors context", "func add(a, b int) int { return a + b }\nfunc bad() error { return errors.New(\"bad\") }\nfunc boom() { panic(\"boom\") }\n"+
		"func wait(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }\nfunc spin() { for { check() } }\n"+
		"func init() { funcs[\"add\"] = add; funcs[\"bad\"] = bad; funcs[\"boom\"] = boom; funcs[\"wait\"] = wait; funcs[\"spin\"] = spin;  }", "")
	call := func(ctx context.Context, symbol string, args ...any) TaskResult {
		var values []reflect.Value
		var names []string
		for i, a := range args {
			values, names = append(values, reflect.ValueOf(a)), append(names, fmt.Sprint("args", i))
		}
		buffers, err := codec.Encode(values, names)
		if err != nil {
			t.Error(err)
		}
		content, err := json.Marshal(codec.Content{Codec: codec.Version, Func: &codec.FuncRef{Unit: o.Hash, Symbol: symbol}, Args: len(args), Units: []string{o.Hash}})
		if err != nil {
			t.Error(err)
		}
		res, err := r.Call(ctx, Task{ID: "t" + symbol, Load: []native.Object{o}, Content: content, Buffers: buffers})
		if err != nil {
			t.Error(err)
		}
		return res
	}
	if f, value := codec.FailureOf(call(t.Context(), "bad").Buffers); f == nil || f.Value != "bad" || codec.ErrorOf(value) == nil {
		t.Fatalf("bad: %+v", f)
	}
	if ex := call(t.Context(), "boom").Error; ex == nil || ex.Name != "panic" || ex.Value != "boom" || len(ex.Frames) == 0 || ex.Frames[0].Func != "boom" {
		t.Fatalf("boom: %+v", ex)
	}
	var wg sync.WaitGroup
	for _, s := range []string{"wait", "spin"} {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			res := call(ctx, s)
			if f, _ := codec.FailureOf(res.Buffers); res.Error == nil && f == nil || res.Abandoned {
				t.Errorf("%s: %+v %+v", s, res, res.Error)
			}
		})
	}
	for i := range 50 {
		wg.Go(func() {
			res := call(t.Context(), "add", i, 1)
			if res.Error != nil {
				t.Errorf("%+v", res.Error)
				return
			}
			out, err := codec.Decode(res.Buffers, reflect.TypeFor[int]())
			if err != nil || len(out) != 1 || out[0].Interface() != i+1 {
				t.Errorf("%v %v", out, err)
			}
		})
	}
	wg.Wait()
	res, err := r.Call(t.Context(), Task{ID: "python", Content: json.RawMessage("{}")})
	if err != nil || res.Error == nil || res.Error.Name != "UnsupportedCodec" {
		t.Fatalf("%v %+v", err, res.Error)
	}
}

func TestGoexitAndExitAreErrors(t *testing.T) {
	r := start(t, nil)
	if ex := run(t, r, "m", cell(t, "runtime", "", "runtime.Goexit()")).Error; ex == nil || ex.Name != "exit" {
		t.Fatalf("got %+v", ex)
	}
	if ex := run(t, r, "m", cell(t, "", "", "unit.Exit(3)")).Error; ex == nil || ex.Name != "exit" || ex.Value != "os.Exit(3)" || ex.Fatal {
		t.Fatalf("got %+v", ex)
	}
}

func TestAGoroutinesPanicIsItsCellsError(t *testing.T) {
	rec := newRecorder()
	r := start(t, rec)
	o := cell(t, "", "var forever chan int", `
		unit.Go(func() { panic("in background") })
		<-forever`)
	began := time.Now()
	res := run(t, r, "m", o)
	if res.Error == nil || res.Error.Value != "in background" || res.Error.Fatal || !res.Abandoned || time.Since(began) > 5*time.Second {
		t.Fatalf("got %+v %+v", res, res.Error)
	}
	run(t, r, "late", cell(t, "time", "", `unit.Go(func() { time.Sleep(50*time.Millisecond); panic("too late") })`))
	rec.await(t, "<late/stderr>panic: too late\n\tfunc1 (cell 3:101)\n")
}

func TestInterruptStopsLoopsAndKeepsTheRunner(t *testing.T) {
	rec := newRecorder()
	r := start(t, rec)
	for _, c := range []struct {
		name, imports, body string
		abandoned           bool
	}{
		{"loop", "", `print("on"); for { check() }`, false},
		{"sleep", "time", `print("on"); time.Sleep(time.Hour)`, true},
		{"channel", "", `print("on"); <-make(chan int)`, true},
		{"context", "", `print("on"); <-unit.Context().Done(); check()`, false},
		{"recovering", "", `print("on"); for { func() { defer func() { recover() }(); for { check() } }(); check() }`, false},
		{"goroutines", "sync", `print("on"); var wg sync.WaitGroup; for range 4 { wg.Add(1); unit.Go(func() { defer wg.Done(); for { check() } }) }; wg.Wait(); check()`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := cell(t, c.imports, "", c.body)
			type both struct {
				res Result
				err error
			}
			done := make(chan both, 1)
			go func() {
				res, err := r.Run(t.Context(), Job{ID: c.name, Load: []native.Object{o}, Run: o.Hash})
				done <- both{res, err}
			}()
			rec.await(t, "<"+c.name+"/stderr>on")
			began := time.Now()
			r.Interrupt()
			b := <-done
			took := time.Since(began)
			if b.err != nil || b.res.Error == nil || b.res.Error.Name != "interrupted" || b.res.Abandoned != c.abandoned || took > time.Second {
				t.Fatalf("%+v %+v after %v", b, b.res.Error, took)
			}
			if !c.abandoned && took > 150*time.Millisecond {
				t.Errorf("took %v", took)
			}
		})
	}
	if res := run(t, r, "after", cell(t, "", "", "for range 1000 { check() }; unit.Show(7)")); res.Error != nil || res.Value.Text() != "7" {
		t.Fatalf("after interrupts: %+v %+v", res, res.Error)
	}
}

func TestAnInterruptSparesGoroutinesOfOtherCells(t *testing.T) {
	rec := newRecorder()
	r := start(t, rec)
	run(t, r, "bg", cell(t, "time github.com/gopar-project/gopar/display", "", `
		stop := time.Now().Add(time.Second)
		unit.Go(func() { for time.Now().Before(stop) { check() }; display.Show("survived") })`))
	o := cell(t, "", "", `print("on"); for { check() }`)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan Result, 1)
	go func() {
		res, err := r.Run(ctx, Job{ID: "fg", Load: []native.Object{o}, Run: o.Hash})
		if err != nil {
			t.Error(err)
		}
		done <- res
	}()
	rec.await(t, "<fg/stderr>on")
	cancel() // as good as Interrupt, for one job
	if res := <-done; res.Error == nil || res.Error.Name != "interrupted" {
		t.Fatalf("got %+v", res)
	}
	rec.await(t, "<bg/display_data>survived")
}

func TestAnAbandonedLoopEndsWhenItComesBack(t *testing.T) {
	rec := newRecorder()
	r := start(t, rec)
	o := cell(t, "time os", "", `print("on"); defer os.Stdout.WriteString("gone"); time.Sleep(1500*time.Millisecond); for { check() }`)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan Result, 1)
	go func() {
		res, _ := r.Run(ctx, Job{ID: "m", Load: []native.Object{o}, Run: o.Hash})
		done <- res
	}()
	rec.await(t, "on")
	cancel()
	if res := <-done; !res.Abandoned {
		t.Fatalf("got %+v", res)
	}
	rec.await(t, "gone")
}

func TestCrashesAreTheCellsErrorAndEndTheRunner(t *testing.T) {
	for _, c := range []struct{ name, imports, decls, body, exname, value, frame string }{
		{"stack overflow", "", "func f(n int) int { return f(n+1) + 1 }", "println(\"before\"); println(f(0))", "fatal error", "stack overflow", "f"},
		{"exit", "syscall", "", "println(\"before\"); syscall.Exit(7)", "exit", "the process exited with status 7", ""},
		{"kill", "syscall", "", "println(\"before\"); syscall.Kill(syscall.Getpid(), syscall.SIGKILL); select {}", "killed", "the process was killed; if nobody did it, it was out of memory", ""},
		{"raw goroutine", "", "", "println(\"before\"); go func() { panic(\"raw\") }(); select {}", "panic", "raw", "func1"},
		{"map", "", "", "println(\"before\"); m := map[int]int{}; for range 4 { go func() { for { m[1]++ } }() }; select {}", "fatal error", "concurrent map writes", "func1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := newRecorder()
			r := start(t, rec)
			res := run(t, r, "m", cell(t, c.imports, c.decls, c.body))
			if res.Error == nil || !res.Error.Fatal || res.Error.Name != c.exname || res.Error.Value != c.value {
				t.Fatalf("got %+v", res.Error)
			}
			if c.frame != "" && (len(res.Error.Frames) == 0 || res.Error.Frames[0].Func != c.frame || res.Error.Goroutines == "") {
				t.Fatalf("got %+v", res.Error.Frames)
			}
			if got := rec.String(); got != "<m/stderr>before\n" {
				t.Fatalf("output %q", got)
			}
			<-r.Done()
			if _, err := r.Run(t.Context(), Job{}); !errors.Is(err, ErrGone) {
				t.Fatalf("after death: %v", err)
			}
		})
	}
}

func TestInput(t *testing.T) {
	rec := newRecorder()
	lines := make(chan string, 8)
	rec.input = func(ctx context.Context, prompt string, password bool) (string, error) {
		select {
		case l := <-lines:
			return l, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	r := start(t, rec)
	lines <- "7 seven"
	lines <- "first"
	lines <- "second"
	lines <- "third"
	lines <- "secret"
	o := cell(t, "fmt os os/exec bufio github.com/gopar-project/gopar/display", "", `
		var n int; var s string
		fmt.Print("number? ")
		fmt.Scanln(&n, &s)
		fmt.Println(n, s)
		sc := bufio.NewScanner(os.Stdin)
		sc.Scan(); a := sc.Text()
		sc.Scan(); fmt.Println(a, sc.Text())
		cmd := exec.Command("sh", "-c", "read x; echo child got $x"); cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
		if err := cmd.Run(); err != nil { panic(err) }
		p, err := display.Password("pw")
		fmt.Println(p, err)`)
	if res := run(t, r, "m", o, withStdin); res.Error != nil {
		t.Fatalf("%+v", res.Error)
	}
	want := "<m/stdout>number? <m/input>,false<m/stdout>7 seven\n<m/input>,false,false<m/stdout>first second\n" +
		"<m/input>,false<m/stdout>child got third\n<m/input>pw,true<m/stdout>secret <nil>\n"
	if got := rec.String(); got != want {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}

func TestWithoutInputReadsMeetTheEnd(t *testing.T) {
	rec := newRecorder()
	r := start(t, rec)
	o := cell(t, "fmt github.com/gopar-project/gopar/display", "", `
		var n int
		_, err := fmt.Scanln(&n)
		fmt.Println(err)
		_, err = display.Input("?")
		fmt.Println(err == display.ErrNoFrontEnd)`)
	for range 2 {
		run(t, r, "m", o)
		run(t, r, "between", cell(t, "", "", ""), withStdin)
	}
	if got := rec.String(); got != "<m/stdout>unexpected newline\ntrue\n" && got != "<m/stdout>EOF\ntrue\nEOF\ntrue\n" {
		t.Fatalf("got %q", got)
	}
	if res := run(t, r, "refused", o, withStdin); res.Error != nil { // the sink refuses: the same as the end
		t.Fatalf("%+v", res.Error)
	}
}

func TestAnInterruptEndsWaitingForInput(t *testing.T) {
	rec := newRecorder()
	rec.input = func(ctx context.Context, _ string, _ bool) (string, error) { <-ctx.Done(); return "", ctx.Err() }
	r := start(t, rec)
	o := cell(t, "fmt", "", `var s string; fmt.Scanln(&s); check()`)
	done := make(chan Result, 1)
	go func() {
		res, _ := r.Run(t.Context(), Job{ID: "m", Load: []native.Object{o}, Run: o.Hash, AllowStdin: true})
		done <- res
	}()
	rec.await(t, "<m/input>")
	r.Interrupt()
	if res := <-done; res.Error == nil || res.Error.Name != "interrupted" {
		t.Fatalf("got %+v", res.Error)
	}
}

func TestAnObjectThatDoesNotFitIsAnError(t *testing.T) {
	r := start(t, nil)
	p := filepath.Join(t.TempDir(), "x.so")
	if err := os.WriteFile(p, []byte("no object"), 0o600); err != nil {
		t.Fatal(err)
	}
	res := run(t, r, "m", native.Object{Hash: "x", Path: p})
	if res.Error == nil || res.Error.Fatal || !strings.Contains(res.Error.Value, "built for another gopar") {
		t.Fatalf("got %+v", res.Error)
	}
}

// parentEnv makes this test binary a parent that waits to be killed; its value is the child's program.
const parentEnv = "GOPAR_TEST_PARENT"

func parentToBeKilled(exe string) int {
	r, err := Start(context.Background(), Config{Exe: exe})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("child", r.PID())
	<-r.Done()
	return 0
}

func TestTheChildEndsWithItsParent(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), parentEnv+"="+lab.host)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscanf(out, "child %d\n", &pid); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for deadline := time.Now().Add(10 * time.Second); syscall.Kill(pid, 0) == nil; {
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && strings.Contains(string(stat), ") Z") {
			return // ended; whoever inherited it has not looked yet
		}
		if time.Now().After(deadline) {
			t.Fatal("the child lives on")
		}
	}
}

func TestStress(t *testing.T) {
	o := cell(t, "", "", "")
	for range 10 {
		r, err := Start(t.Context(), Config{Exe: lab.host})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					if _, err := r.Run(t.Context(), Job{Load: []native.Object{o}, Run: o.Hash}); err != nil {
						return
					}
				}
			})
		}
		for range 3 {
			wg.Go(r.Interrupt)
			wg.Go(func() { _ = r.Close(t.Context()) })
		}
		wg.Wait()
		<-r.Done()
	}
}

func BenchmarkRun(b *testing.B) {
	r := start(b, nil)
	o := cell(b, "", "", "unit.Show(1)")
	run(b, r, "m", o)
	for b.Loop() {
		run(b, r, "m", o)
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		r, err := Start(b.Context(), Config{Exe: lab.host})
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirstRun is what a cell costs that has not been built before: build, open, run.
func BenchmarkFirstRun(b *testing.B) {
	r := start(b, nil)
	cell(b, "", "", "") // prepares the export data
	var built, ran time.Duration
	for i := range b.N {
		began := time.Now()
		o := cell(b, "fmt", "", fmt.Sprintf("fmt.Print(%d, %d)", i, began.UnixNano()))
		built += time.Since(began)
		began = time.Now()
		run(b, r, "m", o)
		ran += time.Since(began)
	}
	b.ReportMetric(float64(built.Milliseconds())/float64(b.N), "ms-build/op")
	b.ReportMetric(float64(ran.Microseconds())/1000/float64(b.N), "ms-load/op")
}
