package parallel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"sync"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// output is where the standard output and error of tasks go; nil drops.
type output struct{ stdout, stderr io.Writer }

// relay brings what the tasks of this process print and show here.
type relay struct {
	l   *link
	out output

	mu      sync.Mutex
	lines   map[lineKey][]byte  // guarded by mu: beginnings of lines
	follows map[string]*outputs // guarded by mu: by msg_id
}

// lineKey is a stream of a task on an engine.
type lineKey struct{ task, engine, stream string }

// maxLine bounds what is kept of a line that does not end.
const maxLine = 64 << 10

// maxKept bounds what is kept of a task's stream.
const maxKept = 16 << 20

func newRelay(l *link, out output) *relay {
	return &relay{l: l, out: out, lines: map[lineKey][]byte{}, follows: map[string]*outputs{}}
}

// outputs are what one task shows.
type outputs struct {
	idle chan struct{} // closed when the task showed all
	keep bool          // what it prints is kept, not relayed

	mu    sync.Mutex
	over  bool              // guarded by mu: idle is closed
	value display.Bundle    // guarded by mu: its execute_result
	text  map[string][]byte // guarded by mu: what it printed, by stream
}

func newOutputs(keep bool) *outputs { return &outputs{idle: make(chan struct{}), keep: keep} }

// printed returns what was kept of a stream.
func (o *outputs) printed(stream string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text[stream])
}

// result returns the value of the code, nil if it has none.
func (o *outputs) result() display.Bundle {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.value)
}

func (o *outputs) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.over {
		o.over = true
		close(o.idle)
	}
}

// lost reports whether no more output can come after a task ended with err: its engine, or the hub, is gone.
func (o *outputs) lost(err error) bool {
	if err == nil {
		return false
	}
	r, ok := err.(*RemoteError)
	return !ok || r.Engine < 0 || r.Name == proto.EngineError || r.Name == proto.TaskAborted
}

// follow collects what task id shows into o until it is idle.
func (y *relay) follow(id string, o *outputs) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.follows[id] = o
}

// drop ends what follow began, for a task that shows nothing more.
func (y *relay) drop(id string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if o := y.follows[id]; o != nil {
		delete(y.follows, id)
		o.end()
	}
}

// needless reports whether a message of iopub can be dropped undecoded: two of three messages of a small task say that its
// engine is busy or idle, which matters only for tasks whose output is followed.
func (y *relay) needless(frames [][]byte) bool {
	if len(frames) == 0 || !bytes.HasSuffix(frames[0], []byte(".status")) {
		return false
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	return len(y.follows) == 0 && len(y.lines) == 0
}

// on takes one message of iopub. Those of other clients' tasks are not for us.
func (y *relay) on(m *jupyter.Message) {
	parent, err := m.ParentHeader()
	if err != nil || parent.Session != y.l.session.ID {
		return
	}
	var meta struct {
		Engine string `json:"engine"`
	}
	if err := json.Unmarshal(m.Metadata, &meta); err != nil {
		return
	}
	y.mu.Lock()
	o := y.follows[parent.MsgID]
	y.mu.Unlock()
	switch m.Header.MsgType {
	case "stream":
		var c jupyter.Stream
		if m.Bind(&c) == nil && o != nil && o.keep {
			o.mu.Lock()
			if o.text == nil {
				o.text = map[string][]byte{}
			}
			if len(o.text[c.Name]) < maxKept {
				o.text[c.Name] = append(o.text[c.Name], c.Text...)
			}
			o.mu.Unlock()
		} else if c.Text != "" {
			y.stream(lineKey{parent.MsgID, meta.Engine, c.Name}, []byte(c.Text))
		}
	case "execute_result":
		var c jupyter.ExecuteResult
		if m.Bind(&c) == nil && o != nil {
			o.mu.Lock()
			o.value = bundle(c.Data)
			o.mu.Unlock()
		}
	case display.DisplayData:
		var c jupyter.DisplayData
		if m.Bind(&c) == nil {
			y.rich(meta.Engine, bundle(c.Data))
		}
	case "status":
		var c jupyter.Status
		if m.Bind(&c) == nil && c.ExecutionState == jupyter.Idle {
			y.idle(parent.MsgID, meta.Engine)
		}
	}
}

// bundle is the data of an output. Binary representations stay base64 text, as they came.
func bundle(data json.RawMessage) display.Bundle {
	var b display.Bundle
	if json.Unmarshal(data, &b) != nil {
		return nil
	}
	return b
}

// label is what a line of an engine starts with, "[stdout:0] ".
func (y *relay) label(stream, engine string) string {
	if e := y.l.engine(engine); e != nil {
		return fmt.Sprintf("[%s:%d] ", stream, e.id)
	}
	return "[" + stream + "] "
}

// stream writes the complete lines of text and keeps the rest.
func (y *relay) stream(key lineKey, text []byte) {
	y.mu.Lock()
	defer y.mu.Unlock()
	text = append(y.lines[key], text...)
	i := bytes.LastIndexByte(text, '\n') + 1
	if len(text)-i > maxLine {
		i = len(text)
	}
	delete(y.lines, key)
	if i < len(text) {
		y.lines[key] = bytes.Clone(text[i:])
	}
	y.write(key, text[:i])
}

// write writes lines with their label. The caller holds mu, which keeps lines whole.
func (y *relay) write(key lineKey, text []byte) {
	w := y.out.stdout
	if key.stream == "stderr" {
		w = y.out.stderr
	}
	if w == nil || len(text) == 0 {
		return
	}
	label := y.label(key.stream, key.engine)
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		b.WriteString(label)
		b.Write(bytes.TrimSuffix(line, []byte("\n")))
		b.WriteByte('\n')
	}
	_, _ = w.Write(b.Bytes()) // best effort: nobody is there to tell
}

// rich shows an output of an engine here.
func (y *relay) rich(engine string, b display.Bundle) {
	if y.out.stdout != nil && len(b) > 0 {
		display.Show(display.Text(y.label("output", engine)), b)
	}
}

// idle ends the output of a task on an engine: lines that were not ended are written.
func (y *relay) idle(task, engine string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, stream := range []string{"stdout", "stderr"} {
		key := lineKey{task, engine, stream}
		rest := y.lines[key]
		delete(y.lines, key)
		y.write(key, rest)
	}
	if o := y.follows[task]; o != nil {
		delete(y.follows, task)
		o.end()
	}
}
