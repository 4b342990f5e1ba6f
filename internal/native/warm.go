package native

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Warm prepares everything a first cell needs — the standard library compiled for units takes 20 s of CPU the first time — and
// proves it by building one unit. progress, which may be nil, is called with what is done, of how many steps at most, and what
// is being worked on; a warm cache jumps to the end.
func (t *Toolchain) Warm(ctx context.Context, progress func(done, total int, what string)) error {
	if progress == nil {
		progress = func(int, int, string) {}
	}
	limit, err := Limit()
	if err != nil {
		return err
	}
	t.shrink(limit, time.Now())
	idx := t.current()
	if idx == nil {
		var err error
		if idx, err = t.warmPackages(ctx, progress); err != nil {
			return err
		}
	}
	total := len(idx.Packages) + 1
	progress(total-1, total, "a first unit")
	first := &Unit{Hash: "warm1", Imports: []string{"fmt"}, Source: []byte("package main\n\nimport \"fmt\"\n\nvar hello = fmt.Sprint(\"hello\")\n")}
	if _, err := t.Build(ctx, first); err != nil {
		return err
	}
	progress(total, total, "ready")
	return nil
}

func (t *Toolchain) warmPackages(ctx context.Context, progress func(done, total int, what string)) (*index, error) {
	progress(0, 1, "listing packages")
	args := append(append([]string{"list", "-deps"}, t.flags...), "std")
	cmd := t.command(ctx, t.gobin, append(args, t.ownPackages()...)...)
	cmd.Dir = t.source
	out, err := output(cmd)
	if err != nil {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	done, total := 0, strings.Count(string(out), "\n")+1
	return t.prepare(ctx, nil, func(pkg string) {
		done++
		progress(min(done, total-1), total, pkg)
	})
}
