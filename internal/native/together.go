package native

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// BuildTogether compiles units, each of which may depend on those before it, and links them into one object with a hash of its
// own: whoever needs many at once saves most of the time, as linking takes ten times as long as compiling. Opening the object
// loads all of them. It compiles several at a time. The units' archives are in the cache afterwards, their own objects are not.
func (t *Toolchain) BuildTogether(ctx context.Context, hash string, units []*Unit) (*Object, error) {
	if !validHash(hash) {
		return nil, fmt.Errorf("build: %q is not a unit's hash", hash)
	}
	t.use(hash)
	done := map[string]chan struct{}{}
	errs := make([]error, len(units))
	slots := make(chan struct{}, 2) // a compiler uses two processors itself
	var all sync.WaitGroup
	for i, u := range units {
		if done[u.Hash] != nil {
			continue
		}
		mine := make(chan struct{})
		var before []chan struct{}
		for _, d := range u.Deps {
			if c := done[d]; c != nil {
				before = append(before, c)
			}
		}
		done[u.Hash] = mine
		all.Go(func() {
			defer close(mine)
			for _, c := range before {
				<-c
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = t.archive(ctx, u)
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return t.linkTogether(ctx, hash, units)
}

// archive compiles a unit unless the cache has it.
func (t *Toolchain) archive(ctx context.Context, u *Unit) error {
	if !validHash(u.Hash) {
		return fmt.Errorf("build: %q is not a unit's hash", u.Hash)
	}
	t.linking(u)
	t.use(u.Hash)
	unlock, err := lock(ctx, t.file(u.Hash, ".lock"))
	if err != nil {
		return fmt.Errorf("build unit %s: %w", u.Hash, err)
	}
	defer unlock()
	if _, err := os.Stat(t.file(u.Hash, ".a")); err == nil {
		return nil
	}
	return t.building(ctx, u, func(b *building) error {
		if err := b.compileUnit(ctx); err != nil {
			return err
		}
		return b.publishFiles(".deps", ".a")
	})
}

func (t *Toolchain) linkTogether(ctx context.Context, hash string, units []*Unit) (*Object, error) {
	u := &Unit{Hash: hash}
	var main strings.Builder
	main.WriteString("package main\n")
	for _, d := range units {
		if !slices.Contains(u.Deps, d.Hash) {
			u.Deps = append(u.Deps, d.Hash)
			u.Imports = append(u.Imports, d.Imports...)
			fmt.Fprintf(&main, "import _ %q\n", unitPrefix+d.Hash)
		}
	}
	main.WriteString("func main() {}\n")
	err := t.building(ctx, u, func(b *building) error {
		if err := os.WriteFile(b.path("main.go"), []byte(main.String()), 0o600); err != nil {
			return err
		}
		if err := b.compileFiles(ctx, unitPrefix+hash+"/plugin", "main.a", "main.go"); err != nil {
			return err
		}
		if err := b.link(ctx); err != nil {
			return err
		}
		return os.Rename(b.path("unit.so"), t.file(hash, ".so"))
	})
	if err != nil {
		return nil, err
	}
	t.grew(hash)
	return &Object{Hash: hash, Path: t.file(hash, ".so")}, nil
}

// building makes a directory with the sources of u for do.
func (t *Toolchain) building(ctx context.Context, u *Unit, do func(*building) error) error {
	wrap := func(err error) error { return fmt.Errorf("build unit %s: %w", u.Hash, err) }
	idx, err := t.need(ctx, u.Imports)
	if err != nil {
		return wrap(err)
	}
	deps, err := t.closure(u.Deps)
	if err != nil {
		return wrap(err)
	}
	dir, err := os.MkdirTemp(filepath.Join(t.dir, "units"), "build-*")
	if err != nil {
		return wrap(err)
	}
	defer os.RemoveAll(dir)
	if dir, err = filepath.EvalSymlinks(dir); err != nil { // the compiler trims the path it sees
		return wrap(err)
	}
	b := &building{t: t, u: u, dir: dir}
	if err := b.sources(idx, deps); err != nil {
		return wrap(err)
	}
	return do(b)
}
