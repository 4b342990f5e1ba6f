// Package vet says of a type-checked cell what go vet would say of the file: its analyzers run in this process, over the syntax
// and types that checking made, so nothing is parsed or compiled again.
//
// It prints nothing and changes nothing. Facts about other packages are not known: a function of another cell that wraps
// fmt.Printf is not recognized as one.
package vet

import (
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"reflect"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/appends"
	"golang.org/x/tools/go/analysis/passes/assign"
	"golang.org/x/tools/go/analysis/passes/atomic"
	"golang.org/x/tools/go/analysis/passes/bools"
	"golang.org/x/tools/go/analysis/passes/copylock"
	"golang.org/x/tools/go/analysis/passes/defers"
	"golang.org/x/tools/go/analysis/passes/errorsas"
	"golang.org/x/tools/go/analysis/passes/hostport"
	"golang.org/x/tools/go/analysis/passes/httpresponse"
	"golang.org/x/tools/go/analysis/passes/ifaceassert"
	"golang.org/x/tools/go/analysis/passes/lostcancel"
	"golang.org/x/tools/go/analysis/passes/nilfunc"
	"golang.org/x/tools/go/analysis/passes/printf"
	"golang.org/x/tools/go/analysis/passes/shift"
	"golang.org/x/tools/go/analysis/passes/sigchanyzer"
	"golang.org/x/tools/go/analysis/passes/slog"
	"golang.org/x/tools/go/analysis/passes/stdmethods"
	"golang.org/x/tools/go/analysis/passes/stringintconv"
	"golang.org/x/tools/go/analysis/passes/structtag"
	"golang.org/x/tools/go/analysis/passes/timeformat"
	"golang.org/x/tools/go/analysis/passes/unmarshal"
	"golang.org/x/tools/go/analysis/passes/unreachable"
	"golang.org/x/tools/go/analysis/passes/unsafeptr"
	"golang.org/x/tools/go/analysis/passes/unusedresult"
	"golang.org/x/tools/go/analysis/passes/waitgroup"
)

// analyzers are those of go vet that are about code in a file, without those about files, assembly, tests and cgo.
var analyzers = []*analysis.Analyzer{
	appends.Analyzer, assign.Analyzer, atomic.Analyzer, bools.Analyzer, copylock.Analyzer, defers.Analyzer, errorsas.Analyzer,
	hostport.Analyzer, httpresponse.Analyzer, ifaceassert.Analyzer, lostcancel.Analyzer, nilfunc.Analyzer, printf.Analyzer,
	shift.Analyzer, sigchanyzer.Analyzer, slog.Analyzer, stdmethods.Analyzer, stringintconv.Analyzer, structtag.Analyzer,
	timeformat.Analyzer, unmarshal.Analyzer, unreachable.Analyzer, unsafeptr.Analyzer, unusedresult.Analyzer, waitgroup.Analyzer,
}

// Package is what is looked at: the result of type-checking.
type Package struct {
	Fset  *token.FileSet
	Files []*ast.File
	Types *types.Package
	Info  *types.Info
	Sizes types.Sizes
}

// Finding is something that is probably a mistake.
type Finding struct {
	Pos token.Pos
	Msg string
}

// Check returns what the analyzers find, in the order of positions. It may run beside anything that only reads p.
func Check(p Package) []Finding {
	r := &run{p: p, done: map[*analysis.Analyzer]any{}, facts: map[factKey]analysis.Fact{}}
	for _, a := range analyzers {
		r.analyze(a)
	}
	slices.SortStableFunc(r.found, func(a, b Finding) int { return int(a.Pos) - int(b.Pos) })
	return slices.Compact(r.found)
}

// run is one run of all analyzers.
type run struct {
	p     Package
	done  map[*analysis.Analyzer]any // results, nil for those that failed
	facts map[factKey]analysis.Fact
	found []Finding
}

// factKey is the object, or nil for the package, and the type of a fact.
type factKey struct {
	obj types.Object
	t   reflect.Type
}

// analyze runs an analyzer after those that it needs. One that fails, because a cell's syntax is not quite a file's, finds
// nothing.
func (r *run) analyze(a *analysis.Analyzer) (ok bool) {
	if result, ran := r.done[a]; ran {
		return result != nil || a.ResultType == nil
	}
	r.done[a] = nil
	results := map[*analysis.Analyzer]any{}
	for _, needed := range a.Requires {
		if !r.analyze(needed) {
			return false
		}
		results[needed] = r.done[needed]
	}
	before := len(r.found)
	defer func() {
		if recover() != nil {
			r.found, ok = r.found[:before], false
		}
	}()
	result, err := a.Run(r.pass(a, results))
	if err != nil {
		return false
	}
	r.done[a] = result
	return true
}

func (r *run) pass(a *analysis.Analyzer, results map[*analysis.Analyzer]any) *analysis.Pass {
	get := func(key factKey, into analysis.Fact) bool {
		f, ok := r.facts[key]
		if ok {
			reflect.ValueOf(into).Elem().Set(reflect.ValueOf(f).Elem())
		}
		return ok
	}
	return &analysis.Pass{
		Analyzer: a, Fset: r.p.Fset, Files: r.p.Files, Pkg: r.p.Types, TypesInfo: r.p.Info, TypesSizes: r.p.Sizes, ResultOf: results,
		Report:   func(d analysis.Diagnostic) { r.found = append(r.found, Finding{d.Pos, d.Message}) },
		ReadFile: os.ReadFile,
		ImportObjectFact: func(o types.Object, f analysis.Fact) bool {
			return get(factKey{o, reflect.TypeOf(f)}, f)
		},
		ImportPackageFact: func(*types.Package, analysis.Fact) bool { return false },
		ExportObjectFact:  func(o types.Object, f analysis.Fact) { r.facts[factKey{o, reflect.TypeOf(f)}] = f },
		ExportPackageFact: func(analysis.Fact) {},
		AllPackageFacts:   func() []analysis.PackageFact { return nil },
		AllObjectFacts:    func() []analysis.ObjectFact { return nil },
	}
}
