package runner

import (
	"fmt"
	"plugin"
	"sync"

	"github.com/gopar-project/gopar/internal/eval"
	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/internal/unit"
)

// loader opens units, each once.
type loader struct {
	mu    sync.Mutex
	cache *native.Cache // knows this binary; nil until needed; guarded by mu
	units *eval.Loader  // of interpreted units; nil until needed; guarded by mu
}

// interpret loads and opens units that are interpreted, in order.
func (l *loader) interpret(units []eval.Unit) error {
	if len(units) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.units == nil {
		var err error
		if l.units, err = eval.NewLoader(); err != nil {
			return fmt.Errorf("interpret: %w", err)
		}
	}
	for _, u := range units {
		if err := l.units.Load(u); err != nil {
			return err
		}
		if err := l.units.Open(u.Hash); err != nil {
			return err
		}
	}
	return nil
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
