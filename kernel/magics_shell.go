package kernel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/gopar-project/gopar/display"
)

const (
	// shellGrace is how long an interrupted command may take to end before it
	// is killed.
	shellGrace = 2 * time.Second
	// shellLinger is how long the output of a command that has ended is waited
	// for: what it started in the background may hold its output open for ever.
	shellLinger = 300 * time.Millisecond
)

// shellAct returns what !COMMAND does. Its exit status is shown, but a command
// that fails does not end the cell, as in IPython.
func shellAct(command string) func(context.Context, *Kernel, *execution) Outcome {
	return func(ctx context.Context, k *Kernel, e *execution) Outcome {
		err := k.command(ctx, e, exec.Command("sh", "-c", command))
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			k.sink.Output(e.id, "stderr", []byte("["+exit.String()+"]\n"))
			return Outcome{}
		}
		return commandOutcome(err)
	}
}

// shellList returns what !!COMMAND does: the lines it prints are the result, as a
// list.
func shellList(command string) func(context.Context, *Kernel, *execution) Outcome {
	return func(ctx context.Context, k *Kernel, e *execution) Outcome {
		var out strings.Builder
		cmd := exec.Command("sh", "-c", command)
		cmd.Stdout = &out
		err := k.command(ctx, e, cmd)
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			k.sink.Output(e.id, "stderr", []byte("["+exit.String()+"]\n"))
		} else if err != nil {
			return commandOutcome(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if out.Len() == 0 {
			lines = nil
		}
		return Outcome{Value: display.Text(fmt.Sprintf("%q", lines))}
	}
}

// scriptCell is %%bash and the like: a script whose failure is the cell's.
func scriptCell(shell string) func(*invocation) error {
	return func(i *invocation) error {
		if i.args != "" {
			return i.errorf("%%%%%s takes nothing after its name", i.name)
		}
		script := i.body
		i.plan.do(func(ctx context.Context, k *Kernel, e *execution) Outcome {
			cmd := exec.Command(shell)
			cmd.Stdin = strings.NewReader(script)
			return commandOutcome(k.command(ctx, e, cmd))
		})
		return nil
	}
}

// command runs cmd with its output as the cell's, in the cells' working
// directory. An interrupt goes to everything that cmd started.
func (k *Kernel) command(ctx context.Context, e *execution, cmd *exec.Cmd) error {
	if p, ok := k.evaluator.(Placed); ok {
		dir, env := p.Environ(ctx)
		if env == nil {
			env = os.Environ()
		}
		cmd.Dir, cmd.Env = cmp.Or(cmd.Dir, dir), append(env, cmd.Env...)
	}
	if cmd.Stdout == nil {
		cmd.Stdout = streamWriter{k, e.id, "stdout"}
	}
	cmd.Stderr = streamWriter{k, e.id, "stderr"}
	cmd.WaitDelay = shellLinger
	ownGroup(cmd)
	ctx, cancel := e.within(ctx)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if errors.Is(err, exec.ErrWaitDelay) {
			return nil // it ended well; only its children still hold the pipe
		}
		return err
	case <-ctx.Done():
	}
	_ = interruptGroup(cmd) // best effort: it may have ended just now
	timer := time.NewTimer(shellGrace)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		_ = killGroup(cmd) // best effort, as above
		<-ended
	}
	return context.Canceled
}

// commandOutcome is the outcome of a step that is a command.
func commandOutcome(err error) Outcome {
	switch {
	case err == nil:
		return Outcome{}
	case errors.Is(err, context.Canceled):
		return Outcome{Error: &Error{Name: "Interrupted", Value: "the command was interrupted"}}
	default:
		return Outcome{Error: &Error{Name: "CommandError", Value: err.Error()}}
	}
}

// streamWriter writes a command's output to the cell's.
type streamWriter struct {
	k           *Kernel
	job, stream string
}

func (w streamWriter) Write(b []byte) (int, error) {
	w.k.sink.Output(w.job, w.stream, append([]byte(nil), b...))
	return len(b), nil
}
