package cluster

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/gopar-project/gopar/internal/proto"
)

// Load is what a cluster has to do at one moment, as its hub knows it.
type Load struct {
	Unassigned int          `json:"unassigned"` // load-balanced tasks that wait in the hub
	Engines    []EngineLoad `json:"engines"`    // in order of id
}

// EngineLoad is one registered engine and its share of the work.
type EngineLoad struct {
	ID        int    `json:"id"`
	Language  string `json:"language"`       // "go", or "" for Python
	Host      string `json:"host,omitempty"` // "" and 0: the engine did not say
	PID       int    `json:"pid,omitempty"`
	Queue     int    `json:"queue"`     // tasks sent to this engine that are not done
	Tasks     int    `json:"tasks"`     // load-balanced tasks it was given that are not done
	Completed int    `json:"completed"` // tasks
}

// Load asks the hub what there is to do. It blocks for at most 2 s when the hub
// does not answer.
func (c *Cluster) Load(ctx context.Context) (Load, error) {
	ctx, cancel := context.WithTimeout(ctx, hubPatience)
	defer cancel()
	h, err := dialHub(ctx, c.ConnectionFile(), c.log)
	if err != nil {
		return Load{}, err
	}
	defer h.close()
	var who proto.ConnectionReply
	if err := h.ask(ctx, proto.ConnectionRequestType, &who); err != nil {
		return Load{}, err
	}
	var queue proto.QueueReply
	if err := h.ask(ctx, proto.QueueRequestType, &queue); err != nil {
		return Load{}, err
	}
	load := Load{Unassigned: queue.Unassigned.N, Engines: make([]EngineLoad, 0, len(who.Engines))}
	for key := range who.Engines {
		id, err := strconv.Atoi(key)
		if err != nil {
			return Load{}, fmt.Errorf("reply of the hub: engine id %q", key)
		}
		q, place := queue.Engines[id], who.Places[key]
		load.Engines = append(load.Engines, EngineLoad{
			ID: id, Language: who.Languages[key], Host: place.Host, PID: place.PID,
			Queue: q.Queue.N, Tasks: q.Tasks.N, Completed: q.Completed.N,
		})
	}
	slices.SortFunc(load.Engines, func(a, b EngineLoad) int { return a.ID - b.ID })
	return load, nil
}

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
