package jupyter

import "sync"

// A ledger remembers which requests came on shell, and the replies that went out, so that a hub that was restarted, or a connection
// that broke, costs neither: whoever asks for a request again learns that it never came, or gets its reply once more.
type ledger struct {
	mu    sync.Mutex
	lines map[string]*line // guarded by mu, like all below: by msg_id
	order []string         // of lines, the oldest first
	sent  []string         // of lines with a reply, the oldest first; forgotten ones included
	bytes int64            // of replies
}

// line is one request.
type line struct {
	to     string   // where its reply went; "" while there is none
	frames [][]byte // its reply; nil while there is none, or when it is forgotten
	size   int64
}

// Bounds of what a ledger remembers: more than a hub has on its way to an engine and back when it dies.
const (
	maxLines      = 16 << 10
	maxLedgerByte = 16 << 20
)

func newLedger() *ledger { return &ledger{lines: map[string]*line{}} }

// came notes a request.
func (l *ledger) came(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if old := l.lines[id]; old != nil { // sent once more, for another attempt
		l.bytes -= old.size
		*old = line{}
		return
	}
	l.lines[id] = &line{}
	l.order = append(l.order, id)
	for len(l.order) > maxLines {
		l.forget(l.order[0])
		delete(l.lines, l.order[0])
		l.order[0] = ""
		l.order = l.order[1:]
	}
}

// went notes a reply.
func (l *ledger) went(id, to string, frames [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.lines[id]
	if x == nil {
		return
	}
	l.bytes -= x.size
	x.to, x.frames, x.size = to, frames, 0
	for _, f := range frames {
		x.size += int64(len(f))
	}
	l.bytes += x.size
	l.sent = append(l.sent, id)
	for len(l.sent) > 0 && (l.bytes > maxLedgerByte || len(l.sent) > maxLines) {
		l.forget(l.sent[0])
		l.sent[0] = ""
		l.sent = l.sent[1:]
	}
}

// forget lets go of a reply. mu is held.
func (l *ledger) forget(id string) {
	if x := l.lines[id]; x != nil {
		l.bytes -= x.size
		x.frames, x.size = nil, 0
	}
}

// find returns what became of a request: known, whether it came; and its reply, where it went to, if it is remembered. answered
// without a reply means that it is forgotten.
func (l *ledger) find(id string) (known, answered bool, to string, frames [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.lines[id]
	if x == nil {
		return false, false, "", nil
	}
	return true, x.to != "", x.to, x.frames
}

// Recall is for an engine that is asked for requests which the hub believes it has. Those that were answered are answered once more,
// with the very same message. It returns those that never came, and those whose reply is not remembered any more; all others are
// being served.
func (c *Conn) Recall(ids []string) (missing, forgotten []string) {
	if c == nil || c.ledger == nil {
		return ids, nil
	}
	for _, id := range ids {
		known, answered, to, frames := c.ledger.find(id)
		switch {
		case !known:
			missing = append(missing, id)
		case answered && frames == nil:
			forgotten = append(forgotten, id)
		case answered:
			if err := c.shell.Send(to, frames); err != nil {
				c.log.Error(err, "reply not sent again", "msg", id)
			}
		}
	}
	return missing, forgotten
}
