package launch

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	// commandMark is the place of the program in a user's template.
	commandMark = "{{command}}"
	// warning is how long before the end of its walltime a task is asked to end.
	warning = 30 * time.Second
)

// dialect is how the job scripts of one batch system look.
type dialect struct {
	system string                        // for errors
	mark   string                        // of a directive: "#SBATCH"
	name   func(directive string) string // of the option that a directive sets
}

// merge puts directives and body into a job script: the user's template, or
// none. A template keeps its own directives; one that sets what gopar sets is
// refused, as one of the two would be lost silently.
func (d *dialect) merge(o *Options, own []string, body string) (string, error) {
	own = slices.DeleteFunc(own, func(w string) bool { return slices.Contains(o.Skip, d.name(w)) })
	for _, extra := range o.Directives {
		extra = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(extra), d.mark))
		if !strings.HasPrefix(extra, "-") || strings.ContainsAny(extra, "\r\n") {
			return "", fmt.Errorf("%s: directive %q: want an option, such as -x or --name=value", d.system, extra)
		}
		if name := d.name(extra); slices.ContainsFunc(own, func(w string) bool { return d.name(w) == name }) {
			return "", fmt.Errorf("%s: directive %q: gopar sets %s itself; tell it by its option, or let it skip that one", d.system, extra, name)
		}
		own = append(own, extra)
	}
	template := o.Template
	if template == "" {
		template = "#!/bin/sh\n\n" + commandMark + "\n"
	}
	head, tail, err := d.split(template)
	if err != nil {
		return "", err
	}
	for _, line := range head {
		theirs, ok := strings.CutPrefix(line, d.mark)
		if !ok {
			continue
		}
		name := d.name(strings.TrimSpace(theirs))
		for _, w := range own {
			if d.name(w) == name {
				return "", fmt.Errorf("%s: the template's line %q and gopar's %q exclude each other; let gopar skip %s, or remove the line", d.system, line, w, name)
			}
		}
	}
	var b strings.Builder
	for _, line := range head {
		b.WriteString(line + "\n")
	}
	for _, w := range own {
		b.WriteString(d.mark + " " + w + "\n")
	}
	b.WriteString(strings.Replace(tail, commandMark, strings.TrimRight(body, "\n"), 1))
	return b.String(), nil
}

// split splits a script before its first command: directives after that are
// ignored by batch systems.
func (d *dialect) split(template string) (head []string, tail string, err error) {
	if strings.Count(template, commandMark) != 1 {
		return nil, "", fmt.Errorf("%s: the template must hold %s once: it is where the program runs", d.system, commandMark)
	}
	lines := strings.Split(template, "\n")
	if !strings.HasPrefix(lines[0], "#!") {
		return nil, "", errors.New(d.system + ": the template must begin with #! and a shell")
	}
	n := 0
	for n < len(lines) && strings.HasPrefix(lines[n], "#") {
		n++
	}
	for _, line := range lines[n:] {
		if strings.HasPrefix(line, d.mark) {
			return nil, "", fmt.Errorf("%s: the template's line %q comes too late: directives stand together at the top", d.system, line)
		}
	}
	return lines[:n], strings.Join(lines[n:], "\n"), nil
}

// checkExe refuses a program that is not there: a batch system would accept the
// job and fail hours later.
func (j *Job) checkExe() error {
	info, err := os.Stat(j.Exe)
	if err != nil {
		return fmt.Errorf("launch %s: %w", j.Name, err)
	}
	if info.IsDir() || info.Mode()&0o111 == 0 {
		return fmt.Errorf("launch %s: %s is not executable", j.Name, j.Exe)
	}
	return nil
}

// shellSetup returns the lines that make the job's environment and directory.
func (j *Job) shellSetup(o *Options) (string, error) {
	var b strings.Builder
	for _, kv := range j.Env {
		name, value, ok := strings.Cut(kv, "=")
		if !ok || !shellName(name) {
			return "", fmt.Errorf("launch %s: environment variable %q: a shell cannot set it", j.Name, kv)
		}
		fmt.Fprintf(&b, "export %s=%s\n", name, shellQuote(value))
	}
	if j.Dir != "" {
		fmt.Fprintf(&b, "cd %s || exit 1\n", shellQuote(j.Dir))
	}
	if o.Prologue != "" {
		b.WriteString(strings.TrimRight(o.Prologue, "\n") + "\n")
	}
	return b.String(), nil
}

// shellCommand returns the program and its arguments.
func (j *Job) shellCommand() string {
	words := make([]string, 0, 1+len(j.Args))
	for _, w := range append([]string{j.Exe}, j.Args...) {
		words = append(words, shellQuote(w))
	}
	return strings.Join(words, " ")
}

// shellRun returns the lines that run a task: the program in a session of its
// own. The shell passes signals on to it, waits for it, kills what it leaves
// behind in its process group (which not every system does), and leaves its exit
// status in gopar_status. XCPU is how gopar lets batch systems announce the end
// of the walltime: to the program it is a request to end. begun are lines that
// run when the program has begun, as process $gopar_task. If the system signals
// every process by itself, the shell must not do so again.
func (j *Job) shellRun(begun string, everyone bool) string {
	pass := `"kill -$gopar_signal $gopar_task 2>/dev/null"`
	if everyone {
		pass = ":"
	}
	return "setsid " + j.shellCommand() + ` </dev/null &
gopar_task=$!
for gopar_signal in HUP INT QUIT USR1 USR2 TERM; do
  trap ` + pass + ` $gopar_signal
done
trap 'echo "gopar: the walltime ends soon: asked to end"; kill -TERM $gopar_task 2>/dev/null' XCPU
` + begun + `wait $gopar_task
gopar_status=$?
while kill -0 $gopar_task 2>/dev/null; do # a signal ended the wait, not the task
  wait $gopar_task
  gopar_status=$?
done
kill -KILL -$gopar_task 2>/dev/null
`
}

// shellBody returns the part of a job script that runs one task and ends as it
// did.
func (j *Job) shellBody(o *Options) (string, error) {
	setup, err := j.shellSetup(o)
	if err != nil {
		return "", err
	}
	body := setup + j.shellRun("", false)
	if o.Epilogue != "" {
		body += strings.TrimRight(o.Epilogue, "\n") + "\n"
	}
	return body + "exit $gopar_status\n", nil
}

func shellName(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
