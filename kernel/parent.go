package kernel

import (
	"context"
	"os"
	"strconv"
	"time"
)

// parentPoll is how often the parent is looked for: an orphan is gone before
// anybody misses the memory.
const parentPoll = time.Second

// watchParent calls stop when the process that started this one is gone, until
// ctx ends. Front ends name themselves in JPY_PARENT_PID; without it, the
// kernel was started by hand and may outlive its shell.
func watchParent(ctx context.Context, stop context.CancelFunc) {
	pid, err := strconv.Atoi(os.Getenv("JPY_PARENT_PID"))
	if err != nil || pid <= 1 {
		return
	}
	// A direct child is given to another process when its parent dies, which is
	// certain. A wrapper in between keeps that from showing, so then the pid
	// itself must exist, if it can be seen at all from here.
	gone := func() bool { return os.Getppid() != pid }
	if gone() {
		if !processExists(pid) {
			return
		}
		gone = func() bool { return !processExists(pid) }
	}
	ticker := time.NewTicker(parentPoll)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if gone() {
				stop()
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
