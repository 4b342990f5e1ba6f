package main

import (
	"container/heap"
	"fmt"
	"math"
	"sort"
	"strings"
)

type edge struct {
	to   string
	cost int
}

type graph map[string][]edge

type state struct {
	at   string
	dist int
}

type frontier []state

func (f frontier) Len() int           { return len(f) }
func (f frontier) Less(i, j int) bool { return f[i].dist < f[j].dist }
func (f frontier) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(x any)        { *f = append(*f, x.(state)) }
func (f *frontier) Pop() any {
	old := *f
	s := old[len(old)-1]
	*f = old[:len(old)-1]
	return s
}

func (g graph) link(a, b string, cost int) graph {
	g[a] = append(g[a], edge{b, cost})
	g[b] = append(g[b], edge{a, cost})
	return g
}

func (g graph) shortest(from, to string) (path []string, dist int) {
	best := map[string]int{from: 0}
	prev := map[string]string{}
	f := &frontier{{from, 0}}
	for f.Len() > 0 {
		s := heap.Pop(f).(state)
		if s.at == to {
			for n := to; ; n = prev[n] {
				path = append([]string{n}, path...)
				if n == from {
					return path, s.dist
				}
			}
		}
		for _, e := range g[s.at] {
			if d, seen := best[e.to]; !seen || s.dist+e.cost < d {
				best[e.to] = s.dist + e.cost
				prev[e.to] = s.at
				heap.Push(f, state{e.to, s.dist + e.cost})
			}
		}
	}
	return nil, math.MaxInt
}

type trie struct {
	kids map[rune]*trie
	end  bool
}

func (t *trie) insert(w string) {
	for _, r := range w {
		if t.kids == nil {
			t.kids = map[rune]*trie{}
		}
		if t.kids[r] == nil {
			t.kids[r] = &trie{}
		}
		t = t.kids[r]
	}
	t.end = true
}

func (t *trie) walk(prefix string, f func(string)) {
	if t.end {
		f(prefix)
	}
	var rs []rune
	for r := range t.kids {
		rs = append(rs, r)
	}
	sort.Slice(rs, func(i, j int) bool { return rs[i] < rs[j] })
	for _, r := range rs {
		t.kids[r].walk(prefix+string(r), f)
	}
}

func queens(n int) (count int) {
	cols, d1, d2 := make([]bool, n), make([]bool, 2*n), make([]bool, 2*n)
	var place func(int)
	place = func(r int) {
		if r == n {
			count++
			return
		}
		for c := range n {
			if cols[c] || d1[r+c] || d2[r-c+n] {
				continue
			}
			cols[c], d1[r+c], d2[r-c+n] = true, true, true
			place(r + 1)
			cols[c], d1[r+c], d2[r-c+n] = false, false, false
		}
	}
	place(0)
	return
}

type life struct {
	w, h  int
	cells map[[2]int]bool
}

func (l life) step() life {
	n := map[[2]int]int{}
	for p := range l.cells {
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				if dx != 0 || dy != 0 {
					n[[2]int{p[0] + dx, p[1] + dy}]++
				}
			}
		}
	}
	next := life{l.w, l.h, map[[2]int]bool{}}
	for p, c := range n {
		if c == 3 || c == 2 && l.cells[p] {
			next.cells[p] = true
		}
	}
	return next
}

func (l life) String() string {
	var b strings.Builder
	for y := range l.h {
		for x := range l.w {
			if l.cells[[2]int{x, y}] {
				b.WriteByte('O')
			} else {
				b.WriteByte('.')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func levenshtein(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		prev := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			prev, row[j] = row[j], min(row[j]+1, row[j-1]+1, prev+cost)
		}
	}
	return row[len(b)]
}

func sieve(n int) (primes []int) {
	ch := make(chan int)
	go func() {
		for i := 2; ; i++ {
			ch <- i
		}
	}()
	for range n {
		p := <-ch
		primes = append(primes, p)
		next := make(chan int)
		go func(in <-chan int, out chan<- int) {
			for {
				if i := <-in; i%p != 0 {
					out <- i
				}
			}
		}(ch, next)
		ch = next
	}
	return
}

func quick[T any](xs []T, less func(a, b T) bool) []T {
	if len(xs) < 2 {
		return xs
	}
	var lo, hi []T
	for _, x := range xs[1:] {
		if less(x, xs[0]) {
			lo = append(lo, x)
		} else {
			hi = append(hi, x)
		}
	}
	return append(append(quick(lo, less), xs[0]), quick(hi, less)...)
}

func mandel(w, h int) string {
	var b strings.Builder
	for y := range h {
		for x := range w {
			c := complex(float64(x)/float64(w)*3-2, float64(y)/float64(h)*2-1)
			z, n := 0i, 0
			for ; n < 50 && real(z)*real(z)+imag(z)*imag(z) < 4; n++ {
				z = z*z + c
			}
			b.WriteByte(" .:*#"[n/11])
		}
		b.WriteString("|\n")
	}
	return b.String()
}

func main() {
	g := graph{}.link("a", "b", 7).link("a", "c", 3).link("c", "b", 1).link("b", "d", 2).link("c", "d", 8)
	fmt.Println(g.shortest("a", "d"))
	fmt.Println(g.shortest("a", "zz"))
	t := &trie{}
	for _, w := range strings.Fields("to tea ten i in inn") {
		t.insert(w)
	}
	t.walk("", func(s string) { fmt.Print(s, " ") })
	fmt.Println(queens(6), queens(7), levenshtein("kitten", "sitting"), sieve(10))
	l := life{5, 4, map[[2]int]bool{{1, 0}: true, {2, 1}: true, {0, 2}: true, {1, 2}: true, {2, 2}: true}}
	for range 3 {
		l = l.step()
	}
	fmt.Print(l)
	fmt.Println(quick([]string{"pear", "fig", "apple"}, func(a, b string) bool { return len(a) < len(b) }), quick([]edge{{"x", 2}, {"y", 1}}, func(a, b edge) bool { return a.cost < b.cost }))
	fmt.Print(mandel(40, 9))
}
