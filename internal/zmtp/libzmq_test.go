package zmtp_test

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// libzmq is a Python process with pyzmq whose sockets a test drives.
type libzmq struct {
	t   testing.TB
	in  io.WriteCloser
	out *bufio.Reader
}

// python finds an interpreter that has pyzmq.
var python = sync.OnceValues(func() (exe string, err error) {
	exe = os.Getenv("GOPAR_PYTHON")
	if exe == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		exe = filepath.Join(cache, "gopar-test", "venv", "bin", "python3")
	}
	if out, err := exec.Command(exe, "-c", "import zmq").CombinedOutput(); err != nil {
		return "", fmt.Errorf("no Python with pyzmq at %s (%w %s)\nRemedy: run `make test`; or `python3 -m venv ~/.cache/gopar-test/venv && "+
			"~/.cache/gopar-test/venv/bin/pip install pyzmq`; or set GOPAR_PYTHON to an interpreter that has pyzmq", exe, err, out)
	}
	return exe, nil
})

func startLibzmq(t testing.TB) *libzmq {
	t.Helper()
	exe, err := python()
	must(t, err)
	cmd := exec.Command(exe, filepath.Join("testdata", "zmqpeer.py"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("python: %v", err)
		}
	})
	return &libzmq{t, in, bufio.NewReader(out)}
}

// request is what testdata/zmqpeer.py takes.
type request struct {
	Op      string         `json:"op"`
	Name    string         `json:"name"`
	Type    string         `json:"type,omitempty"`
	Bind    string         `json:"bind,omitempty"`
	Connect string         `json:"connect,omitempty"`
	Options map[string]any `json:"options,omitempty"`
	Frames  []string       `json:"frames,omitempty"`
	Times   int            `json:"times,omitempty"`
	Timeout int            `json:"timeout,omitempty"`
	N       int            `json:"n,omitempty"`
}

// post sends a request without waiting for the answer.
func (z *libzmq) post(q request) {
	z.t.Helper()
	line, err := json.Marshal(q)
	if err != nil {
		z.t.Fatal(err)
	}
	if _, err := z.in.Write(append(line, '\n')); err != nil {
		z.t.Fatalf("python: %v", err)
	}
}

// answer waits for the answer of the oldest request without one.
func (z *libzmq) answer(v any) {
	z.t.Helper()
	line, err := z.out.ReadBytes('\n')
	if err != nil {
		z.t.Fatalf("python: %v", err)
	}
	var a struct {
		OK    json.RawMessage
		Error string
	}
	if err := json.Unmarshal(line, &a); err != nil {
		z.t.Fatal(err)
	}
	if a.Error != "" {
		z.t.Fatalf("python: %s", a.Error)
	}
	if v != nil {
		if err := json.Unmarshal(a.OK, v); err != nil {
			z.t.Fatal(err)
		}
	}
}

func (z *libzmq) do(q request, v any) {
	z.t.Helper()
	z.post(q)
	z.answer(v)
}

// options of a libzmq socket; byte strings as hexBytes.
type options = map[string]any

func hexBytes(s string) string { return hex.EncodeToString([]byte(s)) }

// bind makes a bound socket and returns its endpoint.
func (z *libzmq) bind(name, kind, endpoint string, o options) (bound string) {
	z.t.Helper()
	z.do(request{Op: "socket", Name: name, Type: kind, Bind: endpoint, Options: o}, &bound)
	return bound
}

func (z *libzmq) connect(name, kind, endpoint string, o options) {
	z.t.Helper()
	z.do(request{Op: "socket", Name: name, Type: kind, Connect: endpoint, Options: o}, nil)
}

func (z *libzmq) send(name string, frames ...string) {
	z.t.Helper()
	z.do(request{Op: "send", Name: name, Frames: hexAll(frames)}, nil)
}

func hexAll(frames []string) []string {
	h := make([]string, len(frames))
	for i, f := range frames {
		h[i] = hexBytes(f)
	}
	return h
}

// recv returns the next message, or nil if none comes in the time, in ms.
func (z *libzmq) recv(name string, timeout int) []string {
	z.t.Helper()
	var frames []string
	z.do(request{Op: "recv", Name: name, Timeout: timeout}, &frames)
	for i, f := range frames {
		b, err := hex.DecodeString(f)
		if err != nil {
			z.t.Fatal(err)
		}
		frames[i] = string(b)
	}
	return frames
}

func (z *libzmq) want(name string, frames ...string) {
	z.t.Helper()
	if got := z.recv(name, 20000); !slices.Equal(got, frames) {
		z.t.Fatalf("%s got %s, want %s", name, short(got), short(frames))
	}
}

// short abbreviates a message for a report.
func short(frames []string) string {
	s := fmt.Sprintf("%d frames", len(frames))
	for _, f := range frames[:min(len(frames), 8)] {
		s += fmt.Sprintf(" %d:%.30q", len(f), f)
	}
	return s
}
