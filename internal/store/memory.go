package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/go-logr/logr"
)

// Memory keeps records in memory, and those beyond Budget.Memory in an SQLite file that goes with it. Make one with NewMemory.
type Memory struct {
	budget Budget
	log    logr.Logger

	moving sync.Mutex // held while records are put, moved or dropped; taken before mu

	mu    sync.Mutex // guards all below
	byID  map[string]*Record
	order []*Record // as they were put; replaced and dropped ones included, but less than half
	bytes int64
	disk  *sqlStore // nil until something had to go there; written under moving
	dir   string    // holds its file
}

// NewMemory returns an empty store.
func NewMemory(b Budget, log logr.Logger) *Memory {
	b.setDefaults(countInMemory)
	return &Memory{budget: b, log: log, byID: map[string]*Record{}}
}

// Put enters records.
func (m *Memory) Put(ctx context.Context, records []*Record) error {
	m.moving.Lock()
	defer m.moving.Unlock()
	m.mu.Lock()
	for _, r := range records {
		m.add(r)
	}
	m.mu.Unlock()
	return m.bound(ctx)
}

// add enters one record. Call it under mu.
func (m *Memory) add(r *Record) {
	n := r.Size()
	if n > MaxRecord {
		return
	}
	if old := m.byID[r.ID]; old != nil {
		m.bytes -= old.Size()
	}
	m.byID[r.ID] = r
	m.bytes += n
	m.order = append(m.order, r)
	if len(m.order) > 2*len(m.byID)+64 {
		m.order = slices.DeleteFunc(m.order, func(r *Record) bool { return m.byID[r.ID] != r })
	}
}

// remove drops a record if it is the one that is there. Call it under mu.
func (m *Memory) remove(r *Record) {
	if m.byID[r.ID] == r {
		delete(m.byID, r.ID)
		m.bytes -= r.Size()
	}
}

// oldest takes records off the front of the order while more tells so. They stay where they can be found. Call it under mu.
func (m *Memory) oldest(more func(count int, bytes int64) bool) []*Record {
	var list []*Record
	count, bytes := len(m.byID), m.bytes
	for len(m.order) > 0 {
		r := m.order[0]
		there := m.byID[r.ID] == r
		if there && !more(count, bytes) {
			break
		}
		m.order[0] = nil
		m.order = m.order[1:]
		if there {
			list = append(list, r)
			count--
			bytes -= r.Size()
		}
	}
	return list
}

// bound moves to disk and drops what is too much. Call it under moving.
func (m *Memory) bound(ctx context.Context) error {
	spilled := m.disk.size()
	m.mu.Lock()
	if spilled == 0 { // the oldest are here
		for _, r := range m.oldest(func(count int, _ int64) bool { return count > m.budget.Count }) {
			m.remove(r)
		}
	}
	var move []*Record
	if m.bytes > m.budget.Memory {
		target := m.budget.Memory - m.budget.Memory/20 // many at once are cheaper
		move = m.oldest(func(_ int, bytes int64) bool { return bytes > target })
	}
	here := len(m.byID) - len(move)
	m.mu.Unlock()
	if len(move) == 0 && spilled == 0 {
		return nil
	}
	err := m.spill(ctx, move, max(m.budget.Count-here, 1))
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range move {
		m.remove(r) // also when the disk did not take them: memory is bounded
	}
	if err != nil {
		return fmt.Errorf("%d finished tasks are not kept: %w", len(move), err)
	}
	return nil
}

// spill enters records in the file, which may then hold count of them.
func (m *Memory) spill(ctx context.Context, records []*Record, count int) error {
	if m.disk == nil {
		dir, err := os.MkdirTemp(m.budget.Dir, "gopar-hub-*")
		if err != nil {
			return err
		}
		b := m.budget
		b.Bytes = max(b.Bytes-b.Memory, 1)
		disk, err := openSQLite(ctx, filepath.Join(dir, "tasks.db"), "OFF", b)
		if err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
		m.log.V(1).Info("finished tasks go to disk", "dir", dir)
		m.mu.Lock()
		m.disk, m.dir = disk, dir
		m.mu.Unlock()
	}
	m.disk.budget.Count = count // only Put looks at it
	return m.disk.Put(ctx, records)
}

// Get returns the records that are there.
func (m *Memory) Get(ctx context.Context, ids []string) (map[string]*Record, error) {
	found := map[string]*Record{}
	var others []string
	m.mu.Lock()
	disk := m.disk
	for _, id := range ids {
		if r := m.byID[id]; r != nil {
			found[id] = r
		} else {
			others = append(others, id)
		}
	}
	m.mu.Unlock()
	if disk == nil || len(others) == 0 {
		return found, nil
	}
	spilled, err := disk.Get(ctx, others)
	for id, r := range spilled {
		found[id] = r
	}
	return found, err
}

// Find calls each for the records that match.
func (m *Memory) Find(ctx context.Context, q Query, columns []string, each func(*Record) error) error {
	m.mu.Lock()
	disk := m.disk
	var candidates []*Record
	if ids, ok := q.IDs(); ok {
		for _, id := range ids {
			if r := m.byID[id]; r != nil && !slices.Contains(candidates, r) {
				candidates = append(candidates, r)
			}
		}
	} else {
		candidates = make([]*Record, 0, len(m.byID))
		for _, r := range m.byID {
			candidates = append(candidates, r)
		}
	}
	m.mu.Unlock()
	list := slices.DeleteFunc(candidates, func(r *Record) bool { return !q.Matches(r) })
	slices.SortStableFunc(list, BySubmission)
	if disk != nil {
		here := make(map[string]bool, len(list)) // one that is being moved is in both places
		for _, r := range list {
			here[r.ID] = true
		}
		err := disk.Find(ctx, q, columns, func(r *Record) error {
			if here[r.ID] {
				return nil
			}
			for len(list) > 0 && BySubmission(list[0], r) < 0 {
				first := list[0]
				list = list[1:]
				if err := each(first); err != nil {
					return err
				}
			}
			return each(r)
		})
		if err != nil {
			return err
		}
	}
	for _, r := range list {
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

// BySubmission orders records as Find does.
func BySubmission(a, b *Record) int {
	if c := a.Submitted.Compare(b.Submitted); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

// Delete drops the records that match.
func (m *Memory) Delete(ctx context.Context, q Query) error {
	m.moving.Lock()
	defer m.moving.Unlock()
	m.mu.Lock()
	disk := m.disk
	for _, r := range m.byID {
		if q.Matches(r) {
			m.remove(r)
		}
	}
	m.mu.Unlock()
	if disk == nil {
		return nil
	}
	return disk.Delete(ctx, q)
}

// Close drops everything.
func (m *Memory) Close() error {
	m.moving.Lock()
	defer m.moving.Unlock()
	m.mu.Lock()
	disk, dir := m.disk, m.dir
	m.byID, m.order, m.bytes = map[string]*Record{}, nil, 0
	m.mu.Unlock()
	if disk == nil {
		return nil
	}
	return errors.Join(disk.Close(), os.RemoveAll(dir))
}
