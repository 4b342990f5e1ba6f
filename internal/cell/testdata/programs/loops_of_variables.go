// Loops over package variables, which cells keep in locals where nobody can tell.
package main

import (
	"fmt"
	"math"
)

var (
	total  int
	mean   float64
	values = []float64{1, 4, 9, 16}
	table  = map[string]int{"a": 1, "b": 2}
	flags  uint8
	text   string
	grid   [4]int
	head   *node
	shared = 1
	alias  = &shared
	name   celsius
)

type celsius float64

type node struct {
	value int
	next  *node
}

func try(what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Println(what, "panicked:", r)
		}
	}()
	f()
}

func counted() int {
	for i := 0; i < 10; i++ {
		total += i
		if total > 30 {
			break
		}
	}
	return total
}

func endless() int {
	for {
		total--
		if total < 0 {
			break
		}
	}
	return total
}

func forever(stop int) int {
	n := 0
	for {
		shared++
		n++
		if n == stop {
			return shared
		}
	}
}

func midway() {
	for i := 0; i < 10; i++ {
		total = i
		mean += values[i]
	}
}

func pairs() {
	for i := 0; i < 10; i++ {
		total, grid[i] = i, i*i
	}
}

func divide() {
	for i := 3; ; i-- {
		total += 12 / i
	}
}

func post() {
	for total = 0; values[total] < 100; total++ {
	}
}

func keys() {
	for total = range values {
		mean = values[total]
	}
	for total, mean = range values {
	}
}

func aliases() {
	for i := range 5 {
		shared += i
		*alias *= 2
	}
}

func nested() {
	for i := range 4 {
		for j := range 4 {
			if j == i {
				continue
			}
			total += i * j
			switch {
			case total%2 == 0:
				flags |= 1 << uint(i)
			default:
				flags ^= 0xf
			}
		}
	}
}

func calls() {
	for i := range 3 {
		total += i
		bump()
	}
}

func bump() { total *= 2 }

func closures() {
	var fs []func() int
	for i := range 3 {
		total += i
		fs = append(fs, func() int { total++; return total + i })
	}
	for _, f := range fs {
		fmt.Print(f(), " ")
	}
	fmt.Println()
}

func main() {
	fmt.Println(counted(), endless(), forever(4))
	try("midway", midway)
	fmt.Println(total, mean)
	try("pairs", pairs)
	fmt.Println(total, grid)
	total = 0
	try("divide", divide)
	fmt.Println(total)
	try("post", post)
	fmt.Println(total)
	keys()
	fmt.Println(total, mean)
	aliases()
	fmt.Println(shared, *alias)
	nested()
	fmt.Println(total, flags)
	calls()
	fmt.Println(total)
	closures()
	for i := 0; i < 3; i++ {
		head = &node{i, head}
	}
	total = 0
	for n := head; n != nil; n = n.next {
		total = total*10 + n.value
	}
	fmt.Println(total)
	for head != nil {
		total++
		head = head.next
	}
	fmt.Println(total, head == nil)
	for _, v := range values {
		name += celsius(math.Sqrt(v))
		text += fmt.Sprint(v)
	}
	fmt.Println(name, text)
	for i := range text {
		text = text[i:] + "x"
		if i > 1 {
			break
		}
	}
	fmt.Println(text)
	for k, v := range table {
		total += v
		delete(table, k)
	}
	fmt.Println(total, len(table))
	values = values[:0]
	for i := range 5 {
		values = append(values, float64(i))
		mean = values[len(values)-1]
	}
	fmt.Println(values, mean)
outer:
	for i := range 3 {
		for j := range 3 {
			total += j
			if j > i {
				continue outer
			}
			if i == 2 {
				break outer
			}
		}
	}
	fmt.Println(total)
	p := &total
	for range 3 {
		total++
		*p += 10
	}
	fmt.Println(total)
	ch := make(chan int)
	go func() {
		for i := range 4 {
			ch <- i
		}
		close(ch)
	}()
	for v := range ch {
		total += v
	}
	fmt.Println(total)
}
