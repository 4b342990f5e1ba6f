package kernel

import (
	"context"
	"fmt"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// historyQuery serves history_request.
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#history
func (k *Kernel) historyQuery(_ context.Context, _ *jupyter.Request, c jupyter.HistoryRequest) (jupyter.HistoryReply, error) {
	var entries []HistoryEntry
	var err error
	switch c.HistAccessType {
	case "tail":
		entries, err = k.history.Tail(c.N)
	case "range":
		entries, err = k.history.Range(c.Session, c.Start, c.Stop)
	case "search":
		entries, err = k.history.Search(c.Pattern, c.N, c.Unique)
	default:
		err = &jupyter.Error{Name: "BadRequest", Value: fmt.Sprintf("hist_access_type %q is not tail, range or search", c.HistAccessType)}
	}
	if err != nil {
		return jupyter.HistoryReply{}, err
	}
	reply := jupyter.HistoryReply{Status: jupyter.StatusOK, History: make([]jupyter.HistoryTuple, 0, len(entries))}
	for _, e := range entries {
		t := jupyter.HistoryTuple{Session: e.Session, Line: e.Line, Input: e.Input, WithOutput: c.Output}
		if e.Output != "" {
			t.Output = &e.Output
		}
		reply.History = append(reply.History, t)
	}
	return reply, nil
}
