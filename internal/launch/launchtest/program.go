//go:build unix

package launchtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/launch"
)

// command is the first argument of the test binary when it runs as a job.
const command = "launchtest"

// What a job does.
const (
	modeStay     = "stay"     // runs until asked to end
	modeStubborn = "stubborn" // does not end when asked
	modeFamily   = "family"   // has a stubborn child, which holds a fifo
	modeChild    = "child"    // is that child
	modeExit     = "exit"     // exits with a code
	modeShow     = "show"     // prints its arguments, environment and directory
	modeRead     = "read"     // reads its standard input
	modeDial     = "dial"     // dials a socket
	modeAgent    = "agent"    // is the agent of an SSH launcher
)

// StayArgs make such a binary run until it is asked to end; DialArgs make it dial
// the socket that $LAUNCHTEST names, again and again, and log what it is told.
var (
	StayArgs = []string{command, modeStay}
	DialArgs = []string{command, modeDial}
)

// AgentArgs make a test binary that calls Main the agent of an SSH launcher.
var AgentArgs = []string{command, modeAgent}

// What a job logs.
const (
	readyLine = "ready"
	askedLine = "asked to end"
)

// shown is what modeShow prints.
type shown struct {
	Args []string
	Env  string // $LAUNCHTEST
	Dir  string
}

// Main does a job's work if this process was started as one, and returns true
// and its exit code then. TestMain calls it first.
func Main() (code int, isJob bool) {
	if len(os.Args) < 3 || os.Args[1] != command {
		return 0, false
	}
	if err := work(os.Args[2], os.Args[3:]); err != nil {
		var code exitCode
		if errors.As(err, &code) {
			return int(code), true
		}
		fmt.Println(err)
		return 1, true
	}
	return 0, true
}

type exitCode int

func (c exitCode) Error() string { return "exit code " + strconv.Itoa(int(c)) }

func work(mode string, args []string) error {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	defer signal.Stop(asked)
	switch mode {
	case modeStay:
		fmt.Println(readyLine)
		<-asked
		fmt.Println(askedLine)
	case modeStubborn:
		fmt.Println(readyLine)
		select {}
	case modeFamily:
		exe, err := os.Executable()
		if err != nil {
			return err
		}
		child := exec.Command(exe, command, modeChild, args[0])
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			return err
		}
		<-asked
	case modeChild:
		if _, err := os.OpenFile(args[0], os.O_WRONLY, 0); err != nil {
			return err
		}
		fmt.Println(readyLine)
		select {}
	case modeExit:
		code, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		return exitCode(code)
	case modeShow:
		dir, err := os.Getwd()
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(shown{Args: args, Env: os.Getenv("LAUNCHTEST"), Dir: dir})
	case modeRead:
		b, err := io.ReadAll(os.Stdin)
		if err != nil {
			return err
		}
		fmt.Printf("read %d bytes\n", len(b))
	case modeDial:
		for {
			if conn, err := net.Dial("unix", os.Getenv("LAUNCHTEST")); err == nil {
				io.Copy(os.Stdout, conn) // best effort: the next one may be told more
				conn.Close()
			}
			select {
			case <-asked:
				return nil
			case <-time.After(20 * time.Millisecond): // the other side comes and goes
			}
		}
	case modeAgent:
		return launch.ServeAgent(context.Background(), os.Stdin, os.Stdout, logr.Discard())
	default:
		return fmt.Errorf("unknown mode %q", mode)
	}
	return nil
}

// watchDescendant makes a fifo; the channel closes when a process that opened
// it for writing has ended, at the latest when the test ends.
func watchDescendant(t *testing.T, fifo string) <-chan struct{} {
	t.Helper()
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	opened := make(chan *os.File, 1)
	go func() {
		defer close(gone)
		f, err := os.Open(fifo) // returns when the descendant opens it
		if err != nil {
			t.Error(err)
			close(opened)
			return
		}
		defer f.Close()
		opened <- f
		if _, err := io.Copy(io.Discard, f); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		// Lets the reader go if no descendant ever came, or one lives for ever.
		if f, err := os.OpenFile(fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			defer f.Close()
		}
		if f := <-opened; f != nil {
			f.SetReadDeadline(time.Now()) // best effort: it is closed if the descendant has ended
		}
		<-gone
	})
	return gone
}
