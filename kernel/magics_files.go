package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/native"
)

var writeOptions = []option{{short: 'a', long: "append", help: "add to the file"}}

// maxLoad bounds what %load and %run read: more is no source.
const maxLoad = 16 << 20

// envLine is %env, which knows NAME, NAME=VALUE and NAME VALUE.
func envLine(i *invocation) error {
	name, value, set := strings.Cut(i.args, "=")
	if !set {
		name, value = cutWord(i.args)
		set = value != ""
	}
	name = strings.TrimSpace(name)
	switch {
	case set && name == "":
		return i.errorf("a name must stand before =")
	case set:
		i.plan.do(func(ctx context.Context, k *Kernel, e *execution) Outcome {
			if name == native.LimitEnv { // it is the kernel that builds
				if _, err := native.ParseSize(value); err != nil {
					return magicError("%v", err)
				}
				if err := os.Setenv(name, strings.TrimSpace(value)); err != nil {
					return magicError("%v", err)
				}
			}
			out := k.aside(ctx, e, measureImport+fmt.Sprintf("gopar_measure.Setenv(%q, %q)", name, strings.TrimSpace(value)), "")
			if out.Error == nil {
				k.sink.Output(e.id, "stdout", []byte("env: "+out.Value.Text()+"\n"))
				out.Value = nil
			}
			return out
		})
		return nil
	}
	i.plan.do(func(ctx context.Context, k *Kernel, _ *execution) Outcome {
		env := os.Environ()
		if p, ok := k.evaluator.(Placed); ok {
			if _, own := p.Environ(ctx); own != nil {
				env = own
			}
		}
		for _, kv := range env {
			if n, v, _ := strings.Cut(kv, "="); n == name {
				return Outcome{Value: display.Text(v)}
			}
		}
		if name != "" {
			return magicError("the environment has no %s", name)
		}
		return Outcome{Value: display.Text(strings.Join(env, "\n"))}
	})
	return nil
}

// magicError is the outcome of a command that could not do it.
func magicError(format string, args ...any) Outcome {
	return Outcome{Error: &Error{Name: "MagicError", Value: fmt.Sprintf(format, args...)}}
}

// cdLine is %cd.
func cdLine(i *invocation) error {
	i.plan.do(asideAct(fmt.Sprintf("gopar_measure.Chdir(%q)", unquote(i.args))))
	return nil
}

// pwdLine is %pwd.
func pwdLine(i *invocation) error {
	if i.args != "" {
		return i.errorf("%%pwd takes nothing")
	}
	i.plan.do(func(ctx context.Context, k *Kernel, _ *execution) Outcome {
		return Outcome{Value: display.Text(k.dir(ctx))}
	})
	return nil
}

// dir is the working directory of the cells.
func (k *Kernel) dir(ctx context.Context) string {
	if p, ok := k.evaluator.(Placed); ok {
		if dir, _ := p.Environ(ctx); dir != "" {
			return dir
		}
	}
	dir, _ := os.Getwd() // "": relative paths stay as they are
	return dir
}

// lsLine is %ls.
func lsLine(i *invocation) error {
	i.plan.do(shellAct("ls -C -F " + i.args))
	return nil
}

// path is where a file of a command is: relative paths begin where the cells are.
func (k *Kernel) path(ctx context.Context, name string) string {
	if home, err := os.UserHomeDir(); err == nil && strings.HasPrefix(name, "~/") {
		name = filepath.Join(home, name[2:])
	}
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(k.dir(ctx), name)
}

// oneFile takes the name that is all of args.
func (i *invocation) oneFile(args string) (string, error) {
	name, rest := cutWord(args)
	if name == "" || rest != "" {
		return "", i.errorf("it takes the name of one file; one with blanks in quotes")
	}
	return unquote(name), nil
}

// writeCell is %%writefile.
func writeCell(i *invocation) error {
	values, rest, err := parseOptions(i.args, writeOptions)
	if err != nil {
		return i.errorf("%v", err)
	}
	name, err := i.oneFile(rest)
	if err != nil {
		return err
	}
	body := i.body
	if body != "" && !strings.HasSuffix(body, "\n") {
		body += "\n" // front ends drop the last line break of a cell
	}
	appending := values["append"] != ""
	i.plan.do(func(ctx context.Context, k *Kernel, e *execution) Outcome {
		path := k.path(ctx, name)
		flags, verb := os.O_WRONLY|os.O_CREATE|os.O_TRUNC, "Writing"
		if _, err := os.Stat(path); err == nil {
			verb = "Overwriting"
		}
		if appending {
			flags, verb = os.O_WRONLY|os.O_CREATE|os.O_APPEND, "Appending to"
		}
		f, err := os.OpenFile(path, flags, 0o666) //nolint:gosec // the user's umask decides, as in a shell
		if err == nil {
			_, err = f.WriteString(body)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			return magicError("%v", err)
		}
		k.sink.Output(e.id, "stdout", []byte(verb+" "+name+"\n"))
		return Outcome{}
	})
	return nil
}

// readSource reads a file of source.
func readSource(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Size() > maxLoad {
		return "", fmt.Errorf("%s has %d MB: that is no source", path, info.Size()>>20)
	}
	text, err := os.ReadFile(path)
	return string(text), err
}

// loadLine is %load.
func loadLine(i *invocation) error {
	name, err := i.oneFile(i.args)
	if err != nil {
		return err
	}
	i.plan.do(func(ctx context.Context, k *Kernel, _ *execution) Outcome {
		text, err := readSource(k.path(ctx, name))
		if err != nil {
			return magicError("%v", err)
		}
		return replaceCell("// %load " + name + "\n" + strings.TrimRight(text, "\n"))
	})
	return nil
}

// replaceCell puts text in place of the cell that was run.
func replaceCell(text string) Outcome {
	return Outcome{Payload: []display.Payload{{Source: display.SetNextInputPayload, Text: text, Replace: true}}}
}

// runLine is %run.
func runLine(i *invocation) error {
	name, err := i.oneFile(i.args)
	if err != nil {
		return err
	}
	if ext := filepath.Ext(name); ext != ".go" && ext != ".ipynb" {
		return i.errorf("%s is neither a Go file nor a notebook", name)
	}
	outer := i.plan
	i.plan.do(func(ctx context.Context, k *Kernel, e *execution) Outcome {
		text, err := readSource(k.path(ctx, name))
		if err != nil {
			return magicError("%v", err)
		}
		if filepath.Ext(name) == ".go" {
			return k.evaluator.Execute(ctx, Cell{
				MsgID: e.id, Code: text, Number: e.number, AllowStdin: e.content.AllowStdin, Mode: outer.mode, Name: filepath.Base(name),
			})
		}
		return k.runNotebook(ctx, e, text, outer)
	})
	return nil
}

// runNotebook runs the code cells of a notebook; a result that is not the last
// cell's is not shown, as in IPython.
func (k *Kernel) runNotebook(ctx context.Context, e *execution, text string, outer *plan) Outcome {
	var notebook struct {
		Cells []struct {
			Type   string          `json:"cell_type"`
			Source json.RawMessage `json:"source"`
		} `json:"cells"`
	}
	if err := json.Unmarshal([]byte(text), &notebook); err != nil {
		return magicError("it is not a notebook: %v", err)
	}
	var out Outcome
	for _, c := range notebook.Cells {
		if c.Type != "code" {
			continue
		}
		var source string
		if err := json.Unmarshal(c.Source, &source); err != nil {
			var lines []string
			if err := json.Unmarshal(c.Source, &lines); err != nil {
				return magicError("it is not a notebook: %v", err)
			}
			source = strings.Join(lines, "")
		}
		p, err := planWith(outer.table, source, e.number, outer.mode, outer.known)
		if err != nil {
			return magicError("%v", err)
		}
		if out = k.runSteps(ctx, e, p.steps); out.Error != nil {
			return out
		}
	}
	return out
}

var historyOptions = []option{
	{short: 'n', long: "numbers", help: "with the numbers of the cells"},
	{short: 'g', long: "glob", value: true, help: "of all sessions, what matches: * any text, ? one character"},
}

// historyLine is %history.
func historyLine(i *invocation) error {
	values, rest, err := parseOptions(i.args, historyOptions)
	if err != nil {
		return i.errorf("%v", err)
	}
	first, final := 1, 0
	if rest != "" {
		from, to, isRange := strings.Cut(rest, "-")
		if first, err = strconv.Atoi(from); err == nil {
			final = first
			if isRange {
				final, err = strconv.Atoi(to)
			}
		}
		if err != nil || first < 1 || final < first {
			return i.errorf("%s is not a cell's number or a range of them", rest)
		}
	}
	i.plan.do(func(_ context.Context, k *Kernel, e *execution) Outcome {
		var entries []HistoryEntry
		var err error
		if pattern := values["glob"]; pattern != "" {
			entries, err = k.history.Search(pattern, 0, true)
		} else {
			stop := final + 1
			if final == 0 {
				stop = 0
			}
			entries, err = k.history.Range(0, first, stop)
		}
		if err != nil {
			return magicError("%v", err)
		}
		var b strings.Builder
		for _, h := range entries {
			if values["numbers"] != "" {
				fmt.Fprintf(&b, "%d: ", h.Line)
			}
			b.WriteString(strings.TrimRight(h.Input, "\n") + "\n")
		}
		k.sink.Output(e.id, "stdout", []byte(b.String()))
		return Outcome{}
	})
	return nil
}
