package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

const (
	// commandTime bounds every call of a scheduler's command: squeue stalls for
	// nine seconds when its controller is away, others for ever.
	commandTime = 5 * time.Second
	// maxAnswer bounds what is kept of a command's output: the state of 100,000
	// tasks.
	maxAnswer = 32 << 20
)

// errSilent says that a command failed without a complaint.
var errSilent = errors.New("no complaint")

// command runs a system's command and returns what it wrote. It has a deadline
// of its own.
func command(ctx context.Context, stdin, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	var stdout, stderr bounded
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	cmd.WaitDelay = time.Second // for children that keep its output open
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("no answer: %w", ctx.Err())
		}
		text := strings.TrimSpace(stderr.String())
		if text == "" && ctx.Err() == nil {
			err = fmt.Errorf("%w: %w", errSilent, err)
		} else if text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return stdout.String(), fmt.Errorf("%s: %w", name, err)
	}
	return stdout.String(), nil
}

// bounded is a buffer that refuses to grow without end.
type bounded struct{ bytes.Buffer }

// Write appends p, or fails if that is too much.
func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxAnswer {
		return 0, errors.New("the answer is too long")
	}
	return b.Buffer.Write(p)
}
