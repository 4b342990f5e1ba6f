package notebook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/zmtp"
	"github.com/gopar-project/gopar/kernelspec"
)

const (
	// startTimeout is how long a kernel may take to answer: Jupyter's own default.
	startTimeout = 60 * time.Second
	// nudgeInterval is how often a starting kernel is asked again whether it is there.
	nudgeInterval = 500 * time.Millisecond
	// graceTime is how long a kernel may take to do what it was told: end a cell, end itself.
	graceTime = 5 * time.Second
	// maxSocketPath is what fits into a Unix socket address on every system, with room for "-5".
	maxSocketPath = 100
	// logTail is how much of a dead kernel's last words an error quotes.
	logTail = 2 << 10
	// eventQueue lets the sockets' readers run ahead of the consumer a little; when it is full, they wait.
	eventQueue = 256
)

// ErrKernelDied says that the kernel's process ended while it was needed.
var ErrKernelDied = errors.New("the kernel died")

// Kernel is a running kernel process and the client's side of its channels. Only one goroutine may use it.
type Kernel struct {
	// LanguageInfo is the language_info of the kernel's kernel_info_reply.
	LanguageInfo json.RawMessage

	spec    kernelspec.Installed
	cmd     *exec.Cmd
	dir     string // connection file, sockets and log; removed by Close
	session *jupyter.Session
	log     logr.Logger

	shell, control *zmtp.Dealer
	iopub          *zmtp.Sub

	events chan event    // what the kernel sent
	closed chan struct{} // closed by Close: readers stop delivering
	exited chan struct{} // closed when the process has ended
}

// event is one message and the channel on which it came.
type event struct {
	channel string
	*jupyter.Message
}

// StartKernel starts the kernel in folder dir and returns when it answers on all channels. Close must be called. The error
// quotes what a kernel that died had to say.
func StartKernel(ctx context.Context, spec kernelspec.Installed, dir string, log logr.Logger) (*Kernel, error) {
	k := &Kernel{
		spec: spec, log: log,
		events: make(chan event, eventQueue), closed: make(chan struct{}), exited: make(chan struct{}),
	}
	if err := k.start(dir); err != nil {
		k.Close()
		return nil, fmt.Errorf("start kernel %s: %w", spec.Name, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("no answer within %v", startTimeout))
	defer cancel()
	if err := k.ready(ctx); err != nil {
		k.Close()
		return nil, fmt.Errorf("start kernel %s: %w", spec.Name, err)
	}
	return k, nil
}

func (k *Kernel) start(dir string) error {
	var err error
	if k.dir, err = os.MkdirTemp("", "gopar-run-"); err != nil {
		return err
	}
	info, err := newConnection(k.dir, k.spec.Name)
	if err != nil {
		return err
	}
	file := filepath.Join(k.dir, "connection.json")
	if err := jupyter.WriteConnectionFile(file, info); err != nil {
		return err
	}
	if err := k.dial(info); err != nil {
		return err
	}
	return k.spawn(k.spec.Command(file), dir)
}

// newConnection makes up a kernel's connection: sockets in dir, which only this user can reach and whose names cannot be
// taken by others, or free ports where such paths are too long or do not exist.
func newConnection(dir, kernel string) (jupyter.ConnectionInfo, error) {
	info := jupyter.ConnectionInfo{
		Key: rand.Text(), SignatureScheme: jupyter.SignatureScheme, KernelName: kernel,
		Transport: "ipc", IP: filepath.Join(dir, "kernel"),
		ShellPort: 1, IOPubPort: 2, StdinPort: 3, ControlPort: 4, HBPort: 5,
	}
	if len(info.IP) <= maxSocketPath && hasUnixSockets {
		return info, nil
	}
	info.Transport, info.IP = "tcp", "127.0.0.1"
	for _, port := range []*int{&info.ShellPort, &info.IOPubPort, &info.StdinPort, &info.ControlPort, &info.HBPort} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return info, err
		}
		defer l.Close() //nolint:errcheck // held until all ports are chosen, so that they differ
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return info, nil
}

func (k *Kernel) dial(info jupyter.ConnectionInfo) error {
	k.session = jupyter.NewSession([]byte(info.Key))
	curve, err := info.Curve()
	if err != nil {
		return err
	}
	options := zmtp.Options{Identity: []byte(k.session.ID), Curve: curve, Log: k.log}
	k.shell = zmtp.NewDealer(options, k.deliver(jupyter.Shell))
	k.control = zmtp.NewDealer(options, k.deliver(jupyter.Control))
	k.iopub = zmtp.NewSub(zmtp.Options{Curve: curve, Log: k.log}, k.deliver(jupyter.IOPub))
	k.iopub.Subscribe(nil)
	return errors.Join(
		k.shell.Dial(info.Endpoint(jupyter.Shell)),
		k.control.Dial(info.Endpoint(jupyter.Control)),
		k.iopub.Dial(info.Endpoint(jupyter.IOPub)))
}

// deliver returns the handler of one channel's frames. It waits while the queue is full, which holds the kernel back.
func (k *Kernel) deliver(channel string) func(frames [][]byte) {
	return func(frames [][]byte) {
		m, err := k.session.Decode(frames)
		if err != nil {
			k.log.Error(err, "message dropped", "channel", channel)
			return
		}
		select {
		case k.events <- event{channel, m}:
		case <-k.closed:
		}
	}
}

// spawn starts the process. Its output goes to a file, not a pipe: processes that the kernel leaves behind may keep it.
func (k *Kernel) spawn(argv []string, dir string) error {
	out, err := os.OpenFile(k.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // the child has its own descriptor
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.Env = append(os.Environ(), fmt.Sprintf("JPY_PARENT_PID=%d", os.Getpid()))
	for name, value := range k.spec.Spec.Env {
		cmd.Env = append(cmd.Env, name+"="+os.ExpandEnv(value))
	}
	ownGroup(cmd) // a ^C at the terminal is for us: we interrupt the kernel by the protocol
	if err := cmd.Start(); err != nil {
		return err
	}
	k.cmd = cmd
	go func() { // Close waits for it
		defer close(k.exited)
		_ = cmd.Wait() // the state says it all
	}()
	return nil
}

func (k *Kernel) logFile() string { return filepath.Join(k.dir, "kernel.log") }

// ready returns when the kernel has answered on shell and something came on iopub: a subscription takes effect some time
// after the connection, and outputs published before it are lost.
func (k *Kernel) ready(ctx context.Context) error {
	ask := time.NewTimer(0)
	defer ask.Stop()
	replied, published := false, false
	for !replied || !published {
		select {
		case <-ask.C:
			if _, err := k.send(k.shell, "kernel_info_request", nil, nil); err != nil {
				return err
			}
			ask.Reset(nudgeInterval)
		case e := <-k.events:
			published = published || e.channel == jupyter.IOPub
			if e.Header.MsgType == "kernel_info_reply" {
				var reply struct {
					LanguageInfo json.RawMessage `json:"language_info"`
				}
				if err := e.Bind(&reply); err != nil {
					return err
				}
				k.LanguageInfo, replied = reply.LanguageInfo, true
			}
		case <-k.exited:
			return k.died()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (k *Kernel) send(to *zmtp.Dealer, msgType string, content any, metadata json.RawMessage) (*jupyter.Message, error) {
	m, err := k.session.New(msgType, nil, content)
	if err != nil {
		return nil, err
	}
	m.Metadata = metadata
	if err := to.Send(k.session.Encode(m)); err != nil {
		return nil, fmt.Errorf("send %s: %w", msgType, err)
	}
	return m, nil
}

// died is the error of a kernel that ended by itself, with its last words.
func (k *Kernel) died() error {
	err := fmt.Errorf("%w (%v)", ErrKernelDied, k.cmd.ProcessState)
	if words := k.lastWords(); words != "" {
		err = fmt.Errorf("%w; its last words:\n%s", err, words)
	}
	return err
}

func (k *Kernel) lastWords() string {
	f, err := os.Open(k.logFile())
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // read only
	if info, err := f.Stat(); err == nil && info.Size() > logTail {
		_, _ = f.Seek(-logTail, io.SeekEnd) // best effort: more words do no harm
	}
	words, _ := io.ReadAll(io.LimitReader(f, logTail)) // best effort: what can be read
	return strings.TrimSpace(string(words))
}

// Interrupt tells the kernel to stop what it runs, in the way its kernelspec asks for. It does not wait.
func (k *Kernel) Interrupt() error {
	if k.spec.Spec.InterruptMode == "message" {
		_, err := k.send(k.control, "interrupt_request", nil, nil)
		return err
	}
	return k.cmd.Process.Signal(os.Interrupt)
}

// Close shuts the kernel down, kills it when it takes longer than a few seconds, and removes its files.
func (k *Kernel) Close() {
	if k.cmd != nil {
		k.shutdown()
	}
	close(k.closed)
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // there is nobody left to send the rest to
	if k.shell != nil {
		err := errors.Join(k.shell.Close(ctx), k.control.Close(ctx), k.iopub.Close(ctx))
		if err != nil {
			k.log.V(1).Info("close kernel's channels", "error", err.Error())
		}
	}
	if k.dir != "" {
		_ = os.RemoveAll(k.dir) // best effort: a folder of temporary files
	}
}

func (k *Kernel) shutdown() {
	grace := time.NewTimer(graceTime)
	defer grace.Stop()
	_, err := k.send(k.control, "shutdown_request", jupyter.ShutdownRequest{}, nil)
	for err == nil {
		select {
		case <-k.events: // make room: a reader that waits would hold the reply up
		case <-k.exited:
			return
		case <-grace.C:
			err = errors.New("no shutdown within the grace period")
		}
	}
	k.log.V(1).Info("kernel killed", "error", err.Error())
	killGroup(k.cmd)
	<-k.exited
}
