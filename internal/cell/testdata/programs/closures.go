package main

//differential:main hides names

import "fmt"

type account struct {
	deposit  func(int) int
	withdraw func(int) (int, error)
}

func newAccount(balance int) account {
	return account{
		deposit: func(n int) int { balance += n; return balance },
		withdraw: func(n int) (int, error) {
			if n > balance {
				return balance, fmt.Errorf("short by %d", n-balance)
			}
			balance -= n
			return balance, nil
		},
	}
}

var global = 1

var bump = func() int { global++; return global }

func fibgen() func() int {
	a, b := 0, 1
	return func() (r int) {
		r = a
		a, b = b, a+b
		return
	}
}

func memo(f func(func(int) int, int) int) func(int) int {
	seen := map[int]int{}
	var g func(int) int
	g = func(n int) int {
		if v, ok := seen[n]; ok {
			return v
		}
		v := f(g, n)
		seen[n] = v
		return v
	}
	return g
}

func curry(f func(int, int, int) int) func(int) func(int) func(int) int {
	return func(a int) func(int) func(int) int {
		return func(b int) func(int) int {
			return func(c int) int { return f(a, b, c) }
		}
	}
}

func each(xs []int, fs ...func(*int)) {
	for i := range xs {
		for _, f := range fs {
			f(&xs[i])
		}
	}
}

func main() {
	acc := newAccount(10)
	fmt.Println(acc.deposit(5))
	fmt.Println(acc.withdraw(20))
	fmt.Println(acc.withdraw(7))
	other := newAccount(0)
	other.deposit(1)
	fmt.Println(acc.deposit(0), other.deposit(0))
	f := fibgen()
	for range 8 {
		fmt.Print(f(), " ")
	}
	fmt.Println(bump(), bump(), global)
	fib := memo(func(self func(int) int, n int) int {
		if n < 2 {
			return n
		}
		return self(n-1) + self(n-2)
	})
	fmt.Println(fib(60))
	fmt.Println(curry(func(a, b, c int) int { return a*100 + b*10 + c })(1)(2)(3))
	xs := []int{1, 2, 3}
	sum := 0
	each(xs, func(p *int) { *p *= 2 }, func(p *int) { sum += *p })
	fmt.Println(xs, sum)
	var fs [3]func() int
	for i := range fs {
		fs[i] = func() int { i += 10; return i }
	}
	fmt.Println(fs[0](), fs[0](), fs[1](), fs[2]())
	x := 1
	inc := func() { x++ }
	inc()
	p := &x
	*p += 10
	inc()
	fmt.Println(x, *p)
	{
		x := 100
		inc()
		fmt.Println(x)
	}
	fmt.Println(x)
	func() {
		x, y := 5, 6
		func() { x, y = y, x }()
		fmt.Println(x, y)
	}()
	bump = func() int { return -1 }
	fmt.Println(bump(), global)
	global := "local"
	show := func() string { return global }
	global += "!"
	fmt.Println(show())
	for i, s := range []string{"a", "b"} {
		defer func() { fmt.Println("defer", i, s, x) }()
	}
	x = 1000
	rec := func(n int) (out []int) {
		var walk func(int)
		walk = func(k int) {
			if k > 0 {
				out = append(out, k)
				walk(k - 1)
			}
		}
		walk(n)
		return
	}
	fmt.Println(rec(4))
	a, b := func() (int, error) { return 1, nil }, func(v ...int) int { return len(v) }
	n, _ := a()
	fmt.Println(n, b(1, 2, 3))
}
