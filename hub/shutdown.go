package hub

import (
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// shutdown ends the hub: the client has its reply and all clients the
// notification before the sockets close.
func (h *Hub) shutdown(from string, m *jupyter.Message, _ [][]byte) error {
	h.log.Info("shutdown requested", "client", printable(from))
	h.answer(from, m, proto.ShutdownReplyType, proto.OK{Status: proto.StatusOK})
	h.under(func() { h.notify(proto.ShutdownNotificationType, proto.ShutdownNotification{Status: proto.StatusOK}) })
	h.stop()
	return nil
}
