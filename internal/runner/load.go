package runner

import (
	"fmt"
	"plugin"
	"sync"

	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/internal/unit"
)

// loader opens units, each once.
type loader struct {
	mu    sync.Mutex
	cache *native.Cache // knows this binary; nil until needed; guarded by mu
}

// open opens those of objects that are not loaded, in order.
func (l *loader) open(objects []native.Object) error {
	for _, o := range objects {
		if unit.Lookup(o.Hash) != nil {
			continue
		}
		if err := l.openOne(o); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) openOne(o native.Object) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if unit.Lookup(o.Hash) != nil {
		return nil
	}
	if l.cache == nil {
		id, err := native.Self()
		if err != nil {
			return fmt.Errorf("load unit %s: %w", o.Hash, err)
		}
		l.cache = id
	}
	if err := l.cache.Check(o); err != nil { // a plugin that does not fit must not reach Open: its failure sticks to the path
		return fmt.Errorf("load unit %s: %w", o.Hash, err)
	}
	if _, err := plugin.Open(o.Path); err != nil {
		return fmt.Errorf("load unit %s: %w", o.Hash, err)
	}
	if unit.Lookup(o.Hash) == nil {
		return fmt.Errorf("load unit %s: %s did not register it", o.Hash, o.Path)
	}
	return nil
}
