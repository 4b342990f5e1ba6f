package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gopar-project/gopar/internal/proto"
)

// Load is what a cluster has to do at one moment, as its hub knows it.
type Load struct {
	Unassigned int          `json:"unassigned"` // load-balanced tasks that wait in the hub
	Engines    []EngineLoad `json:"engines"`    // in order of id
}

// EngineLoad is one registered engine and its share of the work.
type EngineLoad struct {
	ID        int          `json:"id"`
	Language  string       `json:"language"`       // "go", or "" for Python
	Host      string       `json:"host,omitempty"` // "" and 0: the engine did not say
	PID       int          `json:"pid,omitempty"`
	Queue     int          `json:"queue"`             // tasks sent to this engine that are not done
	Tasks     int          `json:"tasks"`             // load-balanced tasks it was given that are not done
	Completed int          `json:"completed"`         // tasks
	Running   *RunningTask `json:"running,omitempty"` // nil: nothing, or the hub does not tell
	Usage     *Usage       `json:"usage,omitempty"`   // nil: the engine did not say
}

// RunningTask is the task that an engine works on.
type RunningTask struct {
	Name      string    `json:"name"` // the user's label, the function, or the first line of the code
	Submitted time.Time `json:"submitted"`
}

// Usage is what the processes of an engine take of their machine.
type Usage struct {
	CPU    float64 `json:"cpu"`    // percent of one core, since the engine was asked before
	Memory uint64  `json:"memory"` // bytes
}

// Load asks the hub what there is to do. It blocks for at most 2 s when the hub
// does not answer.
func (c *Cluster) Load(ctx context.Context) (Load, error) {
	m, err := c.Meter(ctx)
	if err != nil {
		return Load{}, err
	}
	defer m.Close()
	load, _, err := m.load(ctx)
	return load, err
}

// load asks the hub; uuids are those of load.Engines.
func (m *Meter) load(ctx context.Context) (load Load, uuids []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, hubPatience)
	defer cancel()
	var who proto.ConnectionReply
	if err := m.hub.ask(ctx, proto.ConnectionRequestType, struct{}{}, &who); err != nil {
		return Load{}, nil, err
	}
	var queue proto.QueueReply
	if err := m.hub.ask(ctx, proto.QueueRequestType, proto.QueueRequest{Running: true}, &queue); err != nil {
		return Load{}, nil, err
	}
	load = Load{Unassigned: queue.Unassigned.N, Engines: make([]EngineLoad, 0, len(who.Engines))}
	for key := range who.Engines {
		id, err := strconv.Atoi(key)
		if err != nil {
			return Load{}, nil, fmt.Errorf("reply of the hub: engine id %q", key)
		}
		q, place := queue.Engines[id], who.Places[key]
		e := EngineLoad{
			ID: id, Language: who.Languages[key], Host: place.Host, PID: place.PID,
			Queue: q.Queue.N, Tasks: q.Tasks.N, Completed: q.Completed.N,
		}
		if r := q.Running; r != nil {
			e.Running = &RunningTask{Name: taskTitle(r), Submitted: r.Submitted.Time}
		}
		load.Engines = append(load.Engines, e)
	}
	slices.SortFunc(load.Engines, func(a, b EngineLoad) int { return a.ID - b.ID })
	for _, e := range load.Engines {
		uuids = append(uuids, who.Engines[strconv.Itoa(e.ID)])
	}
	return load, uuids, nil
}

// maxTitle bounds the title of a task, in bytes.
const maxTitle = 80

// taskTitle names a task for people.
func taskTitle(r *proto.RunningTask) string {
	var meta struct {
		Label string `json:"label"`
	}
	var content struct {
		Code string `json:"code"`
		Func struct {
			Symbol string `json:"symbol"`
		} `json:"func"`
	}
	// Both are what a client sent: whatever cannot be read has no name.
	_ = json.Unmarshal(r.Metadata, &meta)
	_ = json.Unmarshal(r.Content, &content)
	line, _, _ := strings.Cut(strings.TrimSpace(content.Code), "\n")
	title := cmp.Or(oneLine(meta.Label), oneLine(content.Func.Symbol), oneLine(line), oneLine(strings.TrimSuffix(r.MsgType, "_request")), "task")
	if len(title) > maxTitle {
		title = strings.ToValidUTF8(title[:maxTitle], "") + "…"
	}
	return title
}

// oneLine returns a text without line breaks and superfluous blanks.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Follow calls changed whenever the hub says that an engine has joined or left,
// until ctx ends. A hub that comes back is followed again.
func (c *Cluster) Follow(ctx context.Context, changed func()) error {
	h, err := dialHub(ctx, c.ConnectionFile(), c.log)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.watch(c.log); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-h.changed:
			changed()
		}
	}
}
