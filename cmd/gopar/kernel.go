package main

import (
	"context"
	"os"
	"strconv"
	"time"
)

// parentPoll is how often a kernel looks whether the front end that started it is still there.
const parentPoll = time.Second

// withParent returns a context that ends when the process that started this one has ended, if that asked for it as Jupyter
// does, by JPY_PARENT_PID: a kernel whose front end was killed must not stay behind.
func withParent(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	parent, err := strconv.Atoi(os.Getenv("JPY_PARENT_PID"))
	if err != nil || parent != os.Getppid() {
		return ctx, cancel // not ours to watch: started by hand, or through another program
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(parentPoll)
		defer ticker.Stop()
		for os.Getppid() == parent {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
		cancel()
	}()
	return ctx, func() { cancel(); <-ended }
}
