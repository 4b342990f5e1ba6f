package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// kindGoroutines is a frame from the parent that asks for what cells left behind; Text "stop" stops them first. ID restricts
// both to one job.
const kindGoroutines = "goroutines"

// maxGoroutineDump bounds the dump that is looked at; a goroutine takes some hundred bytes of it.
const maxGoroutineDump = 64 << 20

// Goroutine is one goroutine that a job started and that is still there after it.
type Goroutine struct {
	// ID is the runtime's number of it.
	ID int64
	// JobID is the job that started it.
	JobID string
	// State is the runtime's word for what it does: "running", "chan receive", "select", "sleep", "IO wait", ….
	State string
	// Frames are the user's frames, innermost first; the file names are the cells'.
	Frames []Frame
	// Stopped says that it was told to end, and does so as soon as it runs code of a cell.
	Stopped bool
}

// Goroutines lists what jobs that have ended left behind, those of one job if jobID is not empty.
func (r *Runner) Goroutines(ctx context.Context, jobID string) ([]Goroutine, error) {
	return r.goroutines(ctx, &frame{Kind: kindGoroutines, ID: jobID})
}

// StopGoroutines stops what jobs that have ended left behind, as an interrupt does: their contexts are cancelled, and code of
// cells ends at its next loop or call. It returns those that are still there: blocked, and ending when they come back.
func (r *Runner) StopGoroutines(ctx context.Context, jobID string) ([]Goroutine, error) {
	return r.goroutines(ctx, &frame{Kind: kindGoroutines, ID: jobID, Text: "stop"})
}

func (r *Runner) goroutines(ctx context.Context, f *frame) ([]Goroutine, error) {
	rep, err := r.request(ctx, f)
	if err != nil {
		return nil, err
	}
	if ex := rep.outcome.Error; ex != nil {
		return nil, fmt.Errorf("list goroutines: %s: %s", ex.Name, ex.Value)
	}
	var all []Goroutine
	if err := json.Unmarshal(rep.outcome.Value["goroutines"], &all); err != nil {
		return nil, fmt.Errorf("list goroutines: %w", err)
	}
	return all, nil
}

// tellGoroutines answers a goroutines frame.
func (c *child) tellGoroutines(f *frame) {
	if f.Text == "stop" {
		c.stopLeft(f.ID)
	}
	scopes := map[string]*scope{}
	c.scopes.Range(func(_, v any) bool {
		s := v.(*scope)
		scopes[s.name()] = s
		return true
	})
	left := []Goroutine{}
	for _, g := range goroutinesNow() {
		s := scopes[g.job]
		if s == nil || !s.hasEnded() || f.ID != "" && f.ID != s.id {
			continue
		}
		left = append(left, Goroutine{ID: g.id, JobID: s.id, State: g.state, Frames: g.frames, Stopped: s.stopped.Load()})
	}
	data, err := json.Marshal(left)
	o := &outcome{Value: map[string]json.RawMessage{"goroutines": data}}
	if err != nil {
		o = &outcome{Error: errorOf(err)}
	}
	c.result(&frame{Kind: kindResult, Seq: f.Seq, Result: o})
}

// stopLeft stops the scopes that have ended, and gives what they left a moment to end.
func (c *child) stopLeft(id string) {
	var stopped []*scope
	c.scopes.Range(func(_, v any) bool {
		if s := v.(*scope); s.hasEnded() && (id == "" || s.id == id) {
			c.stop.stop(s)
			stopped = append(stopped, s)
		}
		return true
	})
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	for _, s := range stopped {
		select {
		case <-s.gone:
		case <-ctx.Done():
			return
		}
	}
}

// name is the value of the label that the goroutines of s have.
func (s *scope) name() string { return s.id + " " + strconv.FormatUint(s.seq, 10) }

func (s *scope) hasEnded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// goroutine is one goroutine as the runtime describes it.
type goroutine struct {
	id     int64
	state  string // "chan receive"
	job    string // the label that newScope sets; empty: none
	frames []Frame
	first  bool // it is the one that asked
}

var (
	goroutineHead  = regexp.MustCompile(`^goroutine (\d+)(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[([^,\]]+)`)
	goroutineLabel = regexp.MustCompile(`labels:\{.*?"?job"?: ("(?:[^"\\]|\\.)*")`)
)

// dumpMu guards the environment while a dump is made.
var dumpMu sync.Mutex

// goroutinesNow describes all goroutines, the calling one first. It stops the world for that.
func goroutinesNow() []goroutine {
	var out []goroutine
	for i, text := range bytes.Split(labelledDump(), []byte("\n\n")) {
		if g, ok := parseGoroutine(string(text)); ok {
			g.first = i == 0
			out = append(out, g)
		}
	}
	return out
}

// labelledDump is the dump of all goroutines with their labels, which the runtime shows on request only.
func labelledDump() []byte {
	dumpMu.Lock()
	defer dumpMu.Unlock()
	const name = "GODEBUG"
	old, had := os.LookupEnv(name)
	_ = os.Setenv(name, strings.TrimPrefix(old+",tracebacklabels=1", ",")) // fails for malformed names only
	defer func() {
		if had {
			_ = os.Setenv(name, old)
		} else {
			_ = os.Unsetenv(name)
		}
	}()
	for buf := make([]byte, 256<<10); ; buf = make([]byte, 4*len(buf)) {
		if n := runtime.Stack(buf, true); n < len(buf) || len(buf) >= maxGoroutineDump {
			return buf[:n]
		}
	}
}

func parseGoroutine(text string) (goroutine, bool) {
	head, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	m := goroutineHead.FindStringSubmatch(head)
	if m == nil {
		return goroutine{}, false
	}
	id, _ := strconv.ParseInt(m[1], 10, 64) // digits
	state, _, _ := strings.Cut(m[2], " labels:")
	g := goroutine{id: id, state: state}
	if l := goroutineLabel.FindStringSubmatch(head); l != nil {
		g.job, _ = strconv.Unquote(l[1]) // as the runtime quotes
	}
	g.frames = dumpFrames(rest)
	return g, true
}
