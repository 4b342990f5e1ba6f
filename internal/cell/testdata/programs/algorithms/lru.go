package main

import (
	"fmt"
)

type lru struct {
	cap   int
	order []string
	m     map[string]int
}

func (l *lru) touch(k string) {
	for i, x := range l.order {
		if x == k {
			l.order = append(l.order[:i], l.order[i+1:]...)
			break
		}
	}
	l.order = append(l.order, k)
}
func (l *lru) get(k string) (int, bool) {
	v, ok := l.m[k]
	if ok {
		l.touch(k)
	}
	return v, ok
}
func (l *lru) put(k string, v int) {
	if _, ok := l.m[k]; !ok && len(l.m) == l.cap {
		delete(l.m, l.order[0])
		l.order = l.order[1:]
	}
	l.m[k] = v
	l.touch(k)
}
func main() {
	c := &lru{cap: 2, m: map[string]int{}}
	c.put("a", 1)
	c.put("b", 2)
	c.get("a")
	c.put("c", 3)
	_, ok := c.get("b")
	v, _ := c.get("a")
	fmt.Println(ok, v, c.order, len(c.m))
}
