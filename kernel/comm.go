package kernel

import (
	"context"
	"encoding/json"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// commInfo serves comm_info_request, which widget managers wait for when a
// notebook is opened. No comm is ever open: no target is known that would open
// one.
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#comm-info
func (k *Kernel) commInfo(context.Context, *jupyter.Request, jupyter.CommInfoRequest) (jupyter.CommInfoReply, error) {
	return jupyter.CommInfoReply{Status: jupyter.StatusOK, Comms: map[string]jupyter.CommInfo{}}, nil
}

// commOpen serves comm_open: an unknown target is closed at once, or the front
// end would wait for it.
func (k *Kernel) commOpen(_ context.Context, r *jupyter.Request, c jupyter.CommOpen) (struct{}, error) {
	k.log.V(1).Info("comm refused", "target", c.TargetName)
	k.publish(r.Message, "comm_close", jupyter.CommMsg{CommID: c.CommID, Data: json.RawMessage("{}")})
	return struct{}{}, nil
}

// commMsg serves comm_msg and comm_close of comms that were refused: the front
// end may send them before it learns so.
func (k *Kernel) commMsg(_ context.Context, r *jupyter.Request, c jupyter.CommMsg) (struct{}, error) {
	k.log.V(1).Info("message for a comm that is not open", "type", r.Header.MsgType, "comm", c.CommID)
	return struct{}{}, nil
}
