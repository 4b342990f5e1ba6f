package sched

// places remembers which engines had the tasks that are near something, so that
// others that are near it find its code or data there. It is bounded: what was
// used last is kept.
type places struct {
	byKey map[string]*[placesPerKey]EngineID // the latest first
	order deque[string]
}

const (
	maxPlaces    = 16 << 10
	placesPerKey = 8
)

// had notes that e got a task that is near key.
func (p *places) had(key string, e EngineID) {
	if key == "" {
		return
	}
	at := p.byKey[key]
	if at == nil {
		if p.byKey == nil {
			p.byKey = map[string]*[placesPerKey]EngineID{}
		}
		at = new([placesPerKey]EngineID)
		p.byKey[key] = at
		p.order.push(key)
		if p.order.len() > maxPlaces {
			delete(p.byKey, p.order.pop())
		}
	}
	i := 0
	for i < placesPerKey-1 && at[i] != e {
		i++
	}
	copy(at[1:i+1], at[:i])
	at[0] = e
}

// nearest returns the engine with room that k is near to, nil if there is none.
// It is taken only while it has nothing to do that others have not: what is
// near must not make what is idle wait.
func (s *State) nearest(k *task, other *engine) *engine {
	at := s.near.byKey[k.Near]
	if k.Near == "" || at == nil {
		return nil
	}
	for _, id := range at {
		if e := s.engines[id]; e != nil && e.heap >= 0 && k.speaks(e) && e.load() <= other.load() {
			return e
		}
	}
	return nil
}
