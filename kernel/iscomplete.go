package kernel

import (
	"context"
	"strings"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// isComplete serves is_complete_request, by which consoles decide whether Enter
// runs the cell. A cell magic takes lines until an empty one.
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#code-completeness
func (k *Kernel) isComplete(_ context.Context, _ *jupyter.Request, c jupyter.IsCompleteRequest) (jupyter.IsCompleteReply, error) {
	status, indent := "complete", ""
	if name, _, body, ok := cellMagic(c.Code); ok {
		if m := magics[name]; m.cell != nil && (body == "" || !strings.HasSuffix(c.Code, "\n\n")) && !m.bare {
			status = "incomplete"
		}
	} else if code := blankMagics(c.Code); strings.TrimSpace(code) != "" {
		status, indent = k.evaluator.IsComplete(code)
	}
	reply := jupyter.IsCompleteReply{Status: status}
	if status == "incomplete" {
		reply.Indent = &indent
	}
	return reply, nil
}
