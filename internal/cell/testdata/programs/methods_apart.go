package main

//differential:methods apart

import (
	"fmt"
	"math"
	"sort"
)

type point struct{ x, y float64 }

func (p point) dist(q point) float64 { return math.Hypot(p.x-q.x, p.y-q.y) }

func (p *point) move(dx, dy float64) { p.x += dx; p.y += dy }

func (p point) String() string { return fmt.Sprintf("(%g, %g)", p.x, p.y) }

type polygon []point

func (p polygon) length() (l float64) {
	for i := range p {
		l += p[i].dist(p[(i+1)%len(p)])
	}
	return
}

func (p polygon) Len() int           { return len(p) }
func (p polygon) Less(i, j int) bool { return p[i].x < p[j].x }
func (p polygon) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }

type shape interface{ length() float64 }

type circle struct {
	point
	r float64
}

func (c circle) length() float64 { return 2 * math.Pi * c.r }

func total(shapes ...shape) (t float64) {
	for _, s := range shapes {
		t += s.length()
	}
	return
}

var origin = point{}

func main() {
	sq := polygon{{0, 0}, {1, 0}, {1, 1}, {0, 1}}
	c := circle{point{1, 2}, 3}
	c.move(1, 1)
	fmt.Println(c, c.point, c.x, c.dist(origin))
	fmt.Printf("%.3f %.3f\n", total(sq, c), sq.length())
	sort.Sort(sort.Reverse(sq))
	fmt.Println(sq)
	move := c.move
	move(-1, -1)
	fmt.Println(c.point, point.dist(c.point, origin) == c.dist(origin))
}
