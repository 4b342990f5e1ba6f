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
	"path/filepath"
	"strings"

	"github.com/go-logr/logr"
)

// agentRequest is what an SSH launcher asks the gopar on another machine, one
// JSON line on its standard input. Secrets are in it, and nowhere else.
type agentRequest struct {
	Op      string    `json:"op"` // "start", "poll", "signal", "tail", "reach", "forget"
	Job     *Job      `json:"job,omitempty"`
	Records []*Record `json:"records,omitempty"`
	Signal  Signal    `json:"signal,omitempty"`
	Lines   int       `json:"lines,omitempty"`
	Name    string    `json:"name,omitempty"`
}

// agentReply is the answer, one JSON line on its standard output. The first line
// that an agent writes is a reply, too.
type agentReply struct {
	Error string   `json:"error,omitempty"`
	Path  string   `json:"path,omitempty"` // of the agent's program; of a directory
	Job   *Record  `json:"job,omitempty"`
	Tasks []Task   `json:"tasks,omitempty"`
	Lines []string `json:"lines,omitempty"`
}

// maxRequest bounds a line before it is believed: the records of some thousand
// tasks, or their states.
const maxRequest = 16 << 20

// ServeAgent starts, polls, signals and reads processes of this machine for an
// SSH launcher on another one: requests come on in, answers go to out. It returns
// nil when in ends. The processes run on.
func ServeAgent(ctx context.Context, in io.Reader, out io.Writer, log logr.Logger) error {
	l := NewLocal(log)
	defer l.Close()
	answers := json.NewEncoder(out)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := answers.Encode(agentReply{Path: self}); err != nil {
		return err
	}
	a := agent{local: l, self: self}
	for lines := bufio.NewReaderSize(in, 64<<10); ; {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var q agentRequest
		var r agentReply
		if err = json.Unmarshal(line, &q); err == nil {
			r, err = a.answer(ctx, &q)
		}
		if err != nil {
			r.Error = err.Error()
		}
		if err := answers.Encode(r); err != nil {
			return err
		}
	}
}

// readLine reads a line of at most maxRequest bytes.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxRequest:
			return nil, errors.New("a line is too long")
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

type agent struct {
	local *Local
	self  string
}

func (a *agent) answer(ctx context.Context, q *agentRequest) (r agentReply, err error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	for _, rec := range q.Records {
		if rec == nil {
			return r, errors.New("a record is missing")
		}
	}
	switch q.Op {
	case "start":
		r.Job, err = a.start(ctx, q.Job)
	case "poll":
		r.Tasks, err = a.local.Poll(ctx, q.Records...)
	case "signal":
		var errs []error
		for _, rec := range q.Records {
			errs = append(errs, a.local.Signal(ctx, rec, q.Signal))
		}
		err = errors.Join(errs...)
	case "tail":
		for _, rec := range q.Records {
			r.Lines, err = a.local.Tail(ctx, rec, rec.First, min(q.Lines, 1000))
		}
	case "reach":
		r.Path, err = reachDir(q.Name)
		if err == nil {
			err = os.MkdirAll(r.Path, 0o700)
		}
	case "forget":
		if r.Path, err = reachDir(q.Name); err == nil {
			err = os.RemoveAll(r.Path)
		}
	default:
		err = fmt.Errorf("unknown request %q: the two sides are of different versions", q.Op)
	}
	return r, err
}

// start starts a job with this machine's own program, directories and logs.
func (a *agent) start(ctx context.Context, j *Job) (*Record, error) {
	if j == nil {
		return nil, errors.New("the job is missing")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	// Jobs that log to different directories there must not share one here.
	sum := sha256.Sum256([]byte(j.LogDir))
	j.Exe, j.LogDir = a.self, filepath.Join(cache, "gopar", "log", hex.EncodeToString(sum[:6]))
	if err := os.MkdirAll(j.LogDir, 0o700); err != nil {
		return nil, err
	}
	if j.NewLogs {
		if err := os.Remove(j.LogFile(j.First)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	if j.Dir == "" {
		j.Dir = home
	}
	return a.local.Start(ctx, *j)
}

// reachDir is where the sockets of a tunnel are. Their names have to be short.
func reachDir(name string) (string, error) {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}) {
		return "", fmt.Errorf("%q is no name of a tunnel", name)
	}
	return filepath.Join("/tmp", fmt.Sprintf("gopar-%d-%s", os.Getuid(), name)), nil
}
