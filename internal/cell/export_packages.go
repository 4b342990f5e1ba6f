package cell

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/internal/native"
)

// This file exports the packages that cells define: as folders of the program, in the
// version in force.

// exportModule is the path of the module that an exported program is.
const exportModule = "notebook"

// importPath is the path by which an exported program imports a package.
func (x *exporter) importPath(p string) string {
	if v := x.s.versions[p]; v != nil {
		return exportModule + "/" + v.name
	}
	return native.SourcePath(p)
}

// packageFiles writes the packages of cells that are imported, directly or by one
// another, and adds to imports what they import.
func (x *exporter) packageFiles(imports map[string]bool) (map[string][]byte, error) {
	files := map[string][]byte{}
	done := map[string]bool{}
	for todo := slices.Sorted(maps.Keys(imports)); len(todo) > 0; todo = todo[1:] {
		p := x.s.versions[todo[0]]
		if p == nil || done[p.name] {
			continue
		}
		done[p.name] = true
		if latest := x.s.userPackages[p.name]; latest != nil {
			p = latest
		}
		for i, f := range p.files {
			text, err := x.packageFile(p, f)
			if err != nil {
				return nil, err
			}
			name := p.name + ".go"
			if i > 0 {
				name = fmt.Sprintf("%s_%d.go", p.name, i+1)
			}
			files[p.name+"/"+name] = text
			for _, used := range slices.Concat(slices.Sorted(maps.Values(f.imports)), f.blank) {
				imports[used] = true
				todo = append(todo, used)
			}
		}
	}
	maps.DeleteFunc(imports, func(p string, _ bool) bool { return x.s.versions[p] != nil })
	return files, nil
}

// packageFile writes one file of a package.
func (x *exporter) packageFile(p *userPackage, f *packageFile) ([]byte, error) {
	if off := strings.Index(f.src.text, embedDirective); off >= 0 {
		return nil, Errors{at(f.src.name, f.src.text, off, "cells with //go:embed cannot be exported")}
	}
	var decls []ast.Decl
	var body strings.Builder
	for _, it := range f.src.items {
		g, isGen := it.decl.(*ast.GenDecl)
		if isGen && g.Tok == token.IMPORT {
			continue
		}
		decls = append(decls, it.decl)
		from := it.decl.Pos()
		if doc := docOf(it.decl); doc != nil {
			from = doc.Pos()
		}
		body.WriteString("\n" + f.src.buf[f.src.off(from):f.src.off(it.decl.End())] + "\n")
	}
	bases := selectorBases(decls)
	var head strings.Builder
	head.WriteString("package " + p.name + "\n\nimport (\n")
	for _, local := range slices.Sorted(maps.Keys(f.imports)) {
		to := x.importPath(f.imports[local])
		switch {
		case strings.HasPrefix(local, dotKey):
			fmt.Fprintf(&head, "\t. %q\n", to)
		case bases[local] && local == path.Base(to):
			fmt.Fprintf(&head, "\t%q\n", to)
		case bases[local]:
			fmt.Fprintf(&head, "\t%s %q\n", local, to)
		}
	}
	for _, b := range f.blank {
		fmt.Fprintf(&head, "\t_ %q\n", x.importPath(b))
	}
	out, err := format.Source([]byte(head.String() + ")\n" + ownLine.ReplaceAllString(body.String(), "")))
	if err != nil {
		return nil, fmt.Errorf("format package %s: %w", p.name, err)
	}
	return out, nil
}

func docOf(d ast.Decl) *ast.CommentGroup {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Doc
	case *ast.GenDecl:
		return d.Doc
	}
	return nil
}
