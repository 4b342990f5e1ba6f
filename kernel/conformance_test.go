package kernel_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/jupyter/jupytertest"
	"github.com/gopar-project/gopar/internal/zmtp"
	"github.com/gopar-project/gopar/kernel"
)

// evaluators are what the conformance tests run over.
var evaluators = map[string]func(t *testing.T) kernel.Evaluator{
	"scripted": func(*testing.T) kernel.Evaluator { return &scripted{} },
	"go":       func(t *testing.T) kernel.Evaluator { return kernel.NewGoEvaluator(t) },
}

// over runs a test with a kernel of every evaluator.
func over(t *testing.T, test func(t *testing.T, f *jupytertest.FrontEnd)) {
	t.Helper()
	t.Parallel()
	for name, evaluator := range evaluators {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := start(t, kernel.Config{Evaluator: evaluator(t)}, "tcp")
			test(t, k.FrontEnd)
		})
	}
	t.Run("encrypted", func(t *testing.T) {
		t.Parallel()
		test(t, start(t, kernel.Config{Evaluator: &scripted{}}, encrypted).FrontEnd)
	})
}

// encrypted is the transport of a kernel over tcp with a key pair and without a key.
const encrypted = "encrypted"

// running is a kernel that was started by its connection file, and a front end.
type running struct {
	*jupytertest.FrontEnd
	file string
	done chan struct{} // closed when Run has returned
	err  error         // of Run; read after done
}

// start runs a kernel until the end of the test.
func start(t *testing.T, c kernel.Config, transport string) *running {
	t.Helper()
	dir, err := os.MkdirTemp("", "k") // t.TempDir's paths are too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	info := jupyter.ConnectionInfo{Transport: transport, IP: "127.0.0.1", Key: "secret", SignatureScheme: jupyter.SignatureScheme}
	if transport == encrypted {
		pair, err := zmtp.NewKeyPair()
		if err != nil {
			t.Fatal(err)
		}
		info.Transport, info.Key = "tcp", ""
		info.CurvePublicKey, info.CurveSecretKey = pair.Public.String(), pair.Secret.Z85()
	}
	if transport == "ipc" {
		info.IP = filepath.Join(dir, "ipc")
		info.ShellPort, info.IOPubPort, info.StdinPort, info.ControlPort, info.HBPort = 1, 2, 3, 4, 5
	}
	k := &running{file: filepath.Join(dir, "kernel.json"), done: make(chan struct{})}
	if err := jupyter.WriteConnectionFile(k.file, info); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	listening := make(chan jupyter.ConnectionInfo, 1)
	c.Listening = func(info jupyter.ConnectionInfo) { listening <- info }
	go func() {
		defer close(k.done)
		k.err = kernel.Run(ctx, k.file, c)
	}()
	t.Cleanup(func() { stop(); <-k.done })
	select {
	case info = <-listening:
	case <-k.done:
		t.Fatalf("the kernel ended: %v", k.err)
	}
	k.FrontEnd = jupytertest.Connect(t, info)
	return k
}

func states(e jupytertest.Execution) string { return strings.Join(e.Types(), " ") }

func TestKernelInfoSaysWhatFrontEndsNeed(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		for _, channel := range []string{jupyter.Shell, jupyter.Control} {
			var info jupyter.KernelInfoReply
			f.Request(channel, "kernel_info_request", nil, &info)
			l := info.LanguageInfo
			if info.Status != "ok" || info.ProtocolVersion != "5.5" || info.Implementation != "gopar" || info.Banner == "" ||
				l.Name != "go" || l.MIMEType != "text/x-go" || l.FileExtension != ".go" || l.Version == "" || len(info.HelpLinks) == 0 {
				t.Errorf("%+v", info)
			}
		}
	})
}

func TestCellPublishesInputOutputAndResultInOrder(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		e := f.Execute("fmt.Fprintln(os.Stdout, \"hello, world\")\n1 + 2")
		if got := states(e); got != "busy execute_input stdout execute_result idle" {
			t.Errorf("published %s", got)
		}
		if e.Stream("stdout") != "hello, world\n" || e.Result() != "3" || e.Reply.ExecutionCount != 1 || e.Reply.Status != "ok" {
			t.Errorf("%+v", e.Reply)
		}
		var reply map[string]any
		if err := e.Raw.Bind(&reply); err != nil || reply["payload"] == nil || reply["user_expressions"] == nil {
			t.Errorf("reply %s", e.Raw.Content)
		}
		for _, r := range e.Outputs {
			if string(r.Message.Parent) != string(e.Request.RawHeader) {
				t.Errorf("%s has parent %s", r.Header.MsgType, r.Message.Parent)
			}
		}
		e = f.Execute(`fmt.Fprintln(os.Stderr, "oh")`)
		if e.Stream("stderr") != "oh\n" || e.Reply.ExecutionCount != 2 {
			t.Errorf("%+v", e.Reply)
		}
	})
}

func TestErrorIsOneMessageAndOneReplyAndTheKernelGoesOn(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		e := f.Execute(`panic("boom")`)
		if got := states(e); got != "busy execute_input error idle" {
			t.Errorf("published %s", got)
		}
		var published jupyter.ErrorContent
		if err := e.Outputs[2].Bind(&published); err != nil {
			t.Fatal(err)
		}
		r := e.Reply
		if r.Status != "error" || r.EName == "" || !strings.Contains(r.EValue, "boom") || r.ExecutionCount != 1 ||
			published.EName != r.EName || published.EValue != r.EValue || !slices.Equal(published.Traceback, r.Traceback) || len(r.Traceback) == 0 {
			t.Errorf("reply %s, published %+v", e.Raw.Content, published)
		}
		if e := f.Execute("1 + 2"); e.Result() != "3" || e.Reply.ExecutionCount != 2 {
			t.Errorf("%+v", e.Reply)
		}
	})
}

func TestSilentAndUnstoredCellsDoNotCount(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		silent := jupytertest.Cell("fmt.Fprintln(os.Stdout, \"x\")\n1 + 2")
		silent.Silent = true
		e := f.Finish(f.Start(silent))
		if got := states(e); got != "busy stdout idle" || e.Reply.ExecutionCount != 0 {
			t.Errorf("silent: published %s, count %d", got, e.Reply.ExecutionCount)
		}
		unstored := jupytertest.Cell("1 + 2")
		unstored.StoreHistory = false
		if e = f.Finish(f.Start(unstored)); e.Result() != "3" || e.Reply.ExecutionCount != 0 {
			t.Errorf("unstored: %+v", e.Reply)
		}
		empty := jupytertest.Cell("")
		empty.Silent = true
		empty.UserExpressions = map[string]string{"a": "2*3", "b": "undefinedName"}
		e = f.Finish(f.Start(empty))
		a, b := e.Reply.UserExpressions["a"], e.Reply.UserExpressions["b"]
		if a.Status != "ok" || !strings.Contains(string(a.Data), `"6"`) || b.Status != "error" || b.EName == "" || b.Traceback == nil {
			t.Errorf("user expressions %s", e.Raw.Content)
		}
		if e = f.Execute("1 + 2"); e.Reply.ExecutionCount != 1 {
			t.Errorf("count %d", e.Reply.ExecutionCount)
		}
	})
}

func TestAnErrorAbortsTheCellsThatWait(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		f.Execute("1 + 2")
		failing := f.Start(jupytertest.Cell("for {}"))
		var burst []*jupyter.Message
		for range 5 {
			burst = append(burst, f.Start(jupytertest.Cell("1 + 2")))
		}
		f.Output(failing, "execute_input", "")
		f.Request(jupyter.Shell, "kernel_info_request", nil, nil) // the burst is there
		f.Request(jupyter.Control, "interrupt_request", nil, nil)
		if e := f.Finish(failing); e.Reply.Status != "error" {
			t.Errorf("%+v", e.Reply)
		}
		for _, request := range burst {
			e := f.Finish(request)
			if got := states(e); got != "busy idle" || e.Reply.Status != "aborted" || e.Reply.ExecutionCount != 2 {
				t.Errorf("published %s, reply %s", got, e.Raw.Content)
			}
		}
		if e := f.Execute("1 + 2"); e.Result() != "3" {
			t.Errorf("afterwards: %s", e.Raw.Content)
		}
	})
}

func TestErrorsOfAnEngineNameIt(t *testing.T) {
	t.Parallel()
	k := start(t, kernel.Config{
		Evaluator: &scripted{},
		ReplyMetadata: func(*jupyter.Message) map[string]any {
			return map[string]any{"engine_info": map[string]int{"engine_id": 3}}
		},
	}, "tcp")
	e := k.Execute(`panic("boom")`)
	if string(e.Reply.EngineInfo) != `{"engine_id":3}` || !strings.Contains(string(e.Raw.Metadata), `"engine_info":{"engine_id":3}`) {
		t.Errorf("reply %s, metadata %s", e.Raw.Content, e.Raw.Metadata)
	}
}

func TestWithoutStopOnErrorTheBurstGoesOn(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		failing := jupytertest.Cell(`panic("boom")`)
		failing.StopOnError = false
		first, second := f.Start(failing), f.Start(jupytertest.Cell("1 + 2"))
		f.Finish(first)
		if e := f.Finish(second); e.Result() != "3" {
			t.Errorf("%s", e.Raw.Content)
		}
	})
}

func TestInterruptEndsTheCellAndKeepsTheKernel(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		f.Request(jupyter.Control, "interrupt_request", nil, nil) // nothing runs: nothing happens
		f.Execute("1 + 2")
		request := f.Start(jupytertest.Cell("for {}"))
		f.Output(request, "execute_input", "")
		var ok jupyter.OK
		f.Request(jupyter.Control, "interrupt_request", nil, &ok)
		if ok.Status != "ok" {
			t.Errorf("%+v", ok)
		}
		if e := f.Finish(request); e.Reply.Status != "error" || states(e) != "busy execute_input error idle" {
			t.Errorf("published %s, reply %s", states(e), e.Raw.Content)
		}
		if e := f.Execute("1 + 2"); e.Result() != "3" {
			t.Errorf("afterwards: %s", e.Raw.Content)
		}
	})
}

func TestQuestionsAreAnsweredWhileACellRuns(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		request := f.Start(jupytertest.Cell("for {}"))
		f.Output(request, "execute_input", "")
		f.Beat("alive?")
		const text = `s := "🙂é"; fmt.Printl`
		cursor := len([]rune(text))
		var c jupyter.CompleteReply
		f.Request(jupyter.Shell, "complete_request", jupyter.CompleteRequest{Code: text, CursorPos: cursor}, &c)
		if !slices.Equal(c.Matches, []string{"Println"}) || c.CursorStart != cursor-6 || c.CursorEnd != cursor ||
			len(c.Metadata.Types) != 1 || c.Metadata.Types[0].Text != "Println" || c.Metadata.Types[0].Type != "function" {
			t.Errorf("complete %+v", c)
		}
		var i jupyter.InspectReply
		f.Request(jupyter.Shell, "inspect_request", jupyter.InspectRequest{Code: "fmt.Println", CursorPos: 7}, &i)
		if i.Status != "ok" || !i.Found || !strings.Contains(string(i.Data), "Println") {
			t.Errorf("inspect %+v", i)
		}
		var complete jupyter.IsCompleteReply
		f.Request(jupyter.Shell, "is_complete_request", jupyter.IsCompleteRequest{Code: "for {"}, &complete)
		if complete.Status != "incomplete" || complete.Indent == nil {
			t.Errorf("is_complete %+v", complete)
		}
		f.Request(jupyter.Shell, "comm_info_request", nil, nil)
		f.Request(jupyter.Shell, "history_request", jupyter.HistoryRequest{HistAccessType: "tail", N: 10}, nil)
		f.Request(jupyter.Control, "kernel_info_request", nil, nil)
		f.Request(jupyter.Control, "usage_request", nil, nil)
		f.Request(jupyter.Control, "interrupt_request", nil, nil)
		f.Finish(request)
	})
}

func TestNothingToCompleteOrInspectIsAnEmptyAnswer(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		r := f.Request(jupyter.Shell, "complete_request", jupyter.CompleteRequest{Code: "zzqq", CursorPos: 400}, nil)
		const want = `{"status":"ok","matches":[],"cursor_start":4,"cursor_end":4,"metadata":{"_jupyter_types_experimental":[]}}`
		if string(r.Content) != want {
			t.Errorf("complete %s", r.Content)
		}
		r = f.Request(jupyter.Shell, "inspect_request", jupyter.InspectRequest{Code: "zzqq", CursorPos: -1}, nil)
		if string(r.Content) != `{"status":"ok","found":false,"data":{},"metadata":{}}` {
			t.Errorf("inspect %s", r.Content)
		}
	})
}

func TestIsCompleteTellsWhetherACellCanRun(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		for code, want := range map[string]string{
			"1 + 2":                     "complete",
			"":                          "complete",
			"%px 1":                     "complete",
			"!ls":                       "complete",
			"func f() {":                "incomplete",
			"%%px\nfmt.Println()":       "incomplete",
			"%%px\nfmt.Println()\n\n":   "complete",
			"%time 1 + 2\nfunc f() {\n": "incomplete",
			"x := @":                    "invalid",
		} {
			var c jupyter.IsCompleteReply
			f.Request(jupyter.Shell, "is_complete_request", jupyter.IsCompleteRequest{Code: code}, &c)
			if c.Status != want || (c.Indent != nil) != (want == "incomplete") {
				t.Errorf("%q: %+v, want %s", code, c, want)
			}
		}
	})
}

const ask = `fmt.Println(display.Input("name? "))`

func TestInputAsksTheFrontEnd(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		cell := jupytertest.Cell(ask)
		cell.AllowStdin = true
		request := f.Start(cell)
		question := f.Question()
		if question.Parent.MsgID != request.Header.MsgID || string(question.Content) != `{"prompt":"name? ","password":false}` {
			t.Errorf("%s, parent %+v", question.Content, question.Parent)
		}
		f.Answer(nil, "gopher") // jupyter_client's answers have no parent
		if e := f.Finish(request); e.Stream("stdout") != "gopher <nil>\n" {
			t.Errorf("stdout %q, reply %s", e.Stream("stdout"), e.Raw.Content)
		}
		f.Answer(question.Message, "stale")
		request = f.Start(cell)
		question = f.Question()
		f.Answer(question.Message, "\x04")
		if e := f.Finish(request); !strings.Contains(e.Stream("stdout"), "EOF") {
			t.Errorf("end of input: %q", e.Stream("stdout"))
		}
	})
}

func TestInputIsRefusedWhenNobodyMayBeAsked(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		e := f.Execute(ask)
		if e.Stream("stdout") == "" || strings.Contains(f.Story(), "input_request") {
			t.Errorf("stdout %q\n%s", e.Stream("stdout"), f.Story())
		}
	})
}

func TestInterruptEndsAQuestion(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		cell := jupytertest.Cell(ask)
		cell.AllowStdin = true
		request := f.Start(cell)
		question := f.Question()
		f.Request(jupyter.Control, "interrupt_request", nil, nil)
		f.Finish(request)
		f.Answer(question.Message, "too late")
		if e := f.Execute("1 + 2"); e.Result() != "3" {
			t.Errorf("afterwards: %s", e.Raw.Content)
		}
	})
}

func TestDisplaysClearsAndPager(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		e := f.Execute("display.Show(display.HTML(\"<b>x</b>\"))\ndisplay.Clear(true)\ndisplay.Page(\"long text\")")
		if got := states(e); got != "busy execute_input display_data clear_output idle" {
			t.Fatalf("published %s\n%s", got, f.Story())
		}
		var d struct {
			Data      map[string]any  `json:"data"`
			Metadata  map[string]any  `json:"metadata"`
			Transient json.RawMessage `json:"transient"`
		}
		if err := e.Outputs[2].Bind(&d); err != nil || d.Data["text/html"] != "<b>x</b>" || d.Data["text/plain"] == nil || d.Metadata == nil || d.Transient == nil {
			t.Errorf("display %s", e.Outputs[2].Content)
		}
		if string(e.Outputs[3].Content) != `{"wait":true}` {
			t.Errorf("clear_output %s", e.Outputs[3].Content)
		}
		var page jupyter.PagePayload
		if len(e.Reply.Payload) != 1 || json.Unmarshal(e.Reply.Payload[0], &page) != nil || page.Source != "page" || !strings.Contains(string(page.Data), "long text") {
			t.Errorf("payload %s", e.Raw.Content)
		}
	})
}

func TestHistoryRemembersCells(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		for _, code := range []string{"1 + 2", "x := 1", "1 + 2", "1 + 4"} {
			f.Execute(code)
		}
		for _, test := range []struct {
			query jupyter.HistoryRequest
			want  string
		}{
			{jupyter.HistoryRequest{HistAccessType: "tail", N: 2}, `[[1,3,"1 + 2"],[1,4,"1 + 4"]]`},
			{jupyter.HistoryRequest{HistAccessType: "tail", N: 2, Output: true}, `[[1,3,["1 + 2","3"]],[1,4,["1 + 4","5"]]]`},
			{jupyter.HistoryRequest{HistAccessType: "range", Start: 1, Stop: 3, Output: true}, `[[1,1,["1 + 2","3"]],[1,2,["x := 1",null]]]`},
			{jupyter.HistoryRequest{HistAccessType: "range", Session: -1, Start: 1}, `[]`},
			{jupyter.HistoryRequest{HistAccessType: "search", Pattern: "1?+*"}, `[[1,1,"1 + 2"],[1,3,"1 + 2"],[1,4,"1 + 4"]]`},
			{jupyter.HistoryRequest{HistAccessType: "search", Pattern: "*2", Unique: true}, `[[1,3,"1 + 2"]]`},
			{jupyter.HistoryRequest{HistAccessType: "search", Pattern: "1*", N: 1}, `[[1,4,"1 + 4"]]`},
		} {
			r := f.Request(jupyter.Shell, "history_request", test.query, nil)
			var got struct{ History json.RawMessage }
			if err := r.Bind(&got); err != nil || string(got.History) != test.want {
				t.Errorf("%+v: %s, want %s", test.query, r.Content, test.want)
			}
		}
	})
}

func TestUnknownCommsAreClosed(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		request := f.Send(jupyter.Shell, "comm_open", jupyter.CommOpen{CommID: "c1", TargetName: "nobody"})
		f.Output(request, "comm_close", "c1")
		if got := strings.Join(jupytertest.Execution{Outputs: f.Outputs(request)}.Types(), " "); got != "busy comm_close idle" {
			t.Errorf("published %s", got)
		}
		f.Outputs(f.Send(jupyter.Shell, "comm_msg", jupyter.CommMsg{CommID: "c1"}))
		r := f.Request(jupyter.Shell, "comm_info_request", jupyter.CommInfoRequest{TargetName: "x"}, nil)
		if string(r.Content) != `{"status":"ok","comms":{}}` {
			t.Errorf("comm_info %s", r.Content)
		}
	})
}

func TestSubshellsAnswerWhileTheMainShellIsBusy(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		var created jupyter.CreateSubshellReply
		f.Request(jupyter.Control, "create_subshell_request", nil, &created)
		var list jupyter.ListSubshellReply
		f.Request(jupyter.Control, "list_subshell_request", nil, &list)
		if !slices.Equal(list.SubshellID, []string{created.SubshellID}) {
			t.Errorf("created %+v, listed %+v", created, list)
		}
		busy := f.Start(jupytertest.Cell("for {}"))
		f.Output(busy, "execute_input", "")
		m := f.New("comm_open", jupyter.CommOpen{CommID: "c", TargetName: "t"})
		m.Header.SubshellID, m.RawHeader = created.SubshellID, nil
		f.Outputs(f.SendMessage(jupyter.Shell, m))
		var deleted jupyter.OK
		f.Request(jupyter.Control, "delete_subshell_request", jupyter.DeleteSubshellRequest{SubshellID: created.SubshellID}, &deleted)
		var again jupyter.ErrorContent
		f.Request(jupyter.Control, "delete_subshell_request", jupyter.DeleteSubshellRequest{SubshellID: created.SubshellID}, &again)
		if deleted.Status != "ok" || again.Status != "error" {
			t.Errorf("deleted %+v, again %+v", deleted, again)
		}
		f.Request(jupyter.Control, "interrupt_request", nil, nil)
		f.Finish(busy)
	})
}

func TestTwoFrontEndsSeeEachOther(t *testing.T) {
	t.Parallel()
	k := start(t, kernel.Config{Evaluator: &scripted{}}, "ipc")
	info, err := jupyter.ReadConnectionFile(k.file)
	if err != nil {
		t.Fatal(err)
	}
	other := jupytertest.Connect(t, info)
	request := k.Start(jupytertest.Cell("1 + 2"))
	e := k.Finish(request)
	if r := other.Published("execute_result", ""); r.Parent.MsgID != request.Header.MsgID || e.Result() != "3" {
		t.Errorf("the other sees %+v", r.Parent)
	}
	other.Output(request, "status", jupyter.Idle)
	if strings.Contains(other.Story(), "execute_reply") {
		t.Error("the reply went to the wrong front end")
	}
}

func TestShutdownIsAnnouncedAnsweredAndEndsTheKernel(t *testing.T) {
	t.Parallel()
	for _, channel := range []string{jupyter.Control, jupyter.Shell} {
		for _, busy := range []bool{false, true} {
			t.Run(fmt.Sprint(channel, busy), func(t *testing.T) {
				t.Parallel()
				evaluator := &scripted{}
				k := start(t, kernel.Config{Evaluator: evaluator}, "tcp")
				if busy {
					k.Output(k.Start(jupytertest.Cell("for {}")), "execute_input", "")
				}
				request := k.Send(channel, "shutdown_request", jupyter.ShutdownRequest{Restart: true})
				var reply jupyter.ShutdownReply
				k.Reply(request, &reply)
				if reply.Status != "ok" || !reply.Restart {
					t.Errorf("%+v", reply)
				}
				k.Output(request, "shutdown_reply", `"restart":true`)
				k.Outputs(request)
				<-k.done
				if k.err != nil || !evaluator.closed {
					t.Errorf("run: %v, evaluator closed: %v", k.err, evaluator.closed)
				}
			})
		}
	}
}

func TestUsageTellsMemoryAndLoad(t *testing.T) {
	over(t, func(t *testing.T, f *jupytertest.FrontEnd) {
		var u jupyter.UsageReply
		f.Request(jupyter.Control, "usage_request", nil, nil)
		f.Request(jupyter.Control, "usage_request", nil, &u)
		if u.PID != os.Getpid() || u.KernelMemory == 0 || u.CPUCount == 0 || u.Hostname == "" {
			t.Errorf("%+v", u)
		}
	})
}
