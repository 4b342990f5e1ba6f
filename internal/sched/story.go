package sched

import (
	"fmt"
	"strings"
	"time"
)

// Step is one thing that happened to a task.
type Step struct {
	At     time.Duration
	What   string
	Engine EngineID // "" when none was involved
	Note   string
}

// maxSteps bounds a story; a task that is retried for ever keeps its beginning.
const maxSteps = 64

// tell adds to a task's story.
func (s *State) tell(k *task, what string, e EngineID, note string) {
	if len(k.story) < maxSteps {
		k.story = append(k.story, Step{s.now, what, e, note})
	}
}

// Story returns everything that happened to a task, oldest first; nil when it
// is unknown or finished too long ago.
func (s *State) Story(id TaskID) []Step {
	if k := s.tasks[id]; k != nil {
		return append([]Step(nil), k.story...)
	}
	if f, ok := s.done.get(id); ok {
		return append([]Step(nil), f.story...)
	}
	return nil
}

// Tell returns a task's story as lines of text.
func (s *State) Tell(id TaskID) string {
	var b strings.Builder
	for _, t := range s.Story(id) {
		fmt.Fprintf(&b, "%v %s", t.At, t.What)
		if t.Engine != "" {
			fmt.Fprintf(&b, " %s", t.Engine)
		}
		if t.Note != "" {
			fmt.Fprintf(&b, " (%s)", t.Note)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// memory keeps the outcome of the last finished tasks.
type memory struct {
	byID  map[TaskID]finished
	order deque[TaskID]
	max   int
}

type finished struct {
	ok    bool
	where EngineID
	story []Step
}

func newMemory(n int) memory { return memory{byID: map[TaskID]finished{}, max: n} }

func (m *memory) add(k *task, ok bool, where EngineID) {
	if _, again := m.byID[k.ID]; !again {
		m.order.push(k.ID)
	}
	m.byID[k.ID] = finished{ok, where, k.story}
	for m.order.len() > m.max {
		delete(m.byID, m.order.pop())
	}
}

func (m *memory) get(id TaskID) (finished, bool) {
	f, ok := m.byID[id]
	return f, ok
}

func (m *memory) has(id TaskID) bool {
	_, ok := m.byID[id]
	return ok
}
