// Host is a program that opens units as a runner does: it is given the paths of objects and the hash of the unit to run.
package main

import (
	"fmt"
	_ "net/http" // in the binary, so that units share it
	"os"
	"plugin"

	"github.com/gopar-project/gopar/internal/unit"
)

func main() {
	for _, path := range os.Args[2:] {
		if _, err := plugin.Open(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if t := unit.Lookup(os.Args[1]); t != nil && t.Run != nil {
		t.Run()
		return
	}
	fmt.Fprintln(os.Stderr, "unit", os.Args[1], "did not register")
	os.Exit(1)
}
