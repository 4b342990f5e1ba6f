//go:build unix

package launchtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"
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
)

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
