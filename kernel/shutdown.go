package kernel

import (
	"context"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// shutdown serves shutdown_request: it tells every front end, replies, and ends
// Serve. Restarting is for whoever started the process.
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#kernel-shutdown
func (k *Kernel) shutdown(_ context.Context, r *jupyter.Request, c jupyter.ShutdownRequest) (jupyter.ShutdownReply, error) {
	reply := jupyter.ShutdownReply{Status: jupyter.StatusOK, Restart: c.Restart}
	k.publish(r.Message, "shutdown_reply", reply)
	r.After(func() {
		k.mu.Lock()
		stop := k.stop
		k.ended = true
		k.mu.Unlock()
		if stop != nil {
			stop()
		}
	})
	return reply, nil
}
