//go:build !linux

package engine

import "os"

// pending is how many bytes wait in a pipe; here that cannot be told.
func pending(*os.File) int { return 0 }

// growPipe makes room for large arguments and results where that is possible.
func growPipe(*os.File) {}
