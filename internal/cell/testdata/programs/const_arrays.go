package main

import "fmt"

const size = 4

const (
	north = iota
	east
	south
	west
)

type dir uint8

const (
	Up dir = iota + 1
	Down
)

type board [size][size]cellState

type cellState byte

const (
	empty cellState = '.'
	wall  cellState = '#'
	start cellState = 'S'
)

type point struct{ r, c int }

var moves = [...]point{north: {-1, 0}, south: {1, 0}, east: {c: 1}, west: {0, -1}}

var names = map[dir]string{Up: "up", Down: "down"}

var labels = [size * 2]string{size: "four", size + 1: "five", 0: "zero"}

const mask = 1<<size - 1

const (
	pi2    = 3.14159 * 2
	ratio  = pi2 / size
	msg    = "size" + "!"
	isBig  = size > 3
	letter = 'a' + size
	huge   = 1 << 62 * 4 / 8
)

func (b *board) set(p point, s cellState) { b[p.r][p.c] = s }

func (b board) String() (s string) {
	for _, row := range b {
		for _, c := range row {
			if c == 0 {
				c = empty
			}
			s += string(rune(c))
		}
		s += "\n"
	}
	return
}

func (p point) add(q point) point { return point{p.r + q.r, p.c + q.c} }

func (p point) in() bool { return 0 <= p.r && p.r < size && 0 <= p.c && p.c < len(board{}[0]) }

func flood(b *board, p point) int {
	if !p.in() || b[p.r][p.c] != 0 {
		return 0
	}
	b.set(p, start)
	n := 1
	for _, m := range moves {
		n += flood(b, p.add(m))
	}
	return n
}

func classify(n int) string {
	switch n {
	case north, south:
		return "vertical"
	case east, west:
		return "horizontal"
	case size, size + 1:
		return "size"
	case mask:
		return "mask"
	}
	return "other"
}

func main() {
	var b board
	for i := range size - 1 {
		b.set(point{i, i + 1}, wall)
	}
	fmt.Println(flood(&b, point{size - 1, 0}))
	fmt.Print(b)
	fmt.Println(moves, names, labels, len(labels))
	fmt.Println(mask, pi2, ratio, msg, isBig, letter, string(rune(letter)), huge, Up, Down)
	for i := range 17 {
		if c := classify(i); c != "other" {
			fmt.Print(i, c, " ")
		}
	}
	fmt.Println()
	var local [len(moves)]bool
	local[west] = true
	var grid [size - 2][len("abc")]point
	grid[1][2].c = size
	fmt.Println(local, grid, len(grid[0]), cap(grid))
	const inner = size * 10
	type t [inner / 20]dir
	fmt.Println(t{1: Down}, uint8(mask)<<1, int64(size)<<40, 1.0*size/3, float32(ratio))
	b2 := b
	b2[0][0] = wall
	fmt.Println(b == b2, b[0] == b2[0], b[1] == b2[1], &b[1] == &b[1])
	for i, row := range b2[:2] {
		row[0] = 'X'
		b2[i][3] = 'Y'
	}
	fmt.Print(b2)
	x := size
	x = -x
	var f float64 = size
	fmt.Println(x, f/3, dir(size), Up|Down<<2, ^Up, -ratio < 0)
}
