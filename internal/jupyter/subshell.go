package jupyter

import (
	"maps"
	"slices"
)

// maxSubshells bounds the subshells of a kernel; front ends open a handful.
const maxSubshells = 64

// AddSubshell opens a subshell: a queue, served beside the main shell, for the
// requests whose header names it. It returns the subshell's id.
func (m *Mux) AddSubshell() (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.shells) > maxSubshells {
		return "", &Error{Name: "TooManySubshells", Value: "delete one first"}
	}
	if m.stopping || m.serve == nil {
		return "", &Error{Name: "NotServing", Value: "the kernel is starting or ending"}
	}
	id, q := newID(), newQueue()
	m.shells[id] = q
	m.serve(q)
	return id, nil
}

// RemoveSubshell closes a subshell. What it runs goes on to its end, what waits
// there is dropped.
func (m *Mux) RemoveSubshell(id string) error {
	m.mu.Lock()
	q := m.shells[id]
	if id != "" {
		delete(m.shells, id)
	}
	m.mu.Unlock()
	if id == "" || q == nil {
		return &Error{Name: "NoSuchSubshell", Value: "no subshell " + id}
	}
	q.close()
	return nil
}

// Subshells returns the ids of the open subshells, sorted.
func (m *Mux) Subshells() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := slices.Sorted(maps.Keys(m.shells))
	return slices.DeleteFunc(ids, func(id string) bool { return id == "" })
}
