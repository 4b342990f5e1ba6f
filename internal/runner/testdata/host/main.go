// Host is the smallest program that can be a runner's child.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/gopar-project/gopar/internal/runner"
)

func main() {
	if err := runner.Main(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
