package store

import "context"

// None keeps nothing.
type None struct{}

// Put drops the records.
func (None) Put(context.Context, []*Record) error { return nil }

// Get finds nothing.
func (None) Get(context.Context, []string) (map[string]*Record, error) { return nil, nil }

// Find finds nothing.
func (None) Find(context.Context, Query, []string, func(*Record) error) error { return nil }

// Delete has nothing to drop.
func (None) Delete(context.Context, Query) error { return nil }

// Close does nothing.
func (None) Close() error { return nil }
