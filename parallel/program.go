package parallel

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gopar-project/gopar/internal/codec"
)

// initialised is set by Init.
var initialised atomic.Bool

// Init makes the functions of a compiled program callable on engines. It is the first line of main:
//
//	func main() {
//		parallel.Init()
//		rc := parallel.MustConnect()
//		…
//	}
//
// In the program that the user starts it returns at once. An engine runs a copy of the program to call its functions; there
// Init serves the engine, and exits the process when that is done: what follows in main does not run.
//
// In a notebook it does nothing.
func Init() {
	initialised.Store(true)
	if os.Getenv(codec.WorkerEnv) == "" {
		return
	}
	if err := codec.ServeWorker(context.Background()); err != nil { // the process is this one's alone
		fmt.Fprintln(os.Stderr, "gopar worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// inGopar tells whether this process is gopar's own, whose functions engines have anyway.
var inGopar = sync.OnceValue(func() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && strings.HasSuffix(info.Path, "/cmd/gopar")
})

// checkProgram tells engines where the program that fn is part of comes from.
func checkProgram(fn *codec.Func) error {
	if inGopar() {
		return nil
	}
	if !initialised.Load() {
		return fmt.Errorf("%s is a function of this program: call parallel.Init() in the first line of main, "+
			"so that engines can run a copy of the program to call it", fn)
	}
	sum, err := codec.Executable()
	if err != nil {
		return fmt.Errorf("identify this program: %w", err)
	}
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("identify this program: %w", err)
	}
	fn.SetProgram(&codec.Program{SHA256: sum, Path: path})
	return nil
}
