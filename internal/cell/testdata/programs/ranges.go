package main

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer fmt.Println("count is over")
		for i := 0; i < n; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

func pairs(s string) iter.Seq2[int, rune] {
	return func(yield func(int, rune) bool) {
		for i, r := range s {
			if !yield(i, r) {
				return
			}
		}
	}
}

func forever(yield func() bool) {
	for yield() {
	}
}

type myInt int

func find(n int) (result string) {
	for i := range count(10) {
		if i == n {
			return fmt.Sprint("found ", i)
		}
	}
	return "none"
}

func nested() int {
outer:
	for i := range count(3) {
		for j := range count(3) {
			if j == 1 {
				continue outer
			}
			if i == 2 {
				break outer
			}
			fmt.Println("at", i, j)
		}
	}
	return 7
}

func main() {
	for i := range 3 {
		fmt.Print(i, " ")
	}
	for i := range myInt(2) {
		fmt.Printf("%T ", i)
	}
	for range 2 {
		fmt.Print("* ")
	}
	var u8 uint8 = 3
	for i := range u8 {
		fmt.Printf("%T%d ", i, i)
	}
	fmt.Println()
	for i := range count(3) {
		fmt.Println(i)
	}
	fmt.Println(find(2), find(20), nested())
	for i, r := range pairs("aé") {
		fmt.Print(i, string(r), " ")
	}
	n := 0
	for range forever {
		if n++; n == 3 {
			break
		}
	}
	fmt.Println(n)
	for i, r := range "aé\xff世" {
		fmt.Print(i, ":", r, " ")
	}
	fmt.Println()
	m := map[string]int{"b": 2, "a": 1, "c": 3}
	ks := make([]string, 0)
	for k := range m {
		ks = append(ks, k)
	}
	sort.Strings(ks)
	for _, k := range ks {
		fmt.Print(k, m[k], " ")
	}
	fmt.Println(slices.Sorted(maps.Values(m)))
	arr := [3]int{1, 2, 3}
	for i, v := range arr {
		arr[2] = 10
		fmt.Print(i, v, " ")
	}
	for i, v := range &arr {
		arr[2] = 20
		fmt.Print(i, v, " ")
	}
	for i := range &arr {
		arr[i] *= 2
	}
	fmt.Println(arr, len(&arr))
	s := []int{1, 2}
	for _, v := range s {
		s = append(s, v)
	}
	fmt.Println(s)
	ch := make(chan int)
	go func() {
		defer close(ch)
		for i := range 3 {
			ch <- i * i
		}
	}()
	for v := range ch {
		fmt.Print(v, " ")
	}
	v, ok := <-ch
	fmt.Println(v, ok)
	next, stop := iter.Pull(count(5))
	a, _ := next()
	b, _ := next()
	fmt.Println(a, b)
	stop()
	_, more := next()
	fmt.Println(more)
	var x, y int
	for x, y = range []int{5, 6} {
	}
	fmt.Println(x, y)
	st := struct{ i, v int }{}
	for st.i, st.v = range []int{7, 8, 9} {
	}
	fmt.Println(st)
	for m["new"] = range 3 {
	}
	fmt.Println(m["new"])
	for i := range slices.Backward([]int{1, 2, 3}) {
		fmt.Print(i)
	}
	for c := range slices.Chunk([]int{1, 2, 3}, 2) {
		fmt.Print(c)
	}
	fmt.Println()
}
