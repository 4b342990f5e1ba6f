package hub

import (
	"sort"
	"time"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
)

// maxSlots bounds the tasks one engine may say it runs at once.
const maxSlots = 4096

// watch is a set of an engine's connections.
type watch uint8

const (
	watchMux watch = 1 << iota
	watchTask
	watchBroadcast
	watchControl
	watchIOPub
	watchHeart

	// watchReady must be there before the engine is announced: a message to a
	// socket that is not there yet would be lost. libzmq's PUB sockets tell no
	// identity, so watchIOPub is seen of Go engines only.
	watchReady   = watchMux | watchTask | watchBroadcast | watchControl
	watchReadyGo = watchReady | watchIOPub
	// watchAlive are those that the engine's own process holds; a nanny holds
	// watchControl.
	watchAlive = watchMux | watchTask | watchBroadcast | watchIOPub | watchHeart
)

// engine is one engine that has asked for registration.
type engine struct {
	id         int
	uuid       string
	language   string
	slots      int // tasks it runs at once
	place      *proto.Place
	registered bool           // announced: it had its first heartbeat
	restored   bool           // was there before the hub was restarted, and is awaited
	held       []sched.TaskID // load-balanced tasks it had then; nil when it is back
	early      []func()       // serve replies that came before its other connections; nil when it is back
	unsent     [][][]byte     // what came for it since then; nil when it is back
	asked      time.Time
	beat       time.Time // last answer to a ping; zero: none yet
	missed     int       // pings in a row
	queue      map[string]*record
	control    map[string]*controlRequest // not answered yet
	completed  int
}

// link is what is known of the connections under one identity.
type link struct {
	up     watch
	remote bool // not on this machine: its connections may come back
	gone   time.Time
}

// registry is who is there. Guarded by Hub.mu.
type registry struct {
	byUUID map[string]*engine
	byID   map[int]*engine
	links  map[string]*link
	silent map[string]*engine // given up without their having left, by uuid; at most maxSilent
	next   int                // ids are never given out twice

	awaited int // engines that were there before the restart and are not back
}

func newRegistry() registry {
	return registry{byUUID: map[string]*engine{}, byID: map[int]*engine{}, links: map[string]*link{}, silent: map[string]*engine{}}
}

// enter adds an engine under the wanted id, or the next one.
func (r *registry) enter(q proto.RegistrationRequest, now time.Time) *engine {
	id := r.next
	if q.ID != nil && *q.ID >= 0 && *q.ID < 1<<20 && r.byID[*q.ID] == nil {
		id = *q.ID
	}
	for r.byID[id] != nil {
		id++
	}
	r.next = max(r.next, id+1)
	delete(r.silent, q.UUID)
	e := &engine{id: id, uuid: q.UUID, language: proto.EngineLanguage(q.Language), slots: min(max(q.Slots, 1), maxSlots), place: q.Place, asked: now, queue: map[string]*record{}, control: map[string]*controlRequest{}}
	r.byUUID[e.uuid], r.byID[id] = e, e
	return e
}

func (r *registry) remove(e *engine) {
	delete(r.byUUID, e.uuid)
	delete(r.byID, e.id)
}

// registered returns the announced engine of that uuid, or nil.
func (r *registry) registered(uuid string) *engine {
	if e := r.byUUID[uuid]; e != nil && e.registered {
		return e
	}
	return nil
}

// expected returns the engine of that uuid if it is announced, or awaited after a restart; or nil.
func (r *registry) expected(uuid string) *engine {
	if e := r.byUUID[uuid]; e != nil && (e.registered || e.restored) {
		return e
	}
	return nil
}

// all returns the announced engines by id.
func (r *registry) all() []*engine {
	list := make([]*engine, 0, len(r.byID))
	for _, e := range r.byID {
		if e.registered {
			list = append(list, e)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].id < list[j].id })
	return list
}

// ready reports whether an engine's connections are all there.
func (r *registry) ready(e *engine) bool {
	need := watchReady
	if e.language == proto.Go {
		need = watchReadyGo
	}
	return r.link(e.uuid).up&need == need
}

func (r *registry) link(uuid string) *link {
	l := r.links[uuid]
	if l == nil {
		l = &link{}
		r.links[uuid] = l
	}
	return l
}

// connected notes that a connection of an engine is there.
func (h *Hub) connected(uuid string, part watch, local bool) {
	h.under(func() {
		l := h.registry.link(uuid)
		l.up |= part
		l.remote = l.remote || !local
		l.gone = time.Time{}
		h.complete(h.registry.byUUID[uuid], false)
	})
}

// disconnected notes that a connection of an engine ended. An engine on this
// machine all of whose connections ended is dead.
func (h *Hub) disconnected(uuid string, part watch) {
	dead := false
	h.under(func() {
		l := h.registry.link(uuid)
		l.up &^= part
		if l.up&watchAlive == 0 {
			dead = h.registry.byUUID[uuid] != nil && !l.remote
			l.gone = time.Now()
		}
		if l.up == 0 && h.registry.byUUID[uuid] == nil {
			delete(h.registry.links, uuid)
		}
	})
	if dead {
		h.giveUp(uuid, "its connections ended")
	}
}

// lose unregisters an engine and deals with what it leaves behind.
func (h *Hub) lose(uuid, why string) {
	var lost *engine
	h.under(func() {
		e := h.registry.byUUID[uuid]
		if e == nil {
			return
		}
		h.registry.remove(e)
		if l := h.registry.links[uuid]; l != nil && l.up == 0 {
			delete(h.registry.links, uuid)
		}
		if !e.registered && !e.restored {
			return
		}
		lost = e
		h.note(jLost, []byte(uuid))
		h.returned(e)
		for _, id := range e.held {
			h.obey(h.sched.Submit(h.now(), sched.Task{ID: id}))
		}
		e.held, e.unsent, e.early = nil, nil, nil
		answered := len(e.queue) > 0 || len(h.broadcasts) > 0
		h.orphanDirect(e)
		h.orphanBroadcasts(e)
		h.orphanControl(e)
		h.obey(h.sched.Lose(h.now(), sched.EngineID(uuid)))
		h.release()
		announce := func() {
			h.notify(proto.UnregistrationNotificationType, proto.EngineNotification{ID: e.id, UUID: uuid, Language: e.language})
		}
		if answered {
			h.after(announce)
		} else {
			announce()
		}
	})
	if lost != nil {
		h.log.Info("engine lost", "engine", lost.id, "uuid", uuid, "why", why)
	}
}
