package cell

import (
	"fmt"
	"go/build"
	"go/build/constraint"
	"runtime"
	"slices"
	"strings"
)

// constraintOf evaluates the build constraint of a cell: a //go:build line before
// its code, as in a Go file. excluded says why the cell is not for this machine, ""
// if it is. The tag ignore is satisfied: it means that a file is run by itself.
func constraintOf(name, text string) (excluded string, errs Errors) {
	toks, comments := scanLoosely(text)
	var expr constraint.Expr
	for _, c := range comments {
		line, _, _ := strings.Cut(c.lit, "\n")
		if !constraint.IsGoBuild(line) || !startsLine(text, c.off) {
			continue
		}
		switch x, err := constraint.Parse(line); {
		case len(toks) > 0 && toks[0].off < c.off:
			errs = append(errs, at(name, text, c.off, "//go:build must stand before the cell's code"))
		case err != nil:
			errs = append(errs, at(name, text, c.off, err.Error()))
		case expr != nil:
			errs = append(errs, at(name, text, c.off, "a cell has one //go:build line"))
		default:
			expr = x
			if !expr.Eval(satisfied) {
				pos := at(name, text, c.off, "").Pos
				excluded = fmt.Sprintf("%s: not run: %s excludes this machine (%s/%s)", pos, line, runtime.GOOS, runtime.GOARCH)
			}
		}
	}
	return excluded, errs
}

func startsLine(text string, off int) bool {
	return strings.TrimSpace(text[strings.LastIndexByte(text[:off], '\n')+1:off]) == ""
}

// satisfied reports whether a build tag holds for compiled cells.
func satisfied(tag string) bool {
	switch tag {
	case runtime.GOOS, runtime.GOARCH, runtime.Compiler, "cgo", "ignore":
		return true
	case "unix": // cells are compiled on Linux, macOS and FreeBSD only
		return runtime.GOOS != "windows"
	}
	return slices.Contains(build.Default.ReleaseTags, tag) || slices.Contains(build.Default.ToolTags, tag)
}
