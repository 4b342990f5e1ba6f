package notebook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/go-logr/logr"
	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/kernelspec"
)

// kernelVariable makes this test binary a kernel: a real process that speaks the real protocol, whose cells are commands.
const kernelVariable = "GOPAR_TEST_KERNEL"

func TestMain(m *testing.M) {
	if mode := os.Getenv(kernelVariable); mode != "" {
		os.Exit(kernelMain(mode, os.Args[len(os.Args)-1]))
	}
	goleak.VerifyTestMain(m)
}

// testKernel is the kernelspec of this test binary; mode is how it behaves at its start.
func testKernel(t *testing.T, mode string) kernelspec.Installed {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return kernelspec.Installed{Name: "commands", Spec: kernelspec.Spec{
		Argv: []string{exe, "{connection_file}"}, DisplayName: "Commands", Language: "commands",
		InterruptMode: "message", Env: map[string]string{kernelVariable: mode},
	}}
}

func kernelMain(mode, connectionFile string) int {
	if mode == "dead" {
		fmt.Fprintln(os.Stderr, "cannot start: no fuel")
		return 7
	}
	info, err := jupyter.ReadConnectionFile(connectionFile)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	conn, err := jupyter.Listen(ctx, info, logr.Discard())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	k := &commandKernel{interrupts: make(chan struct{}, 1), stop: stop}
	mux := jupyter.NewMux(map[string]jupyter.Handler{
		"kernel_info_request": jupyter.On("kernel_info_reply", k.info).Aside(),
		"execute_request":     jupyter.On("execute_reply", k.execute),
		"interrupt_request":   jupyter.On("interrupt_reply", k.interrupt).Aside(),
		"shutdown_request":    jupyter.On("shutdown_reply", k.shutdown).Aside(),
	})
	if err := mux.Serve(ctx, conn); err != nil {
		return 1
	}
	if err := conn.Close(context.Background()); err != nil {
		return 1
	}
	return 0
}

type commandKernel struct {
	count      int
	last       *jupyter.Message // the request before
	interrupts chan struct{}
	stop       func()
}

func (k *commandKernel) info(context.Context, *jupyter.Request, jupyter.KernelInfoRequest) (jupyter.KernelInfoReply, error) {
	return jupyter.KernelInfoReply{Status: "ok", ProtocolVersion: jupyter.ProtocolVersion, HelpLinks: []jupyter.HelpLink{},
		LanguageInfo: jupyter.LanguageInfo{Name: "commands", Version: "1", MIMEType: "text/plain", FileExtension: ".txt"}}, nil
}

func (k *commandKernel) interrupt(context.Context, *jupyter.Request, jupyter.InterruptRequest) (jupyter.OK, error) {
	select {
	case k.interrupts <- struct{}{}:
	default:
	}
	return jupyter.OK{Status: "ok"}, nil
}

func (k *commandKernel) shutdown(_ context.Context, r *jupyter.Request, c jupyter.ShutdownRequest) (jupyter.ShutdownReply, error) {
	r.After(k.stop)
	return jupyter.ShutdownReply{Status: "ok", Restart: c.Restart}, nil
}

// execute runs the commands of a cell, one a line.
func (k *commandKernel) execute(_ context.Context, r *jupyter.Request, c jupyter.ExecuteRequest) (jupyter.ExecuteReply, error) {
	k.count++
	publish := func(parent *jupyter.Message, msgType string, content any) error {
		return r.Conn.Publish(parent, msgType, content)
	}
	defer func() { k.last = r.Message }()
	for line := range strings.Lines(c.Code) {
		command, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		text := json.RawMessage(fmt.Sprintf(`{"text/plain": %q}`, rest))
		id := jupyter.Transient{DisplayID: "d"}
		var err error
		switch command {
		case "print", "warn":
			name := map[string]string{"print": "stdout", "warn": "stderr"}[command]
			err = publish(r.Message, "stream", jupyter.Stream{Name: name, Text: rest + "\n"})
		case "late":
			err = publish(k.last, "stream", jupyter.Stream{Name: "stdout", Text: rest + "\n"})
		case "result":
			err = publish(r.Message, "execute_result", jupyter.ExecuteResult{ExecutionCount: k.count, Data: text, Metadata: json.RawMessage("{}")})
		case "display":
			err = publish(r.Message, "display_data", jupyter.DisplayData{Data: text, Metadata: json.RawMessage("{}"), Transient: id})
		case "update":
			err = publish(r.Message, "update_display_data", jupyter.DisplayData{Data: text, Metadata: json.RawMessage("{}"), Transient: id})
		case "clear":
			err = publish(r.Message, "clear_output", jupyter.ClearOutput{Wait: rest == "wait"})
		case "cell":
			var meta struct{ CellID string }
			if err = json.Unmarshal(r.Metadata, &meta); err == nil {
				err = publish(r.Message, "stream", jupyter.Stream{Name: "stdout", Text: meta.CellID + "\n"})
			}
		case "fail":
			e := jupyter.ErrorContent{EName: "Failure", EValue: rest, Traceback: []string{"\x1b[31mFailure\x1b[0m: " + rest}}
			err = publish(r.Message, "error", e)
			return jupyter.ExecuteReply{Status: "error", ExecutionCount: k.count, EName: e.EName, EValue: e.EValue, Traceback: e.Traceback}, err
		case "block":
			<-k.interrupts
			return jupyter.ExecuteReply{Status: "error", ExecutionCount: k.count, EName: "Interrupted", Traceback: []string{}}, nil
		case "die":
			fmt.Fprintln(os.Stderr, "fatal error: out of fuel")
			os.Exit(2)
		}
		if err != nil {
			return jupyter.ExecuteReply{}, err
		}
	}
	return jupyter.ExecuteReply{Status: "ok", ExecutionCount: k.count}, nil
}
