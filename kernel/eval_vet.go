package kernel

import (
	"strings"
	"sync"

	"github.com/gopar-project/gopar/internal/cell"
)

// vet looks for probable mistakes in a checked cell while that is built. Warn waits for
// the findings and tells them on the cell's standard error, once; it must be called.
func (g *GoEvaluator) vet(checked *cell.Cell, c Cell) (warn func()) {
	if c.Aside || c.Silent {
		return func() {}
	}
	found := make(chan []string, 1)
	go func() { found <- checked.Vet() }()
	return sync.OnceFunc(func() {
		if lines := <-found; len(lines) > 0 {
			g.say(c.MsgID, "vet: "+strings.Join(lines, "\nvet: "))
		}
	})
}
