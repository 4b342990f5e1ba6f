// Host opens and runs units as told on standard input, one command per line, and
// answers each with the unit's output, a newline and a line "-- done".
package main

import (
	"bufio"
	"fmt"
	"os"
	"plugin"
	"strings"

	"github.com/gopar-project/gopar/internal/unit"
)

func main() {
	unit.SetHooks(&unit.Hooks{
		Show:     func(values []any) { fmt.Println(append([]any{"=>"}, values...)...) },
		Panicked: func(v any) { fmt.Println("goroutine panic:", v) },
	})
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		verb, arg, _ := strings.Cut(in.Text(), " ")
		switch verb {
		case "open":
			if _, err := plugin.Open(arg); err != nil {
				fmt.Println("open:", err)
			}
		case "run":
			run(arg)
		case "reads":
			hash, name, _ := strings.Cut(arg, " ")
			fmt.Println(unit.Lookup(hash).Reads[name])
		}
		fmt.Println("\n-- done")
	}
}

func run(hash string) {
	defer func() {
		if v := recover(); v != nil {
			fmt.Println("panic:", v)
		}
	}()
	unit.Lookup(hash).Run()
}
