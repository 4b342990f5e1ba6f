package measure

import (
	"fmt"
	"hash/fnv"
	"html"
	"slices"
	"strings"
	"time"
)

const (
	flameWidth  = 960.0
	flameRow    = 18
	flameLetter = 6.6 // width of one letter of 11 px
	// flameDepth bounds the rows: a deep recursion would be a picture of miles.
	flameDepth = 60
)

// flameGraph draws the tree as SVG: callers above what they call, as wide as the
// share of the time.
func (f *frame) flameGraph() string {
	var b strings.Builder
	depth := min(f.depth(), flameDepth)
	height := depth * flameRow
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" width="100%%" style="max-width:%.0fpx;font:11px monospace">`,
		flameWidth, height, flameWidth)
	if f.total > 0 {
		f.draw(&b, f.total, 0, 0)
	}
	b.WriteString("</svg>")
	return b.String()
}

func (f *frame) depth() int {
	deepest := 0
	for _, c := range f.children {
		deepest = max(deepest, c.depth())
	}
	return deepest + 1
}

// draw draws f and what it calls; x is in units of time.
func (f *frame) draw(b *strings.Builder, all, x int64, row int) {
	width := flameWidth * float64(f.total) / float64(all)
	if width < 0.5 || row >= flameDepth {
		return
	}
	left, top := flameWidth*float64(x)/float64(all), row*flameRow
	label := f.name
	if most := int((width - 6) / flameLetter); len([]rune(label)) > most {
		label = ""
		if most > 3 {
			label = string([]rune(f.name)[:most-1]) + "…"
		}
	}
	fmt.Fprintf(b, `<g><title>%s: %s, %.1f%%</title><rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s" stroke="#fff" stroke-width="0.5"/>`,
		html.EscapeString(f.name), round(time.Duration(f.total)), 100*float64(f.total)/float64(all), left, top, width, flameRow-1, f.colour())
	if label != "" {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" fill="#222">%s</text>`, left+3, top+13, html.EscapeString(label))
	}
	b.WriteString("</g>")
	names := make([]string, 0, len(f.children))
	for name := range f.children {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f.children[name].draw(b, all, x, row+1)
		x += f.children[name].total
	}
}

// colour is the same for a name in every graph: warm for the session's functions,
// grey-blue for the rest.
func (f *frame) colour() string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(f.name)) // a hash takes everything
	n := h.Sum32()
	if f.user {
		return fmt.Sprintf("hsl(%d,85%%,%d%%)", 20+n%30, 62+n/64%10)
	}
	return fmt.Sprintf("hsl(%d,30%%,%d%%)", 200+n%30, 74+n/64%10)
}
