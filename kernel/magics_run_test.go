package kernel_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/jupyter/jupytertest"
	"github.com/gopar-project/gopar/kernel"
)

func TestTimeSaysHowLongAndHow(t *testing.T) {
	t.Parallel()
	k := start(t, kernel.Config{Evaluator: &scripted{}}, "tcp")
	for _, code := range []string{"%time 1 + 2", "%%time\n1 + 2", "1 + 1\n%time 1 + 2"} {
		e := k.Execute(code)
		if !regexp.MustCompile(`^wall time: [\d.]+[nµm]?s \(interp\)\n$`).MatchString(e.Stream("stdout")) || e.Result() != "3" {
			t.Errorf("%q: stdout %q, result %q", code, e.Stream("stdout"), e.Result())
		}
	}
}

func TestShellCommandsWriteToTheCell(t *testing.T) {
	t.Parallel()
	k := start(t, kernel.Config{Evaluator: &scripted{}}, "tcp")
	for _, test := range []struct{ code, stdout, stderr, status string }{
		{"!echo out; echo err >&2", "out\n", "err\n", "ok"},
		{"!exit 3", "", "[exit status 3]\n", "ok"},
		{"!cat", "", "", "ok"}, // there is nothing to read
		{"!sleep 60 & echo started", "started\n", "", "ok"},
		{"%%bash\nx=1\necho $((x+1)) é🙂", "2 é🙂\n", "", "ok"},
		{"%%bash\nexit 3", "", "", "error"},
		{"fmt.Fprintln(os.Stdout, \"a\")\n!echo b\nfmt.Fprintln(os.Stdout, \"c\")", "a\nb\nc\n", "", "ok"},
	} {
		e := k.Execute(test.code)
		if e.Stream("stdout") != test.stdout || e.Stream("stderr") != test.stderr || e.Reply.Status != test.status {
			t.Errorf("%q: stdout %q, stderr %q, reply %s", test.code, e.Stream("stdout"), e.Stream("stderr"), e.Raw.Content)
		}
	}
}

func TestInterruptReachesWhatAShellCommandStarted(t *testing.T) {
	t.Parallel()
	k := start(t, kernel.Config{Evaluator: &scripted{}}, "tcp")
	for _, code := range []string{"!echo $$; sleep 100; echo never", "!trap '' INT; echo $$; sleep 100; sleep 100"} {
		request := k.Start(jupytertest.Cell(code + "\n1 + 2"))
		k.Output(request, "stream", "\\n")
		k.Request(jupyter.Control, "interrupt_request", nil, nil)
		e := k.Finish(request)
		if e.Reply.EName != "Interrupted" || strings.Contains(e.Stream("stdout"), "never") || e.Result() != "" {
			t.Errorf("%q: stdout %q, reply %s", code, e.Stream("stdout"), e.Raw.Content)
		}
	}
}

func TestClusterIsTheSubcommandOfTheBinary(t *testing.T) {
	t.Parallel()
	exe := filepath.Join(t.TempDir(), "go par")
	script := "#!/bin/sh\ncase $2 in\nstart) for a in \"$@\"; do echo \"<$a>\"; done ;;\n" +
		"list) echo '{\"text/plain\": \"a table\", \"text/html\": \"<table></table>\"}' ;;\n" +
		"*) echo no such cluster >&2; exit 12 ;;\nesac\n"
	if err := os.WriteFile(exe, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	k := start(t, kernel.Config{Evaluator: &scripted{}, Exe: exe}, "tcp")
	e := k.Execute("%cluster start -n 4 --id 'my one'")
	if got := e.Stream("stdout"); got != "<cluster>\n<start>\n<-n>\n<4>\n<--id>\n<my one>\n" {
		t.Errorf("%q, %s", got, e.Raw.Content)
	}
	for _, code := range []string{"%cluster", "%cluster list"} {
		e = k.Execute(code)
		if e.Result() != "a table" || e.Stream("stdout") != "" {
			t.Errorf("%s: %q and %q", code, e.Result(), e.Stream("stdout"))
		}
	}
	e = k.Execute("%cluster status")
	if e.Stream("stderr") != "no such cluster\n" || !strings.Contains(string(e.Raw.Content), "exit status 12") {
		t.Errorf("%q, %s", e.Stream("stderr"), e.Raw.Content)
	}
}

func TestSessionCommands(t *testing.T) {
	t.Parallel()
	s := &scripted{}
	k := start(t, kernel.Config{Evaluator: s}, "tcp")
	if got := k.Execute("%who").Result(); got != "mul  func   func(a, b int) int\nx    var    int" {
		t.Errorf("who: %q", got)
	}
	if got := k.Execute("%help").Result(); !strings.Contains(got, "%px") || !strings.Contains(got, "!COMMAND") {
		t.Errorf("help: %q", got)
	}
	if got := k.Execute("%help time").Result(); !strings.HasPrefix(got, "%time STATEMENT") || strings.Contains(got, "%px") {
		t.Errorf("help time: %q", got)
	}
	k.Execute("%reset")
	if s.resets != 1 {
		t.Errorf("%d resets", s.resets)
	}
	k.Execute("%native")
	k.Execute("1 + 2\n%interp 1 + 2")
	k.Execute("%auto")
	k.Execute("%%native\n1 + 2")
	var modes []string
	for _, c := range s.ran() {
		modes = append(modes, string(c.Mode))
	}
	if got := strings.Join(modes, " "); got != "native interp native" {
		t.Errorf("modes %s", got)
	}
}

func TestUnknownCommandIsAnErrorWithItsPosition(t *testing.T) {
	t.Parallel()
	s := &scripted{}
	k := start(t, kernel.Config{Evaluator: s}, "tcp")
	k.Execute("1 + 2")
	e := k.Execute("1 + 2\n %tiem 1")
	if e.Reply.EValue != "cell 2:2:2: unknown command %tiem; did you mean %time? %help lists them" || states(e) != "busy execute_input error idle" {
		t.Errorf("published %s, reply %s", states(e), e.Raw.Content)
	}
	if len(s.ran()) != 1 {
		t.Error("a part of a cell with an unknown command was run")
	}
}

func TestMagicsAreCompletedOverTheProtocol(t *testing.T) {
	t.Parallel()
	k := start(t, kernel.Config{Evaluator: &scripted{}}, "tcp")
	var c jupyter.CompleteReply
	k.Request(jupyter.Shell, "complete_request", jupyter.CompleteRequest{Code: "%hel", CursorPos: 4}, &c)
	if len(c.Matches) != 1 || c.Matches[0] != "%help" || c.CursorStart != 0 || c.Metadata.Types[0].Type != "magic" {
		t.Errorf("%+v", c)
	}
	k.Request(jupyter.Shell, "complete_request", jupyter.CompleteRequest{Code: "%px -t 0 fmt.Printl", CursorPos: 19}, &c)
	if len(c.Matches) != 1 || c.Matches[0] != "Println" || c.CursorStart != 13 {
		t.Errorf("%+v", c)
	}
	var i jupyter.InspectReply
	k.Request(jupyter.Shell, "inspect_request", jupyter.InspectRequest{Code: "%px 1", CursorPos: 2}, &i)
	if !i.Found || !strings.Contains(string(i.Data), "engines") {
		t.Errorf("%+v", i)
	}
}
