package kernel

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/cell"
)

// exporter returns the evaluator as one that writes programs.
func (k *Kernel) exporter() (Exporter, *Error) {
	x, ok := k.evaluator.(Exporter)
	if !ok {
		return nil, &Error{Name: "MagicError", Value: "this session cannot be written as a program"}
	}
	return x, nil
}

// writeProgram writes the files of a program.
func writeProgram(dir, name string, p Program) error {
	module := p.Module
	if module == nil {
		module = []byte("module notebook\n\ngo 1.26\n")
	}
	files := map[string][]byte{name: p.Source, "go.mod": module}
	if p.Test != nil {
		files["cell_test.go"] = p.Test
	}
	if p.Sum != nil {
		files["go.sum"] = p.Sum
	}
	maps.Copy(files, p.Packages)
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil { //nolint:gosec // the user's umask decides
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil { //nolint:gosec // the user's umask decides
			return err
		}
	}
	return nil
}

// goCommand runs the go command on a program in a folder that is gone afterwards.
func (k *Kernel) goCommand(ctx context.Context, e *execution, x Exporter, p Program, args ...string) Outcome {
	dir, err := os.MkdirTemp("", "gopar-go")
	if err != nil {
		return commandOutcome(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // best effort: it is temporary anyway
	if err := writeProgram(dir, "session.go", p); err != nil {
		return commandOutcome(err)
	}
	cmd := exec.Command(x.Go(), args...)
	cmd.Dir = dir
	cmd.Env = []string{"GOWORK=off", "GOFLAGS=-mod=mod"}
	err = k.command(ctx, e, cmd)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return Outcome{Error: &Error{Name: "CommandError", Value: "go " + args[0] + " found something: see above"}}
	}
	return commandOutcome(err)
}

// testCell is %%test and %%bench: go test with flags and those of the user.
func testCell(flags ...string) func(*invocation) error {
	return func(i *invocation) error {
		if strings.TrimSpace(i.body) == "" {
			return i.errorf("there are no functions below")
		}
		args := append([]string{"test"}, flags...)
		for rest := i.args; rest != ""; {
			var word string
			word, rest = cutWord(rest)
			args = append(args, unquote(word))
		}
		code := strings.Repeat("\n", i.place.line) + i.body
		name := "cell " + strconv.Itoa(i.place.cell)
		i.plan.do(func(ctx context.Context, k *Kernel, e *execution) Outcome {
			x, failed := k.exporter()
			if failed != nil {
				return Outcome{Error: failed}
			}
			p, failed := x.Tests(ctx, e.id, name, code)
			if failed != nil {
				return Outcome{Error: failed}
			}
			return k.goCommand(ctx, e, x, p, args...)
		})
		return nil
	}
}

// programError shows why cells cannot be exported.
func programError(name, code string, err error) Outcome {
	var errs cell.Errors
	if errors.As(err, &errs) {
		return Outcome{Error: (*GoEvaluator)(nil).checkError(name, code, err)}
	}
	return Outcome{Error: plainError("export error", err)}
}

// vetLine is %vet.
func vetLine(i *invocation) error {
	if i.args != "" {
		return i.errorf("%%vet takes nothing")
	}
	i.plan.do(func(ctx context.Context, k *Kernel, e *execution) Outcome {
		x, failed := k.exporter()
		if failed != nil {
			return Outcome{Error: failed}
		}
		p, err := x.Vet()
		if err != nil {
			return programError("", "", err)
		}
		return k.goCommand(ctx, e, x, p, "vet", ".")
	})
	return nil
}

// exportLine is %export.
func exportLine(i *invocation) error {
	name, err := i.oneFile(i.args)
	if err != nil {
		return err
	}
	i.plan.do(func(ctx context.Context, k *Kernel, e *execution) Outcome {
		x, failed := k.exporter()
		if failed != nil {
			return Outcome{Error: failed}
		}
		p, err := x.Export()
		if err != nil {
			return programError("", "", err)
		}
		path := k.path(ctx, name)
		note := ""
		if filepath.Ext(name) == ".go" {
			err = os.WriteFile(path, p.Source, 0o666) //nolint:gosec // the user's umask decides
			if p.Module != nil || p.Packages != nil {
				note = "; it imports modules: export to a folder to get its go.mod, too"
			}
		} else if err = os.MkdirAll(path, 0o777); err == nil { //nolint:gosec // as above
			err = writeProgram(path, "main.go", p)
		}
		if err != nil {
			return magicError("%v", err)
		}
		k.sink.Output(e.id, "stdout", []byte("Wrote "+name+note+"\n"))
		return Outcome{}
	})
	return nil
}

// fmtCell is %%fmt and the lines below it.
func fmtCell(i *invocation) error {
	text := i.args + "\n" + i.body
	if i.args == "" {
		text = i.body
	}
	i.plan.do(func(context.Context, *Kernel, *execution) Outcome { return formatted(text) })
	return nil
}

// fmtLine is %fmt, for the cell before, or %fmt N.
func fmtLine(i *invocation) error {
	n, err := count(i.args)
	if err != nil {
		return i.errorf("%%fmt %v", err)
	}
	i.plan.do(func(_ context.Context, k *Kernel, e *execution) Outcome {
		if n == 0 {
			n = e.number - 1
		}
		entries, err := k.history.Range(0, n, n+1)
		if err != nil {
			return magicError("%v", err)
		}
		if len(entries) == 0 {
			return magicError("there is no cell %d", n)
		}
		return formatted(entries[len(entries)-1].Input)
	})
	return nil
}

// formatted puts a formatted text in place of the cell. Lines that are commands
// stay as they are.
func formatted(text string) Outcome {
	if _, _, body, ok := cellMagic(text); ok {
		head := text[:len(text)-len(body)]
		out := formatted(body)
		for n := range out.Payload {
			out.Payload[n].Text = head + out.Payload[n].Text
		}
		return out
	}
	var b strings.Builder
	at := 0
	add := func(code string) error {
		if strings.TrimSpace(code) == "" {
			b.WriteString(code)
			return nil
		}
		pretty, err := cell.Format("cell", strings.Trim(code, "\n"))
		lead := code[:len(code)-len(strings.TrimLeft(code, "\n"))]
		tail := code[len(strings.TrimRight(code, "\n")):]
		b.WriteString(lead + pretty + tail)
		return err
	}
	for _, f := range lineMagics(text, func(string) bool { return false }) {
		if err := add(text[at:f.start]); err != nil {
			return programError("cell", text[at:f.start], err)
		}
		b.WriteString(text[f.start:f.end])
		at = f.end
	}
	if err := add(text[at:]); err != nil {
		return programError("cell", text[at:], err)
	}
	return replaceCell(b.String())
}

// docLine is %doc.
func docLine(i *invocation) error {
	if i.args == "" {
		return i.errorf("of what?")
	}
	name := i.args
	i.plan.do(func(_ context.Context, k *Kernel, _ *execution) Outcome {
		bundle, ok := k.evaluator.Inspect(name, len([]rune(name)), 0)
		if !ok {
			return magicError("nothing is known about %s", name)
		}
		return Outcome{Value: display.Bundle(bundle)}
	})
	return nil
}
