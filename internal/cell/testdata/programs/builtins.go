package main

import "fmt"

type grid [2][3]int

type bag map[string]int

func main() {
	fmt.Println(min(3, 1, 2), max(1.5, 2), min("b", "a"), max('a', 'b'))
	const c = min(1, 2) + max(3, 4)
	fmt.Println(c)
	m := bag{"a": 1}
	clear(m)
	s := []int{1, 2, 3}
	clear(s[1:])
	fmt.Println(m, len(m), s)
	p := new(int)
	*p = 3
	q := new(42)
	r := new("text")
	f := new(3.5 + float64(*p))
	fmt.Println(*p, *q, *r, *f)
	g := new(grid)
	g[1][2] = 5
	fmt.Println(*g, len(g), cap(g), len(g[0]))
	st := new(struct{ a, b int }{1, 2})
	st.a++
	fmt.Println(*st)
	n := copy(s, []int{7, 8, 9, 10})
	fmt.Println(n, s, copy(make([]byte, 3), "hello"))
	s = append(s[:1], s[2:]...)
	s = append(s, s...)
	b := append([]byte("x"), "yz"...)
	fmt.Println(s, string(b))
	t := s[1:2:3]
	fmt.Println(t, len(t), cap(t))
	m["x"]++
	m["x"] += 4
	delete(m, "none")
	v, ok := m["y"]
	fmt.Println(m, v, ok)
	arr := [...]string{2: "c", 0: "a"}
	fmt.Println(len(arr), arr, fmt.Sprintf("%q", arr))
	arrp := (*[2]int)(s)
	arrp[0] = 100
	fmt.Println(s[0], [2]int(s))
	z := complex(1, 2)
	fmt.Println(real(z), imag(z), z*z, -z, z == complex(1, 2))
	var c64 complex64 = 3i
	fmt.Printf("%v %T %T\n", c64*c64, real(c64), z)
	ch := make(chan int, 3)
	ch <- 1
	fmt.Println(len(ch), cap(ch))
	close(ch)
	var np *int
	var ns []int
	var nm map[string]int
	fmt.Println(np == nil, ns == nil, len(ns), nm["x"], len(nm))
	for range ns {
	}
	func() {
		defer func() { fmt.Println(recover()) }()
		panic(fmt.Sprintf("%d", 1))
	}()
	fmt.Println(len([10]int{}), len("é"), cap(make([]int, 2, 5)))
}
