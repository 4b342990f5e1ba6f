package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

type point struct{ x, y int }

type line struct {
	from, to point
	label    string
}

type pixel point

type rect struct {
	min, max *point
	tags     map[string]point
	poly     []point
	grid     [2][2]point
	meta     struct {
		author string
		rev    struct{ major, minor int }
	}
}

type alias = line

var unit = point{1, 1}

var lines = []line{{point{0, 0}, unit, "a"}, {label: "b", to: point{y: 5}}}

var byPoint = map[point]*line{unit: &lines[0], {2, 2}: {label: "new"}}

var anon = struct {
	name string
	pos  point
}{"anon", point{3, 4}}

var pts = []struct{ a, b int }{{1, 2}, {3, 4}}

var nested = map[string]map[string][]point{"a": {"b": {{1, 2}, {3, 4}}}}

func mk(x int) point       { return point{x, x * 2} }
func (p point) neg() point { return point{-p.x, -p.y} }
func (p *point) set(x int) *point {
	p.x = x
	return p
}
func total(ps ...struct{ a, b int }) (t int) {
	for _, p := range ps {
		t += p.a * p.b
	}
	return
}

func pointer(l *line) *int { return &l.to.y }

func main() {
	fmt.Println(unit.x, lines[1].to.y, byPoint[unit].label, byPoint[point{2, 2}].from.x)
	fmt.Printf("%v %+v\n", lines, lines[0])
	anon.pos.x++
	anon.name += "!"
	fmt.Println(anon, anon.pos.neg().y)
	pts[0].a = 10
	pts = append(pts, struct{ a, b int }{5, 6})
	fmt.Println(pts, total(pts...), total(struct{ a, b int }{2, 3}))
	fmt.Println(mk(3).y, mk(2).neg().x, mk(1) == point{1, 2}, mk(1) != unit)
	p := pixel(unit)
	p.x = 7
	q := point(p)
	q.set(8).set(9).y = 3
	fmt.Println(p, q, unit, pixel(q) == p)
	var r rect
	r.min = &point{1, 2}
	r.max = &unit
	r.max.x += 10
	r.tags = map[string]point{"o": {}}
	r.tags["p"] = mk(4)
	r.poly = append(r.poly, unit, mk(5))
	r.poly[1].y--
	r.grid[1][0].x = 6
	r.meta.author = "me"
	r.meta.rev.minor = 2
	fmt.Println(r.min.x, unit.x, r.tags["p"].y, r.poly, r.grid, r.meta, r.meta.rev.minor)
	*pointer(&lines[0]) = 42
	fmt.Println(lines[0].to, byPoint[point{1, 1}].to.y)
	a := alias{label: "alias"}
	var l line = a
	fmt.Printf("%T %T %v\n", a, l, l == a)
	fmt.Println(nested["a"]["b"][1].y, len(nested["x"]["y"]))
	nested["a"]["b"][0].x = 100
	fmt.Println(nested)
	sort.Slice(r.poly, func(i, j int) bool { return r.poly[i].x < r.poly[j].x })
	fmt.Println(r.poly)
	ps := []*point{{1, 2}, &unit, new(point)}
	ps[2].y = 9
	for _, p := range ps {
		p.x++
		fmt.Print(*p, " ")
	}
	fmt.Println()
	for i := range lines {
		l := &lines[i]
		l.label = strings.ToUpper(l.label)
		l.from.x, l.from.y = i, -i
	}
	fmt.Println(lines)
	x, y := unit.x, unit.y
	unit.x, unit.y = y, x
	fmt.Println(unit)
	m := map[point]int{}
	m[point{1, 2}]++
	m[mk(1)]++
	fmt.Println(m)
	arr := [...]point{2: {1, 2}}
	brr := arr
	brr[2].x = 5
	fmt.Println(arr, brr, arr == brr, len(arr))
	var i any = unit
	if u, ok := i.(point); ok {
		fmt.Println(u.x, u == unit)
	}
	_, ok := i.(pixel)
	fmt.Println(ok, i == any(unit), i == any(pixel(unit)))
	data, _ := json.Marshal(lines)
	fmt.Println(string(data))
	c := make(chan point, 1)
	c <- point{7, 8}
	fmt.Println((<-c).y)
	f := func(p point) (q point) { q.x, q.y = p.y, p.x; return }
	fmt.Println(f(point{1, 2}), f(mk(2)).x)
	type local struct {
		point
		*line
		z int
	}
	lo := local{unit, &lines[0], 3}
	lo.x, lo.z = 50, len(lo.label)
	lo.from.y = 77
	lo.point.y++
	fmt.Println(lo.point, lo.x, lo.z, lo.line.from, lo.to.y, lines[0].from)
}
