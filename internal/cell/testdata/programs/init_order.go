package main

import "fmt"

var (
	d = show("d", 1)
	c = show("c", d+1)
	a = show("a", b+c)
	b = show("b", f())
)

var table = map[string]func(int) int{
	"double": double,
	"next":   func(n int) int { return n + c },
}

var registry = build()

var late = func() int { return len(registry) * 100 }()

func show(name string, v int) int {
	fmt.Println("init", name, v)
	return v
}

func f() int { return c * 2 }

func double(n int) int { return n * 2 }

func build() map[string]int {
	fmt.Println("build")
	return map[string]int{"x": a}
}

func init() {
	fmt.Println("first init", a, b, c, d)
	registry["init"] = 1
}

var x, y = pair()

func pair() (int, string) { fmt.Println("pair"); return late, "y" }

func init() {
	fmt.Println("second init", len(registry))
	count++
}

var count int

type plugin struct {
	name string
	run  func() string
}

var plugins []plugin

func register(name string, run func() string) bool {
	plugins = append(plugins, plugin{name, run})
	return true
}

var _ = register("one", func() string { return "ran one" })
var _ = register("two", func() string { return "ran two " + y })

var singleton = &config{limits: limits{max: maximum}}

const maximum = 10

type config struct{ limits }
type limits struct{ min, max int }

func init() { count += 10; singleton.min = count }

func main() {
	fmt.Println(table["double"](4), table["next"](4), x, y, count, late)
	for _, p := range plugins {
		fmt.Println(p.name, p.run())
	}
	fmt.Println(*singleton, singleton.max)
}
