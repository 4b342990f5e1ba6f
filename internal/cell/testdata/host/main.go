// Host opens and runs units as told on standard input, one command per line, and
// answers each with the unit's output, a newline and a line "-- done".
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"plugin"
	"strings"
	"sync"

	"github.com/gopar-project/gopar/internal/eval"
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
		case "interpret":
			if err := interpret(arg); err != nil {
				fmt.Println("interpret:", err)
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

var loader = sync.OnceValues(eval.NewLoader)

// interpret loads a unit whose source is in a file of its hash's name.
func interpret(file string) error {
	l, err := loader()
	if err != nil {
		return err
	}
	source, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	hash := filepath.Base(file)
	if err := l.Load(eval.Unit{Hash: hash, Source: source}); err != nil {
		return err
	}
	return l.Open(hash)
}

func run(hash string) {
	defer func() {
		if v := recover(); v != nil {
			fmt.Println("panic:", v)
		}
	}()
	unit.Lookup(hash).Run()
}
