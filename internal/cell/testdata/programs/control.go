package main

import "fmt"

func classify(n int) (s string) {
	switch {
	case n < 0:
		s = "negative"
	case n == 0:
		s = "zero "
		fallthrough
	case n < 10:
		s += "small"
	default:
		s = "big"
	}
	return
}

func loops() {
outer:
	for i := 0; ; i++ {
		switch i {
		case 1:
			continue outer
		case 4:
			break outer
		}
		for j := range 3 {
			if j == i {
				continue outer
			}
			fmt.Print(i, j, " ")
		}
	}
	fmt.Println()
}

func jump(n int) int {
	i := 0
again:
	if i < n {
		i += 2
		goto again
	}
	goto done
done:
	return i
}

func choose(v any) string {
	switch x := v.(type) {
	case nil:
		return "nil"
	case int, int64:
		return fmt.Sprintf("integer %v", x)
	case string:
		return "string of " + fmt.Sprint(len(x))
	case []int:
		return fmt.Sprint("slice ", x[0])
	case func() int:
		return fmt.Sprint("func ", x())
	case error:
		return "error " + x.Error()
	case interface{ Foo() }:
		return "foo"
	default:
		return fmt.Sprintf("%T", x)
	}
}

func order() {
	get := func(n int) int { fmt.Print("get", n, " "); return n }
	switch get(2) {
	case get(1), get(2), get(3):
		fmt.Println("hit")
	case get(4):
	}
	switch x := get(5); {
	case x > 3:
		fmt.Println("x", x)
	}
	switch {
	}
	switch x := 5; x {
	default:
		fmt.Println("default first")
	case 6:
	}
}

func main() {
	for _, n := range []int{-1, 0, 5, 50} {
		fmt.Println(classify(n))
	}
	loops()
	fmt.Println(jump(5))
	fmt.Println(choose(nil), choose(1), choose(int64(2)), choose("abc"), choose([]int{4}), choose(func() int { return 9 }), choose(fmt.Errorf("e")), choose(1.5), choose(map[string]int{}))
	order()
	x := 10
	if x := 5; x > 3 {
		fmt.Println("inner", x)
	} else if y := x * 2; y > 3 {
		fmt.Println(y)
	}
	fmt.Println("outer", x)
	{
		x := "block"
		_ = x
		x += "!"
		fmt.Println(x)
	}
	for x := 0; x < 2; x++ {
		x := x * 100
		fmt.Print(x, " ")
	}
	fmt.Println(x)
	i := 0
loop:
	for {
		select {
		default:
			if i++; i > 2 {
				break loop
			}
		}
	}
	fmt.Println(i)
	func() {
		for i := range 3 {
			defer func() { fmt.Print("defer", i, " ") }()
		}
	}()
	fmt.Println()
block:
	switch {
	default:
		if x == 10 {
			break block
		}
		fmt.Println("unreachable")
	}
	var fs []func()
	for i := range 3 {
		fs = append(fs, func() { fmt.Print(i) })
	}
	for i := 0; i < 3; i++ {
		fs = append(fs, func() { fmt.Print(i) })
		i := i
		fs = append(fs, func() { i++; fmt.Print(i) })
	}
	for _, f := range fs {
		f()
	}
	fmt.Println()
	if true {
		goto end
	}
	fmt.Println("skipped")
end:
	fmt.Println("end")
}
