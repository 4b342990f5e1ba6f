package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gopar-project/gopar/internal/notebook"
)

// cpuWorks are programs that use the processor: the declarations, what is done once before, and what is measured, all of which
// stand at the top level of cells and, for go build, in func main.
var cpuWorks = []struct{ name, decls, setup, body string }{
	{"fib(35)", "func fib(n int) int {\n\tif n < 2 {\n\t\treturn n\n\t}\n\treturn fib(n-1) + fib(n-2)\n}\nvar got int", "", "got = fib(35)"},
	{"loop of 10^9", "var sum int", "", "for i := 0; i < 1_000_000_000; i++ {\n\tsum += i & 3\n}"},
	{"matrix product 500x500",
		"const n = 500\nvar a, b, c [][]float64\nfunc matrix() [][]float64 {\n\tm := make([][]float64, n)\n\tfor i := range m {\n\t\tm[i] = make([]float64, n)\n\t\tfor j := range m[i] {\n\t\t\tm[i][j] = float64(i*j%7) + 1\n\t\t}\n\t}\n\treturn m\n}",
		"a, b, c = matrix(), matrix(), matrix()",
		"for i := range n {\n\tfor j := range n {\n\t\tsum := 0.0\n\t\tfor k := range n {\n\t\t\tsum += a[i][k] * b[k][j]\n\t\t}\n\t\tc[i][j] = sum\n\t}\n}"},
	{"sort of 10^6 structs", "type item struct {\n\tkey int\n\tname string\n}\nvar items []item",
		"items = make([]item, 1_000_000)",
		"for i := range items {\n\titems[i] = item{i * 7919 % 1_000_003, \"x\"}\n}\nsort.Slice(items, func(i, j int) bool { return items[i].key < items[j].key })"},
	{"map of 10^6", "var counts map[int]int", "",
		"counts = map[int]int{}\nfor i := range 1_000_000 {\n\tcounts[i*7919%1_000_003]++\n}"},
}

// nativeWorks compares compiled cells with the same code built by go build. Both print the seconds that the work itself took.
func nativeWorks(ctx context.Context, l *lab) ([]work, func(), error) {
	spec, err := l.goparKernel()
	if err != nil {
		return nil, nil, err
	}
	k, err := l.start(ctx, spec)
	if err != nil {
		return nil, nil, err
	}
	var works []work
	for i, w := range cpuWorks {
		timed := "began := time.Now()\n" + w.body + "\nfmt.Println(time.Since(began).Seconds())"
		exe, err := l.plain(ctx, fmt.Sprint("plain", i), w.decls, w.setup, timed)
		if err != nil {
			k.Close()
			return nil, nil, err
		}
		if _, err := execute(ctx, k, w.decls+"\n"+w.setup); err != nil {
			k.Close()
			return nil, nil, err
		}
		works = append(works, work{
			name: w.name, unit: "s", repetitions: 5, peer: "go build",
			gopar:       func(ctx context.Context) (float64, error) { return seconds(execute(ctx, k, timed)) },
			measurePeer: func(ctx context.Context) (float64, error) { return seconds(output(ctx, exe)) },
		})
	}
	return works, k.Close, nil
}

// plain builds a program that does the work of cells.
func (l *lab) plain(ctx context.Context, name, decls, setup, body string) (exe string, err error) {
	dir := filepath.Join(l.dir, name)
	imports := "import (\n\t\"fmt\"\n\t\"time\"\n"
	if strings.Contains(body, "sort.") {
		imports += "\t\"sort\"\n"
	}
	source := "package main\n\n" + imports + ")\n\n" + decls + "\n\nfunc main() {\n" + setup + "\n" + body + "\n}\n"
	err = errors.Join(
		os.Mkdir(dir, 0o700),
		os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o600),
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module plain\n\ngo 1.26\n"), 0o600))
	if err != nil {
		return "", err
	}
	exe = filepath.Join(dir, name)
	return exe, command(ctx, "go", "-C", dir, "build", "-o", exe, ".")
}

func output(ctx context.Context, exe string) (string, error) {
	out, err := exec.CommandContext(ctx, exe).Output()
	return string(out), err
}

func seconds(printed string, err error) (float64, error) {
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(printed), 64)
}

// cellWorks are what cells cost beside ipykernel's, and what idle processes take.
func cellWorks(ours, theirs *notebook.Kernel) []work {
	n := 0
	timed := func(k *notebook.Kernel, code func(n int) string) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			n++
			began := time.Now()
			_, err := execute(ctx, k, code(n))
			return float64(time.Since(began)) / float64(time.Millisecond), err
		}
	}
	goFunc := func(n int) string {
		return fmt.Sprintf("func f%d(n int) int { s := %d; for i := range n { s += i }; return s }\nf%d(1000)", n, time.Now().UnixNano(), n)
	}
	pyFunc := func(n int) string {
		return fmt.Sprintf("def f%d(n):\n    s = %d\n    for i in range(n): s += i\n    return s\nf%d(1000)", n, n, n)
	}
	same := func(code string) func(int) string { return func(int) string { return code } }
	return []work{
		{name: "straight-line cell", unit: "ms", repetitions: 50, peer: "ipykernel",
			gopar:       timed(ours, same("strings.ToUpper(strings.Repeat(\"ab\", 10))")),
			measurePeer: timed(theirs, same("('ab' * 10).upper()"))},
		{name: "cell with a new function", unit: "ms", repetitions: 9, peer: "ipykernel", gopar: timed(ours, goFunc), measurePeer: timed(theirs, pyFunc)},
		{name: "the same cell again", unit: "ms", repetitions: 50, peer: "ipykernel",
			gopar:       timed(ours, same("func g(n int) int { s := 0; for i := range n { s += i }; return s }\ng(1000)")),
			measurePeer: timed(theirs, same("def g(n):\n    s = 0\n    for i in range(n): s += i\n    return s\ng(1000)"))},
		{name: "memory of an idle kernel", unit: "MB", repetitions: 3, peer: "ipykernel",
			gopar: func(ctx context.Context) (float64, error) {
				return idleMemory(ctx, ours, "fmt.Println(os.Getpid(), os.Getppid())")
			},
			measurePeer: func(ctx context.Context) (float64, error) {
				return idleMemory(ctx, theirs, "import os; print(os.getpid())")
			}},
	}
}

// idleMemory is the proportional memory of the processes whose ids a cell prints.
func idleMemory(ctx context.Context, k *notebook.Kernel, code string) (float64, error) {
	printed, err := execute(ctx, k, code)
	if err != nil {
		return 0, err
	}
	total := 0.0
	for _, pid := range strings.Fields(printed) {
		data, err := os.ReadFile("/proc/" + pid + "/smaps_rollup")
		if err != nil {
			return 0, err
		}
		for line := range strings.Lines(string(data)) {
			var kb float64
			if _, err := fmt.Sscanf(line, "Pss: %f kB", &kb); err == nil {
				total += kb / 1024
			}
		}
	}
	return total, nil
}
