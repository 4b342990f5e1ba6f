package main

import (
	"fmt"
	"os"
	"strings"
)

type conf map[string]string

func parse(s string) (conf, error) {
	c := conf{}
	for i, line := range strings.Split(s, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		k, v, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("line %d: no =", i+1)
		}
		c[strings.TrimSpace(k)] = strings.TrimSpace(v)
	}
	return c, nil
}

var depth int

func enter(s string) func() {
	depth++
	fmt.Println("enter", s, depth)
	return func() { fmt.Println("leave", s, depth); depth-- }
}

func main() {
	defer enter("main")()
	c, err := parse("a = 1\n# no\n\nb=2")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c, len(c))
	_, err = parse("x")
	fmt.Println(err)
	i := 0
retry:
	i++
	func() {
		defer enter(fmt.Sprint("try", i))()
	}()
	if i < 3 {
		goto retry
	}
	for j := 0; ; j++ {
		if j == 2 {
			defer fmt.Println("deferred in loop", j)
			break
		}
	}
	if f, err := os.Open("/definitely/not/here"); err != nil {
		fmt.Println("no file")
	} else {
		defer f.Close()
	}
	if i == 3 {
		fmt.Println("returning")
		return
	}
	fmt.Println("unreachable")
}
