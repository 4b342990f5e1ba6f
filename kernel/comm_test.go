package kernel_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/kernel"
)

func TestACommTargetGetsItsMessagesAndAnswersWithoutBusyAndIdle(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	echo := func(send func(any)) (func(json.RawMessage), func()) {
		return func(data json.RawMessage) { send(map[string]any{"echo": data}) }, func() { close(closed) }
	}
	k := start(t, kernel.Config{Evaluator: &scripted{}, Comms: map[string]kernel.CommTarget{"echo": echo}}, "tcp")
	k.Send(jupyter.Shell, "comm_open", jupyter.CommOpen{CommID: "c1", TargetName: "echo", Data: json.RawMessage(`"hello"`)})
	k.Published("comm_msg", `{"echo":"hello"}`)
	k.Send(jupyter.Shell, "comm_msg", jupyter.CommMsg{CommID: "c1", Data: json.RawMessage(`1`)})
	k.Published("comm_msg", `{"echo":1}`)
	if r := k.Request(jupyter.Shell, "comm_info_request", nil, nil); !strings.Contains(string(r.Content), `"c1":{"target_name":"echo"}`) {
		t.Errorf("comm_info %s", r.Content)
	}
	k.Send(jupyter.Shell, "comm_close", jupyter.CommMsg{CommID: "c1", Data: json.RawMessage(`{}`)})
	<-closed
	if r := k.Request(jupyter.Shell, "comm_info_request", nil, nil); strings.Contains(string(r.Content), "c1") {
		t.Errorf("after the close: comm_info %s", r.Content)
	}
	for _, line := range strings.Split(k.Story(), "\n") {
		if strings.Contains(line, "status") && strings.Contains(line, "comm_msg") {
			t.Errorf("a message of the comm was announced: %s", line)
		}
	}
}

func TestFrontEndsLearnThatACommIsGone(t *testing.T) {
	t.Parallel()
	echo := func(send func(any)) (func(json.RawMessage), func()) {
		return func(data json.RawMessage) { send(data) }, func() {}
	}
	k := start(t, kernel.Config{Evaluator: &scripted{}, Comms: map[string]kernel.CommTarget{"echo": echo}}, "tcp")
	// As after a restart of the kernel: it never heard of the comm.
	k.Send(jupyter.Shell, "comm_msg", jupyter.CommMsg{CommID: "before", Data: json.RawMessage(`1`)})
	k.Published("comm_close", `"comm_id":"before"`)
	k.Send(jupyter.Shell, "comm_open", jupyter.CommOpen{CommID: "c2", TargetName: "echo", Data: json.RawMessage(`1`)})
	k.Published("comm_msg", `"comm_id":"c2"`)
	k.Request(jupyter.Control, "shutdown_request", jupyter.ShutdownRequest{}, nil)
	k.Published("comm_close", `"comm_id":"c2"`)
}
