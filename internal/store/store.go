// Package store keeps finished tasks: what was asked, what came of it, what was shown meanwhile. There is one small interface,
// Store, and a file for each kind: memory.go, which spills to disk (the default), sqlite.go, postgres.go and none.go. One suite
// of tests, in store_test.go, holds for all of them.
//
// It knows neither sockets nor scheduling, and it is not where tasks wait: a hub holds those that are not finished itself.
//
// # Invariants
//
//   - Every store is bounded by a Budget; the tasks submitted first are dropped first.
//   - A query means the same in every store: what a database selects is only ever too much, and is matched once more here.
//   - A Record is not changed after it was put.
package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-logr/logr"
)

// Store keeps finished tasks. Its methods may be called concurrently.
type Store interface {
	// Put enters records. One whose ID is there replaces it. It returns when they can be found; those larger than MaxRecord are left
	// out. On an error some may have been entered; putting all of them again does no harm.
	Put(ctx context.Context, records []*Record) error
	// Get returns the records of ids that are there, with their buffers, by id.
	Get(ctx context.Context, ids []string) (map[string]*Record, error)
	// Find calls each for the records that match q, in the order of their submission, until it returns an error, which is
	// returned. Of a record at least ID, Submitted, and the named columns are set. each may not call the store.
	Find(ctx context.Context, q Query, columns []string, each func(*Record) error) error
	// Delete drops the records that match q; an empty query matches all.
	Delete(ctx context.Context, q Query) error
	// Close ends the store. What is meant to last was written before Put returned. Call it once, after all other calls.
	Close() error
}

// MaxRecord is the size of the largest record that is kept, in bytes.
const MaxRecord = 512 << 20

// Budget bounds a store. The zero value is the defaults.
type Budget struct {
	// Memory is how many bytes of records are held in memory; more go to a file, on disk. Only the memory store looks at it.
	// Default: 256 MiB, which is 100,000 tasks without large data.
	Memory int64
	// Bytes is how many bytes of records are kept in all. Default: 4 GiB.
	Bytes int64
	// Count is how many records are kept. Default: 100,000 in memory, which then do not spill; 10,000,000 in a database.
	Count int
	// Dir is where the memory store spills to, in a file of its own that is gone when the store is closed and that nobody else may
	// read. Default: os.TempDir().
	Dir string
}

func (b *Budget) setDefaults(count int) {
	if b.Memory <= 0 {
		b.Memory = 256 << 20
	}
	if b.Bytes <= 0 {
		b.Bytes = 4 << 30
	}
	if b.Count <= 0 {
		b.Count = count
	}
}

// Defaults of Budget.Count.
const (
	countInMemory   = 100_000
	countInDatabase = 10_000_000
)

// ErrPassword says that a store's address holds a password, which other users of the machine could read on the command line.
var ErrPassword = errors.New("the address of the store holds a password, which anybody can read in a command line: put it into ~/.pgpass or $PGPASSWORD")

// Open opens the store of the given address: "" or "memory", "none", "sqlite:PATH", or a URL "postgres://user@host/database".
func Open(ctx context.Context, address string, b Budget, log logr.Logger) (Store, error) {
	kind, rest, _ := strings.Cut(address, ":")
	switch kind {
	case "", "memory":
		return NewMemory(b, log), nil
	case "none":
		return None{}, nil
	case "sqlite":
		if rest == "" {
			return nil, errors.New("sqlite: without a file: want sqlite:PATH")
		}
		return OpenSQLite(ctx, rest, b)
	case "postgres", "postgresql":
		u, err := url.Parse(address)
		if err != nil {
			return nil, errors.New("the address of the store is no URL: want postgres://user@host/database") // err would repeat it
		}
		if _, given := u.User.Password(); given || u.Query().Has("password") {
			return nil, ErrPassword
		}
		return OpenPostgres(ctx, address, b)
	}
	return nil, fmt.Errorf("unknown store %q: want memory, none, sqlite:PATH or postgres://user@host/database", kind)
}
