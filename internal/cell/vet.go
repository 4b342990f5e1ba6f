package cell

import (
	"fmt"
	"go/types"
	"runtime"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/internal/vet"
)

// Vet returns what go vet has to say of the cell, a line for each finding with its
// position; it says it once. It may run while the cell is built and runs, but not
// beside the check of another cell.
func (c *Cell) Vet() []string {
	if c.checker == nil || c.src.cgo != nil || !c.vetted.CompareAndSwap(false, true) {
		return nil
	}
	k := c.checker
	var lines []string
	for _, f := range vet.Check(vet.Package{
		Fset: k.s.fset, Files: k.checked[:1], Types: k.pkg, Info: k.info, Sizes: types.SizesFor("gc", runtime.GOARCH),
	}) {
		pos := k.s.fset.Position(f.Pos)
		if pos.Filename != c.src.name || strings.Contains(f.Msg, prefix) {
			continue // of what lowering adds
		}
		line := fmt.Sprintf("%s: %s", pos, stripQualifier(f.Msg))
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}
