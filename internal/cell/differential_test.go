package cell

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/native"
)

// Lines that a program may contain to tell how it is cut.
const (
	// methodsApart puts every method into a cell of its own, after its type.
	methodsApart = "//differential:methods apart"
	// noStatements is for programs whose main defines names that hide names of the
	// package: at the top level of a cell that redefines them, which is the point
	// of cells and no difference.
	noStatements = "//differential:main hides names"
)

// TestPrograms gives the programs of testdata/programs to go build and to a
// notebook, whole, cut at their top-level declarations, and with the body of main
// as statements, and fails on any difference in what they print or panic with.
func TestPrograms(t *testing.T) {
	files, err := filepath.Glob("testdata/programs/*.go*") // .go.txt: not formatted on purpose
	if err != nil || len(files) == 0 {
		t.Fatal("no programs", err)
	}
	if testing.Short() {
		third := files[:0]
		for i, f := range files {
			if i%3 == 0 {
				third = append(third, f)
			}
		}
		files = third
	}
	expected := plainOutputs(t, files)
	tc := sharedToolchain(t)
	slots := make(chan struct{}, 2)
	for _, file := range files {
		t.Run(programName(file), func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			want := expected()[file]
			p := cutProgram(t, tc, file)
			t.Run("whole", func(t *testing.T) { differ(t, []string{p.text}, want) })
			t.Run("cut", func(t *testing.T) { differ(t, append(slices.Clone(p.cells), p.main), want) })
			if !p.noStatements {
				t.Run("statements", func(t *testing.T) { differ(t, append(slices.Clone(p.cells), p.body), want) })
			}
		})
	}
}

// translated are the places where lowering shows through in a program's output: the
// package of a cell's type inside the name of an instantiated generic type, and the
// exported form of an unexported method in a panic message. Who shows a cell's
// output translates them back.
var translated = regexp.MustCompile(`cell/[0-9a-f]{24}\.|missing method M_`)

func translateBack(s string) string {
	return translated.ReplaceAllStringFunc(s, func(m string) string {
		if strings.HasPrefix(m, "cell/") {
			return "main."
		}
		return strings.TrimSuffix(m, "M_")
	})
}

func programName(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".")
	return name
}

// differ runs cells and compares all they print with want.
func differ(t *testing.T, cells []string, want string) {
	t.Helper()
	nb := newNotebook(t)
	var got strings.Builder
	for i, text := range cells {
		nb.output = ""
		if refusal := nb.run(text); refusal != "" && nb.output == "" {
			t.Fatalf("cell %d is refused:\n%s\n%s", i+1, refusal, text)
		}
		got.WriteString(translateBack(nb.output))
	}
	if got.String() == want {
		return
	}
	lowered := ""
	if nb.last != nil && nb.last.Unit != nil && testing.Verbose() {
		lowered = numbered(nb.last.Unit.Source)
	}
	t.Errorf("differs from go run\n%s%s", firstDifference(got.String(), want), lowered)
}

// firstDifference shows where two outputs part.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		a, b := "(end)", "(end)"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\n got: %s\nwant: %s\n", i+1, a, b)
		}
	}
	return ""
}

// program is a Go program cut into cells.
type program struct {
	text         string
	cells        []string // imports and declarations, in an order without forward references
	main         string   // func main
	body         string   // what func main does
	noStatements bool
}

// cutProgram cuts a program: the imports, every declaration (declarations that
// need each other stay together), func main.
func cutProgram(t *testing.T, tc *native.Toolchain, file string) program {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	cut := &cutter{src: string(src), base: f.FileStart, apart: bytes.Contains(src, []byte(methodsApart))}
	cut.info = &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", tc.Export)}
	if _, err := conf.Check("main", fset, []*ast.File{f}, cut.info); err != nil {
		t.Fatal(err)
	}
	p := program{text: string(src), noStatements: bytes.Contains(src, []byte(noStatements))}
	var inits []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				p.cells = append(p.cells, cut.text(d, d.Doc))
				continue
			}
		case *ast.FuncDecl:
			switch {
			case d.Recv == nil && d.Name.Name == "init":
				inits = append(inits, cut.text(d, d.Doc))
				continue
			case d.Recv == nil && d.Name.Name == "main":
				p.main, p.body = cut.text(d, d.Doc), cut.body(d)
				continue
			}
		}
		cut.decls = append(cut.decls, d)
	}
	if n := len(p.cells); n > 0 {
		p.cells = []string{strings.Join(p.cells, "\n")}
	}
	p.cells = append(p.cells, cut.ordered()...)
	p.cells = append(p.cells, inits...)
	return p
}

// cutter puts the declarations of a program into an order without forward
// references.
type cutter struct {
	src   string
	base  token.Pos
	info  *types.Info
	apart bool
	decls []ast.Decl
	reach [][]bool
}

func (c *cutter) text(n ast.Node, doc *ast.CommentGroup) string {
	from := n.Pos()
	if doc != nil {
		from = doc.Pos()
	}
	return c.src[from-c.base : n.End()-c.base]
}

// body is the body of main as a cell that shows no result.
func (c *cutter) body(main *ast.FuncDecl) string {
	from, to := main.Body.Lbrace+1-c.base, main.Body.Rbrace-c.base
	if n := len(main.Body.List); n > 0 {
		if e, ok := main.Body.List[n-1].(*ast.ExprStmt); ok {
			end := e.End() - c.base
			return c.src[from:end] + ";" + c.src[end:to]
		}
	}
	return c.src[from:to]
}

// ordered returns the cells: variables in the order Go initializes them, before
// each what it needs, then the rest.
func (c *cutter) ordered() []string {
	c.connect()
	n := len(c.decls)
	var out []string
	placed := make([]bool, n)
	var place func(int)
	place = func(i int) {
		if placed[i] {
			return
		}
		var group []int
		for j := range n {
			if j == i || c.reach[i][j] && c.reach[j][i] {
				placed[j] = true
				group = append(group, j)
			}
		}
		for j := range n {
			if c.reach[i][j] {
				place(j)
			}
		}
		var texts []string
		for _, j := range group {
			texts = append(texts, c.textOf(c.decls[j]))
		}
		out = append(out, strings.Join(texts, "\n\n"))
	}
	for _, init := range c.info.InitOrder {
		for i, d := range c.decls {
			if d.Pos() <= init.Lhs[0].Pos() && init.Lhs[0].Pos() < d.End() {
				place(i)
			}
		}
	}
	for i := range n {
		place(i)
	}
	return out
}

func (c *cutter) textOf(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.GenDecl:
		return c.text(d, d.Doc)
	case *ast.FuncDecl:
		return c.text(d, d.Doc)
	}
	return ""
}

// connect finds which declarations need which others, directly or not.
func (c *cutter) connect() {
	home := map[types.Object]int{}
	methods := map[types.Object][]int{} // by type
	owner := map[int]types.Object{}
	for i, d := range c.decls {
		ast.Inspect(d, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && c.info.Defs[id] != nil {
				home[c.info.Defs[id]] = i
			}
			return true
		})
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
			o := c.receiver(f)
			methods[o] = append(methods[o], i)
			owner[i] = o
		}
	}
	n := len(c.decls)
	c.reach = make([][]bool, n)
	for i, d := range c.decls {
		c.reach[i] = make([]bool, n)
		ast.Inspect(d, func(node ast.Node) bool {
			id, ok := node.(*ast.Ident)
			if !ok {
				return true
			}
			o := c.info.Uses[id]
			if f, ok := o.(*types.Func); ok {
				o = f.Origin()
			}
			if v, ok := o.(*types.Var); ok {
				o = v.Origin()
			}
			j, ok := home[o]
			if !ok {
				return true
			}
			c.reach[i][j] = true
			if owner[i] != o { // a type is ready for use when it has all its methods
				for _, m := range methods[o] {
					c.reach[i][m] = true
				}
			}
			return true
		})
	}
	if !c.apart {
		for i, o := range owner {
			c.reach[home[o]][i] = true
		}
	}
	for k := range n {
		for i := range n {
			for j := range n {
				c.reach[i][j] = c.reach[i][j] || c.reach[i][k] && c.reach[k][j]
			}
		}
	}
}

func (c *cutter) receiver(f *ast.FuncDecl) types.Object {
	name := receiverBase(f)
	var found types.Object
	ast.Inspect(f.Recv, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name && found == nil {
			found = c.info.Uses[id]
		}
		return true
	})
	return found
}

var sharedToolchain = func() func(t *testing.T) *native.Toolchain {
	var once sync.Once
	var tc *native.Toolchain
	var err error
	return func(t *testing.T) *native.Toolchain {
		t.Helper()
		once.Do(func() {
			tc, err = native.Open(t.Context(), native.Options{Exe: hostBinary, Source: "../.."})
		})
		if err != nil {
			t.Fatal(err)
		}
		return tc
	}
}()

// plainOutputs builds the programs with go build, all at once, and runs each. What
// a program prints is kept in the user's cache, by the program's text and Go's
// version. The result is computed at its first use.
func plainOutputs(t *testing.T, files []string) func() map[string]string {
	t.Helper()
	return sync.OnceValue(func() map[string]string {
		outputs := map[string]string{}
		kept := map[string]string{}
		cache, err := os.UserCacheDir()
		if err != nil {
			cache = t.TempDir()
		}
		cache = filepath.Join(cache, "gopar", "test-programs")
		if err := os.MkdirAll(cache, 0o700); err != nil {
			t.Error(err)
		}
		var missing []string
		for _, f := range files {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Error(err)
			}
			kept[f] = filepath.Join(cache, fmt.Sprintf("%x", sha256.Sum256([]byte(runtime.Version()+string(src)))))
			out, err := os.ReadFile(kept[f])
			if err != nil {
				missing = append(missing, f)
				continue
			}
			outputs[f] = string(out)
		}
		for f, out := range buildAndRun(t, missing) {
			outputs[f] = out
			if err := os.WriteFile(kept[f], []byte(out), 0o600); err != nil {
				t.Error(err)
			}
		}
		return outputs
	})
}

func buildAndRun(t *testing.T, files []string) map[string]string {
	outputs := map[string]string{}
	if len(files) == 0 {
		return outputs
	}
	started := time.Now()
	dir, err := os.MkdirTemp("", "gopar-programs")
	if err != nil {
		t.Error(err)
		return outputs
	}
	defer os.RemoveAll(dir)
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	write("go.mod", "module programs\n\ngo 1.26\n")
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Error(err)
		}
		write(programName(f)+"/main.go", string(src))
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Error(err)
	}
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", bin, "./...")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("go build: %v\n%s", err, out)
		return outputs
	}
	for _, f := range files {
		outputs[f] = runPlain(t, filepath.Join(bin, programName(f)))
	}
	t.Logf("go build of %d programs: %v", len(files), time.Since(started).Round(time.Millisecond))
	return outputs
}

// runPlain runs a program and returns what it prints, and "panic: …" as a cell
// would end if it panics.
func runPlain(t *testing.T, exe string) string {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(exe)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Error(err)
	}
	if exit == nil {
		return stdout.String()
	}
	text, _, found := strings.Cut(stderr.String(), "\n\ngoroutine ")
	if !found || !strings.HasPrefix(text, "panic: ") {
		t.Errorf("%s: %v\n%s", filepath.Base(exe), err, stderr.String())
	}
	text, _, _ = strings.Cut(text, "\n[signal ")
	return stdout.String() + text + "\n"
}
