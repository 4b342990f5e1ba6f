package main

//differential:main hides names

import (
	"fmt"
	"strings"
)

type vec struct{ x, y int }

type pair[A, B any] struct {
	a A
	b B
}

var count = 10

const limit = 3

func scale(v vec, k int) vec { return vec{v.x * k, v.y * k} }

func (v vec) count(limit int) int { return v.x + limit + count }

func params(vec vec, count int, limit string, strings func(string) string) string {
	vec.x += count
	return strings(limit) + fmt.Sprint(vec)
}

func results() (count int, limit vec, err error) {
	count, limit.x = 5, 6
	defer func() { count++ }()
	return count * 2, limit, nil
}

func typeParam[vec any, count ~[]vec](limit count) int { return len(limit) }

func inner() (out []string) {
	count := "local"
	out = append(out, count)
	{
		count := 3.5
		out = append(out, fmt.Sprint(count))
		func() {
			count += 1
			limit := []int{1}
			out = append(out, fmt.Sprint(count, limit))
		}()
		for count := range 2 {
			out = append(out, fmt.Sprint(count))
		}
		if count, ok := any(count).(float64); ok {
			out = append(out, fmt.Sprint(count))
		}
		switch count := any(count).(type) {
		case float64:
			out = append(out, fmt.Sprintf("%T", count))
		}
		select {
		case count := <-func() chan int { c := make(chan int, 1); c <- 7; return c }():
			out = append(out, fmt.Sprint(count))
		}
	}
	type vec string
	scale := func(v vec) vec { return v + v }
	out = append(out, string(scale("ab")))
	var pair = pair[vec, int]{"p", 1}
	out = append(out, fmt.Sprint(pair.a, pair.b))
	return out
}

func labels() int {
	count := 0
count:
	for {
		for {
			count++
			if count > 4 {
				break count
			}
			continue count
		}
	}
	return count
}

func fields() string {
	s := struct{ count, fmt, vec int }{count: count, fmt: 1, vec: limit}
	s.fmt++
	m := map[string]vec{"count": {count, limit}}
	return fmt.Sprint(s, m, vec{x: limit}.x)
}

func before() int {
	x := count
	count := count * 2
	y := count
	count, z := count+1, limit
	return x + y + count + z
}

func main() {
	fmt.Println(scale(vec{1, 2}, 3), vec{1, 2}.count(100), params(vec{1, 1}, 5, "lim", strings.ToUpper))
	fmt.Println(results())
	fmt.Println(typeParam([]int{1, 2}), inner(), labels(), fields(), before(), count)
	count := count + limit
	fmt.Println(count, vec{}.count(0))
	count++
	vec := vec{count, 1}
	vec.x++
	fmt.Println(vec, vec.count(1))
	scale := scale(vec, 2).x
	fmt.Println(scale)
	limit := limit << 2
	fmt.Println(limit)
	strings := strings.Repeat("=", limit)
	fmt.Println(strings)
	f := func(count int) int { return count + limit }
	fmt.Println(f(1))
}
