package kernel

import (
	"context"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// inspect serves inspect_request from what is declared, while a cell runs, too.
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#introspection
func (k *Kernel) inspect(_ context.Context, _ *jupyter.Request, c jupyter.InspectRequest) (jupyter.InspectReply, error) {
	cursor := clampCursor(c.Code, c.CursorPos)
	bundle, found := inspectMagic(c.Code, cursor)
	if !found {
		bundle, found = k.evaluator.Inspect(blankMagics(c.Code), cursor, c.DetailLevel)
	}
	return jupyter.InspectReply{
		Status: jupyter.StatusOK, Found: found, Data: wireBundle(bundle), Metadata: wireMetadata(nil),
	}, nil
}
