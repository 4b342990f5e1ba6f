package eval

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"reflect"
	"runtime"
	"slices"

	"github.com/gopar-project/gopar/internal/interp/symbols"
	"github.com/gopar-project/gopar/internal/unit"
)

//go:generate go run generate.go

// std is the type data of the standard library, as generate.go writes it.
//
//go:embed std.zip
var std []byte

const unitPackage = "github.com/gopar-project/gopar/internal/unit"

// unitSource declares what lowered code uses of package unit; a test holds it against the package.
const unitSource = `package unit

import (
	"context"
	"reflect"
	"sync/atomic"
	"unsafe"
)

var Stop atomic.Uint32

type Table struct {
	Hash  string
	Run   func()
	Funcs map[string]any
	Types map[string]reflect.Type
	Reads map[string][]string
}

func Register(*Table)
func Var(id string, zero any) unsafe.Pointer
func Carry(from, to string, zero any) bool
func Interrupted()
func Context() context.Context
func Show(values ...any)
func ShowResults(values ...any)
func Go(f func())
func Async(f func()) func()
func AsyncErr(f func() error) func() error
func Exit(code int)
func Fatal(v ...any)
func Fatalf(format string, v ...any)
func Fatalln(v ...any)
`

// unitSymbols are those that interpreted code uses.
var unitSymbols = map[string]reflect.Value{
	"Stop":        reflect.ValueOf(&unit.Stop).Elem(),
	"Interrupted": reflect.ValueOf(unit.Interrupted),
	"Context":     reflect.ValueOf(unit.Context),
	"Show":        reflect.ValueOf(unit.Show),
	"ShowResults": reflect.ValueOf(unit.ShowResults),
	"Go":          reflect.ValueOf(unit.Go),
	"Async":       reflect.ValueOf(unit.Async),
	"AsyncErr":    reflect.ValueOf(unit.AsyncErr),
	"Exit":        reflect.ValueOf(unit.Exit),
	"Fatal":       reflect.ValueOf(unit.Fatal),
	"Fatalf":      reflect.ValueOf(unit.Fatalf),
	"Fatalln":     reflect.ValueOf(unit.Fatalln),
}

// hostSymbol returns a function, variable or type (as a nil pointer to it) of a compiled package.
func hostSymbol(path, name string) (reflect.Value, bool) {
	if path == unitPackage {
		v, ok := unitSymbols[name]
		return v, ok
	}
	return symbols.Symbol(path, name)
}

// Export opens the type data of a package of the standard library, as a toolchain's export data.
func Export(path string) (io.ReadCloser, error) {
	z, err := archive()
	if err != nil {
		return nil, err
	}
	f, err := z.Open(path)
	if err != nil {
		return nil, fmt.Errorf("package %s is not known without a Go toolchain", path)
	}
	return f, nil
}

// Packages lists the packages that Export knows.
func Packages() []string {
	z, err := archive()
	if err != nil {
		return nil
	}
	var all []string
	for _, f := range z.File {
		all = append(all, f.Name)
	}
	slices.Sort(all)
	return append(all, "unsafe")
}

func archive() (*zip.Reader, error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" { // the data has the constants of that system
		return nil, fmt.Errorf("cells cannot be interpreted on %s/%s: install Go (https://go.dev/dl) and a C compiler", runtime.GOOS, runtime.GOARCH)
	}
	return zip.NewReader(bytes.NewReader(std), int64(len(std)))
}

// hostImporter imports compiled packages.
type hostImporter struct {
	gc   types.Importer
	unit *types.Package
}

func newImporter(fset *token.FileSet) (types.Importer, error) {
	if _, err := archive(); err != nil {
		return nil, err
	}
	i := &hostImporter{gc: importer.ForCompiler(fset, "gc", Export)}
	f, err := parser.ParseFile(fset, "unit.go", unitSource, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	conf := types.Config{Importer: i.gc, IgnoreFuncBodies: true}
	if i.unit, err = conf.Check(unitPackage, fset, []*ast.File{f}, nil); err != nil {
		return nil, err
	}
	return i, nil
}

// Import implements types.Importer.
func (i *hostImporter) Import(path string) (*types.Package, error) {
	switch path {
	case unitPackage:
		return i.unit, nil
	case "unsafe":
		return types.Unsafe, nil
	}
	return i.gc.Import(path)
}
