package hub

import (
	"testing"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// TestAStuckClientIsCutOff: a client that does not read costs the hub no more than a buffer, and the others nothing; it finds its
// results when it is back.
func TestAStuckClientIsCutOff(t *testing.T) {
	h := startHub(t, Config{ClientBuffer: 1 << 20})
	c := newClient(t, h)
	startEngine(t, h, c, echo)
	cut, release := make(chan struct{}), make(chan struct{})
	stuck := zmtp.NewDealer(zmtp.Options{Identity: []byte("stuck"), OnDisconnect: func(*zmtp.Peer) {
		select {
		case cut <- struct{}{}:
		default:
		}
	}}, func([][]byte) { <-release })
	t.Cleanup(func() { closeAll(stuck) })
	info := h.ClientInfo()
	if err := stuck.Dial(info.Endpoint(info.Task)); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for range 200 { // more than the system's buffers, and the hub's, hold
		m := c.message(proto.ApplyRequestType, nil, struct{}{})
		m.Buffers = [][]byte{make([]byte, 100<<10)}
		if err := stuck.Send(c.session.Encode(m)); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.Header.MsgID)
	}
	c.tasks.answerTo(t, c.apply(proto.TaskMetadata{})) // nobody else waits
	for _, id := range ids {
		answered(t, c, id, func() {})
	}
	close(release)
	<-cut
}
