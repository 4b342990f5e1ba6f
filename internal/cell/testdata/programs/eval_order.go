package main

import "fmt"

var trace []string

func t[T any](name string, v T) T { trace = append(trace, name); return v }

func flush(what string) { fmt.Println(what, trace); trace = nil }

type rec struct{ a, b int }

func (r rec) m(x int) rec { trace = append(trace, fmt.Sprint("m", x)); return rec{r.a + x, r.b} }

func two() (int, string) { trace = append(trace, "two"); return 2, "two" }

func three(a int, b string) string { return fmt.Sprint(a, b) }

func variadic(pre string, xs ...int) string { return fmt.Sprint(pre, len(xs), xs, xs == nil) }

func anyArgs(xs ...any) int { return len(xs) }

func swap(p, q *int) { *p, *q = *q, *p }

var (
	first  = t("first", second+1)
	second = t("second", third()+1)
	other  = t("other", 5)
)

func third() int { return other * 10 }

var x1, y1 = two()
var _ = t("blank", 0)
var arr = [...]int{t("e0", 1), 5: t("e5", 6), t("e6", 7)}

func main() {
	flush("package vars")
	fmt.Println(first, second, other, x1, y1, arr)
	i := 0
	s := []int{10, 20, 30}
	i, s[i] = 2, 99
	fmt.Println(i, s)
	s[0], s[1], s[2] = s[2], s[0], s[1]
	fmt.Println(s)
	a, b := 1, 2
	a, b = b, a+b
	fmt.Println(a, b)
	swap(&a, &b)
	fmt.Println(a, b)
	m := map[string]int{}
	m[t("key", "k")] = t("val", 3)
	flush("map assign")
	s[t("i", 1)], s[t("j", 0)] = t("u", 5), t("v", 6)
	flush("tuple")
	rec{1, 2}.m(t("arg1", 1)).m(t("arg2", 2))
	flush("chain")
	_ = t("l", true) || t("r", true)
	_ = t("l", false) && t("r", true)
	flush("short circuit")
	fmt.Println(three(two()))
	fmt.Println(anyArgs(two()), variadic("none"), variadic("nil", nil...), variadic("some", 1, 2), variadic("spread", s...))
	func(xs ...int) { xs[0] = -1 }(s...)
	fmt.Println(s)
	v, ok := m["k"]
	_, no := m["z"]
	fmt.Println(v, ok, no)
	var p *rec
	q := rec{a: t("field a", 1), b: t("field b", 2)}
	p = &q
	p.a, p = 5, &rec{7, 7}
	fmt.Println(q, *p)
	x := []int{1, 2, 3}
	for i, x[i] = range []int{7, 8, 9} {
		if i == 1 {
			break
		}
	}
	fmt.Println(x, i)
	y := x
	y = append(y[:1], 100)
	fmt.Println(x, y)
	c := make(chan int, 2)
	c <- t("sent", 1)
	c <- <-c + 1
	fmt.Println(<-c)
	var e1 any = 1
	n, ok := e1.(string)
	fmt.Printf("%q %v\n", n, ok)
	defer func(s string) { fmt.Println("deferred arg", s); flush("defer") }(t("defer arg", "d"))
	t("after", 0)
	z := [3]int{1, 2, 3}
	w := z
	w[0]++
	pz := &z
	pz[1] = 50
	fmt.Println(z, w, *pz)
	n1, n2 := 1, 1
	n2, n3 := n1+5, n2+6
	fmt.Println(n1, n2, n3)
	k := 5
	k, l := k+1, k+2
	fmt.Println(k, l)
	op := 7
	op += op * 2
	op <<= 1
	op &^= 2
	op %= 25
	op |= 8
	op ^= 3
	op--
	fmt.Println(op)
}
