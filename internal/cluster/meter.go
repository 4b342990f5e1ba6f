package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/zmtp"
)

const (
	// usageAtOnce is how many engines one reading asks what they take of their
	// machine: of a large cluster, each has its turn.
	usageAtOnce = 32
	// usagePatience is when an engine that did not answer is asked again.
	usagePatience = 10 * time.Second
)

// Meter reads the load of one cluster again and again over the same connection.
// Its methods are for one goroutine. Close it.
type Meter struct {
	hub     *hubLink
	control *zmtp.Dealer // nil until the first Read
	next    int          // engine that is asked first

	mu    sync.Mutex
	asked map[string]string    // guarded by mu: engine by msg_id of the usage_request
	when  map[string]time.Time // guarded by mu: by engine; not answered yet
	usage map[string]Usage     // guarded by mu: by engine, as it said last
}

// Meter connects to the cluster's hub. Its error says that there is none.
func (c *Cluster) Meter(ctx context.Context) (*Meter, error) {
	h, err := dialHub(ctx, c.ConnectionFile(), c.log)
	if err != nil {
		return nil, err
	}
	return &Meter{hub: h, asked: map[string]string{}, when: map[string]time.Time{}, usage: map[string]Usage{}}, nil
}

// Close ends the connection at once.
func (m *Meter) Close() {
	m.hub.close()
	if m.control != nil {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // nothing is outstanding that matters
		m.control.Close(ctx)
	}
}

// Read asks the hub what there is to do, and engines what they take. It does not
// wait for the engines: their usage is what they answered to the readings
// before. It blocks for at most 2 s when the hub does not answer.
func (m *Meter) Read(ctx context.Context) (Load, error) {
	load, uuids, err := m.load(ctx)
	if err != nil {
		return Load{}, err
	}
	m.mu.Lock()
	for i, uuid := range uuids {
		if u, ok := m.usage[uuid]; ok {
			load.Engines[i].Usage = &u
		}
	}
	m.mu.Unlock()
	return load, m.askUsage(uuids)
}

// askUsage asks the engines whose turn it is.
func (m *Meter) askUsage(uuids []string) error {
	if m.control == nil {
		m.control = zmtp.NewDealer(zmtp.Options{Curve: m.hub.curve}, m.told)
		if err := m.control.Dial(m.hub.info.Endpoint(m.hub.info.Control)); err != nil {
			return err
		}
	}
	m.forget(uuids)
	for range min(usageAtOnce, len(uuids)) {
		m.next++
		uuid := uuids[m.next%len(uuids)]
		m.mu.Lock()
		waits := time.Since(m.when[uuid]) < usagePatience
		m.mu.Unlock()
		if waits {
			continue
		}
		q, err := m.hub.session.New("usage_request", nil, jupyter.UsageRequest{})
		if err != nil {
			return err
		}
		q.Idents = [][]byte{[]byte(uuid)}
		m.mu.Lock()
		m.asked[q.Header.MsgID], m.when[uuid] = uuid, time.Now()
		m.mu.Unlock()
		if err := m.control.Send(m.hub.session.Encode(q)); err != nil {
			return err
		}
	}
	return nil
}

// forget drops what is known of engines that are gone, and questions that were
// given up.
func (m *Meter) forget(uuids []string) {
	there := make(map[string]bool, len(uuids))
	for _, uuid := range uuids {
		there[uuid] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for uuid := range m.usage {
		if !there[uuid] {
			delete(m.usage, uuid)
		}
	}
	for uuid := range m.when {
		if !there[uuid] {
			delete(m.when, uuid)
		}
	}
	for id, uuid := range m.asked {
		if !there[uuid] || time.Since(m.when[uuid]) >= usagePatience {
			delete(m.asked, id)
			delete(m.when, uuid)
		}
	}
}

// told takes an engine's answer.
func (m *Meter) told(frames [][]byte) {
	r, err := m.hub.session.Decode(frames)
	if err != nil {
		return // not signed by the hub
	}
	parent, err := r.ParentHeader()
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	uuid, ok := m.asked[parent.MsgID]
	if !ok {
		return // given up
	}
	delete(m.asked, parent.MsgID)
	delete(m.when, uuid)
	var u jupyter.UsageReply
	if r.Header.MsgType != "usage_reply" || r.Bind(&u) != nil || u.PID == 0 {
		m.when[uuid] = time.Now() // it does not know: not again at once
		delete(m.usage, uuid)
		return
	}
	m.usage[uuid] = Usage{CPU: u.KernelCPU, Memory: u.KernelMemory}
}
