//go:build unix

package launch

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-logr/logr"
)

const (
	// hostTime bounds a request to a host that is connected, or the connection.
	hostTime = 10 * time.Second
	// copyTime bounds copying the program to a host.
	copyTime = 10 * time.Minute
	// maxNoise bounds what a login shell may print before the agent speaks.
	maxNoise = 1000
)

// sshHost is a connection to the agent on one host. It is made when it is first
// needed, and made again after it broke.
type sshHost struct {
	dest    string
	command []string
	agent   []string
	log     logr.Logger
	turn    chan struct{} // capacity 1: a token, held by the one who asks

	mu  sync.Mutex
	exe string // guarded by mu: path of the program there; "" until it is known

	// Guarded by the turn.
	cmd    *exec.Cmd // nil while there is no connection
	in     io.WriteCloser
	out    *bufio.Reader
	stderr *tailBuffer
}

func newSSHHost(dest string, command, agent []string, log logr.Logger) *sshHost {
	h := &sshHost{dest: dest, command: command, agent: agent, log: log.WithValues("host", dest), turn: make(chan struct{}, 1)}
	h.turn <- struct{}{}
	return h
}

// program returns the path of the program on the host.
func (h *sshHost) program() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.exe
}

// believe tells where the program is on the host, as a record has it.
func (h *sshHost) believe(exe string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.exe == "" {
		h.exe = exe
	}
}

// close ends the connection.
func (h *sshHost) close() {
	<-h.turn
	h.drop()
	h.turn <- struct{}{}
}

// ask sends a request to the agent and waits for its answer. exe is the program
// of this machine that is to be there; "": what is there already.
func (h *sshHost) ask(ctx context.Context, exe string, q *agentRequest) (agentReply, error) {
	select {
	case <-h.turn:
		defer func() { h.turn <- struct{}{} }()
	case <-ctx.Done():
		return agentReply{}, fmt.Errorf("%s: %w", h.dest, ctx.Err())
	}
	if h.cmd == nil {
		if err := h.connect(ctx, exe); err != nil {
			h.drop()
			return agentReply{}, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, hostTime)
	defer cancel()
	r, err := h.exchange(ctx, q)
	if err != nil {
		err = h.broken(ctx, err)
		h.drop()
		return agentReply{}, err
	}
	if r.Error != "" {
		return agentReply{}, fmt.Errorf("%s: %s", h.dest, r.Error)
	}
	return r, nil
}

// exchange writes a request, unless it is nil, and reads an answer.
func (h *sshHost) exchange(ctx context.Context, q *agentRequest) (r agentReply, err error) {
	process := h.cmd.Process
	stop := context.AfterFunc(ctx, func() { process.Kill() }) // which ends reading and writing
	defer stop()
	if q != nil {
		if err := json.NewEncoder(h.in).Encode(q); err != nil {
			return r, err
		}
	}
	line, err := readLine(h.out)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(line, &r)
}

// broken explains a connection that broke.
func (h *sshHost) broken(ctx context.Context, err error) error {
	h.in.Close() // best effort: it is broken
	text := strings.TrimSpace(h.stderr.String())
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("no answer: %w", ctx.Err())
	case text != "":
		err = errors.New(text)
	}
	return fmt.Errorf("%s: %w", h.dest, err)
}

// drop ends the connection, if there is one. What runs there runs on.
func (h *sshHost) drop() {
	if h.cmd == nil {
		return
	}
	h.in.Close()         // best effort: the agent ends with its input
	h.cmd.Process.Kill() // best effort: it may have ended
	h.cmd.Wait()         // its exit code tells nothing more
	h.cmd = nil
}

// connect starts the agent on the host, and copies the program there first if it
// has to be.
func (h *sshHost) connect(ctx context.Context, exe string) error {
	size, script, err := h.script(exe)
	if err != nil {
		return err
	}
	args := append(append(append([]string{}, h.command[1:]...), keepAlive...), h.dest, "exec sh -c "+shellQuote(script))
	cmd := exec.Command(h.command[0], args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal to ask at, no Ctrl-C from there
	h.stderr = new(tailBuffer)
	cmd.Stderr, cmd.WaitDelay = h.stderr, time.Second
	if h.in, err = cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", h.dest, err)
	}
	h.cmd, h.out = cmd, bufio.NewReader(out)
	hello, cancel := context.WithTimeout(ctx, hostTime)
	defer cancel()
	machine, state, err := h.greet(hello)
	if err != nil {
		return h.broken(hello, err)
	}
	if state == "none" {
		return fmt.Errorf("%s: gopar is not there any more (%s)", h.dest, h.program())
	}
	if state == "need" {
		if err := h.copy(ctx, machine, exe, size); err != nil {
			return err
		}
	}
	ready, cancel := context.WithTimeout(ctx, hostTime)
	defer cancel()
	r, err := h.exchange(ready, nil)
	if err != nil {
		return h.broken(ready, err)
	}
	h.mu.Lock()
	h.exe = r.Path
	h.mu.Unlock()
	h.log.V(1).Info("connected", "program", r.Path)
	return nil
}

// greeting begins the line in which the script tells about the host: a login
// shell may print others before.
const greeting = "gopar-agent "

// script returns what runs on the host: it tells the machine and whether the
// program is there, reads the program if it is not, and becomes the agent.
func (h *sshHost) script(exe string) (size int64, script string, err error) {
	agent := quoteAll(h.agent)
	if exe == "" {
		there := h.program()
		if there == "" {
			return 0, "", fmt.Errorf("%s: it is not known where gopar is there", h.dest)
		}
		return 0, fmt.Sprintf(`p=%s
if [ -x "$p" ]; then echo "%shave $(uname -sm)"; exec "$p" %s; fi
echo "%snone $(uname -sm)"`, shellQuote(there), greeting, agent, greeting), nil
	}
	sum, size, err := checksum(exe)
	if err != nil {
		return 0, "", err
	}
	return size, fmt.Sprintf(`d="${XDG_CACHE_HOME:-$HOME/.cache}/gopar/bin"
p="$d/gopar-%s"
if [ -x "$p" ]; then
  echo "%shave $(uname -sm)"
else
  echo "%sneed $(uname -sm)"
  umask 077
  mkdir -p "$d" && t=$(mktemp "$p.XXXXXX") || exit 1
  trap 'rm -f "$t"' EXIT
  head -c %d >"$t" && [ "$(wc -c <"$t")" -eq %d ] && chmod 700 "$t" && mv -f "$t" "$p" || exit 1
  trap - EXIT
fi
exec "$p" %s`, sum[:24], greeting, greeting, size, size, agent), nil
}

// checksum returns the SHA-256 of a file, and its size.
func checksum(path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	hash := sha256.New()
	size, err = io.Copy(hash, f)
	return hex.EncodeToString(hash.Sum(nil)), size, err
}

// greet reads the script's first words.
func (h *sshHost) greet(ctx context.Context) (machine, state string, err error) {
	process := h.cmd.Process
	stop := context.AfterFunc(ctx, func() { process.Kill() })
	defer stop()
	for range maxNoise {
		line, err := readLine(h.out)
		if err != nil {
			return "", "", err
		}
		if rest, ok := strings.CutPrefix(strings.TrimSpace(string(line)), greeting); ok {
			state, machine, _ = strings.Cut(rest, " ")
			return machine, state, nil
		}
	}
	return "", "", errors.New("the shell there prints too much")
}

// machines are what uname calls the systems that Go calls otherwise.
var machines = map[string]string{
	"linux/amd64": "Linux x86_64", "linux/arm64": "Linux aarch64", "linux/ppc64le": "Linux ppc64le", "linux/s390x": "Linux s390x",
	"linux/riscv64": "Linux riscv64", "linux/loong64": "Linux loongarch64", "darwin/amd64": "Darwin x86_64", "darwin/arm64": "Darwin arm64",
}

// copy sends the program to a host of the same kind as this one.
func (h *sshHost) copy(ctx context.Context, machine, exe string, size int64) error {
	here := runtime.GOOS + "/" + runtime.GOARCH
	if want := machines[here]; machine != want {
		return fmt.Errorf("%s is a machine of another kind (%s; gopar here is for %s): gopar cannot be copied there", h.dest, machine, here)
	}
	ctx, cancel := context.WithTimeout(ctx, copyTime)
	defer cancel()
	process := h.cmd.Process
	stop := context.AfterFunc(ctx, func() { process.Kill() })
	defer stop()
	f, err := os.Open(exe)
	if err != nil {
		return err
	}
	defer f.Close()
	began := time.Now()
	if _, err := io.CopyN(h.in, f, size); err != nil {
		return h.broken(ctx, fmt.Errorf("copy gopar there: %w", err))
	}
	h.log.Info("gopar copied", "bytes", size, "took", time.Since(began).String())
	return nil
}

// tailBuffer keeps the end of what is written to it.
type tailBuffer struct {
	mu sync.Mutex
	b  []byte
}

// maxComplaint bounds what is kept of ssh's complaints.
const maxComplaint = 4 << 10

// Write keeps p, or its end. It never fails.
func (t *tailBuffer) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-maxComplaint):]
	return len(p), nil
}

// String returns what was kept.
func (t *tailBuffer) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(string(t.b), "\uFFFD")
}
