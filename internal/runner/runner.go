// Package runner is the process in which cells run and values live, and the handle its parent — a kernel or an engine's
// protocol process — holds on it.
//
// It is not a Jupyter program: it knows jobs, tasks, output and displays, and neither messages nor sockets. It does not
// compile: units arrive as built objects.
//
// Invariants: the parent outlives every death of the child; all output of a job is delivered before its Run returns; every
// frame on the pipe is bounded before it is read; a child whose parent is gone ends.
package runner

import (
	"context"
	"encoding/json"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/eval"
	"github.com/gopar-project/gopar/internal/interp"
	"github.com/gopar-project/gopar/internal/native"
)

// Config says how the child is started. The zero value works for the gopar binary.
type Config struct {
	// Exe is the program to start. Default: os.Executable, because units open only in the very binary they were built for.
	Exe string
	// Args are its arguments. Default: "runner", the hidden subcommand.
	Args []string
	// Dir is the child's working directory. Default: the parent's.
	Dir string
	// Env is the child's environment. Default: the parent's.
	Env []string
	// MaxOutput is how many bytes of each stream a job may print; what comes after is dropped, with a note on stderr.
	// Default: 32 MiB, because a notebook that holds more cannot be opened any longer.
	MaxOutput int64
	// MemoryLimit is how much memory the child may have, in the form of MemoryEnv. A job that comes near it is interrupted; a
	// child that exceeds it is ended. Default: what MemoryEnv says, else 80% of the machine's memory, so that a mistake in a
	// cell does not make the machine unusable.
	MemoryLimit string
	// Sink receives what jobs show. Default: it is discarded until SetSink.
	Sink Sink
	// Log receives life events. The zero value discards.
	Log logr.Logger
}

// Job is one cell to run.
type Job struct {
	// ID is the msg_id of the request. Output of goroutines the job leaves behind keeps the id of the last job that ran.
	ID string
	// Load lists the units to open first, in order. Those already loaded cost nothing.
	Load []native.Object
	// Interpret lists units to be interpreted instead, in order; those that are there already cost nothing.
	Interpret []eval.Unit
	// Run is the hash of the unit whose Run is executed, "" for none.
	Run string
	// Script is interpreted instead, nil for none.
	Script *interp.Script
	// Files says how the cells are called whose compiled code has these file names ("cell-ab12…" → "cell 3"), for texts that
	// the child prints itself. Frames of results keep the file names.
	Files map[string]string
	// AllowStdin lets the job ask its front end for input; without it, reading standard input meets the end of file.
	AllowStdin bool
	// Silent drops the job's value.
	Silent bool
}

// Sink is where what the jobs show goes, in order. Its methods are called from one goroutine at a time, except Input, which
// has its own, as it waits for a person.
type Sink interface {
	// Output delivers text written to "stdout" or "stderr", coalesced. The text belongs to the sink.
	Output(jobID, stream string, text []byte)
	// Display delivers one display message.
	Display(jobID string, m display.Message)
	// Input asks the front end for a line and blocks until it came or ctx ended.
	Input(ctx context.Context, jobID, prompt string, password bool) (string, error)
}

// Result is what a job came to.
type Result struct {
	// Value is the bundle of the job's last expression, nil for none.
	Value display.Bundle
	// Payload lists what the job asked of its front end's pager and input line.
	Payload []display.Payload
	// Error is the panic, interrupt or crash that ended the job, nil for none.
	Error *Exception
	// Abandoned says that the job was interrupted while it was blocked where nothing can stop it (a system call, a channel): its
	// goroutine is left behind, the session's values are intact.
	Abandoned bool
	// Started and Ended are the times in the child.
	Started, Ended time.Time
}

// Exception is an error of user code.
type Exception struct {
	// Name is the kind: "panic", "error", "interrupted", "exit", "fatal error", "killed", or the kind a task's error names.
	Name string
	// Value is Go's own text for it, without the leading "panic: ": "runtime error: index out of range [5] with length 3".
	Value string
	// Frames are the user's frames, innermost first.
	Frames []Frame
	// Fatal says that the runner died with it, or has to be ended with Kill because of it (a job that was interrupted in C code),
	// and that the session's values are gone.
	Fatal bool
	// Goroutines is the full dump, for those who ask; "" where there is none.
	Goroutines string
}

// Frame is one frame of the user's code.
type Frame struct {
	// Func is the function's name as the user wrote it.
	Func string
	// File is "cell 3", or a path for code that came from a file.
	File string
	// Line is 1-based.
	Line int
}

// Task is a function call that came over the cluster; Content and Buffers are package codec's.
type Task struct {
	// ID names the task; output and cancellation refer to it.
	ID string
	// Load lists the units to open first, in order.
	Load []native.Object
	// Content is the content of the apply_request.
	Content json.RawMessage
	// Buffers are its argument buffers.
	Buffers [][]byte
}

// TaskResult is what a task came to.
type TaskResult struct {
	// Buffers hold the encoded result, which may be an error that the function returned (see codec.FailureOf); nil with Error.
	Buffers [][]byte
	// Error is a panic of the function, or what is wrong with the task itself; nil for none.
	Error *Exception
	// Abandoned says that the task was cancelled but still occupies a goroutine, as in Result.
	Abandoned bool
	// Dropped says that a queued task was taken out of the line before it began.
	Dropped bool
	// Started and Ended are the times in the child.
	Started, Ended time.Time
}
