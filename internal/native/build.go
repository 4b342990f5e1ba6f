package native

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// unitPrefix is the import path prefix of units; unit.PathPrefix says the same to the runner.
const unitPrefix = "cell/"

// Build compiles and links u unless the cache has it. The units u depends on must have been built on this machine. Processes
// that want the same unit wait for the one that builds it. It returns a *BuildError when a tool refuses the unit.
func (t *Toolchain) Build(ctx context.Context, u *Unit) (*Object, error) {
	if !validHash(u.Hash) {
		return nil, fmt.Errorf("build: %q is not a unit's hash", u.Hash)
	}
	t.linking(u)
	t.use(u.Hash)
	if t.built(u.Hash) {
		return &Object{Hash: u.Hash, Path: t.file(u.Hash, ".so")}, nil
	}
	began := time.Now()
	unlock, err := lock(ctx, t.file(u.Hash, ".lock"))
	if err != nil {
		return nil, fmt.Errorf("build unit %s: %w", u.Hash, err)
	}
	defer unlock()
	if !t.built(u.Hash) { // else another process was faster
		if err := t.make(ctx, u); err != nil {
			return nil, err
		}
		t.grew(u.Hash)
		t.log.V(1).Info("built unit", "unit", u.Hash, "took", time.Since(began))
	}
	return &Object{Hash: u.Hash, Path: t.file(u.Hash, ".so")}, nil
}

// built tells whether a unit is complete here: the object comes last, but an object that was stored has no archive, which
// units that depend on it need.
func (t *Toolchain) built(hash string) bool {
	for _, ext := range []string{".so", ".a"} {
		if _, err := os.Stat(t.file(hash, ext)); err != nil {
			return false
		}
	}
	return true
}

func (t *Toolchain) make(ctx context.Context, u *Unit) error {
	return t.building(ctx, u, func(b *building) error {
		if err := b.compile(ctx); err != nil {
			return err
		}
		if err := b.link(ctx); err != nil {
			return err
		}
		if err := b.publish(); err != nil {
			return fmt.Errorf("build unit %s: %w", u.Hash, err)
		}
		return nil
	})
}

// closure returns hashes and everything they depend on, each once.
func (t *Toolchain) closure(hashes []string) ([]string, error) {
	seen := map[string]bool{}
	var all []string
	for todo := slices.Clone(hashes); len(todo) > 0; todo = todo[1:] {
		h := todo[0]
		if seen[h] {
			continue
		}
		seen[h] = true
		all = append(all, h)
		if !validHash(h) {
			return nil, fmt.Errorf("%q is not a unit's hash", h)
		}
		data, err := os.ReadFile(t.file(h, ".deps"))
		if err != nil {
			return nil, fmt.Errorf("unit %s, which it depends on, is not built: %w", h, err)
		}
		todo = append(todo, strings.Fields(string(data))...)
	}
	return all, nil
}

// building is one unit in the making, in a directory of its own.
type building struct {
	t   *Toolchain
	u   *Unit
	dir string
}

func (b *building) path(name string) string { return filepath.Join(b.dir, name) }

func (b *building) sources(idx *index, deps []string) error {
	cfg, err := os.ReadFile(idx.Importcfg)
	if err != nil {
		return err
	}
	files, names := b.t.overlayConfig(idx)
	cfg = append(cfg, files...)
	for _, h := range deps {
		cfg = fmt.Appendf(cfg, "packagefile %s%s=%s\n", unitPrefix, h, b.t.file(h, ".a"))
	}
	cfg = fmt.Appendf(cfg, "packagefile %s%s=%s\n", unitPrefix, b.u.Hash, b.path("unit.a"))
	main := fmt.Sprintf("package main\nimport _ %q\nfunc main() {}\n", unitPrefix+b.u.Hash)
	return errors.Join(
		os.WriteFile(b.path("importcfg.link"), cfg, 0o600),
		os.WriteFile(b.path("importcfg"), append(cfg, names...), 0o600),
		os.WriteFile(b.path("unit.go"), b.u.Source, 0o600),
		os.WriteFile(b.path("main.go"), []byte(main), 0o600),
		os.WriteFile(b.path("unit.deps"), []byte(strings.Join(b.u.Deps, "\n")), 0o600),
	)
}

// compile makes unit.a and the plugin's main package. Positions come from //line comments ("cell 3"), which the compiler takes
// for file names in this directory; trimming it leaves them as they are.
func (b *building) compile(ctx context.Context) error {
	if err := b.compileUnit(ctx); err != nil {
		return err
	}
	return b.compileFiles(ctx, unitPrefix+b.u.Hash+"/plugin", "main.a", "main.go")
}

// compileUnit makes unit.a.
func (b *building) compileUnit(ctx context.Context) error {
	files := []string{"unit.go"}
	if b.u.Embed != nil {
		if err := b.embed(); err != nil {
			return fmt.Errorf("build unit %s: %w", b.u.Hash, err)
		}
		files = append([]string{"-embedcfg", "embedcfg"}, files...)
	}
	var objects []string
	if b.u.Cgo != nil {
		files = append(files, "_cgo_gotypes.go")
		var err error
		if objects, err = b.compileC(ctx); err != nil {
			return err
		}
	}
	if err := b.compileFiles(ctx, unitPrefix+b.u.Hash, "unit.a", files...); err != nil {
		return err
	}
	if err := b.plainNames(); err != nil {
		return fmt.Errorf("build unit %s: %w", b.u.Hash, err)
	}
	if b.u.Cgo != nil {
		if err := b.pack("unit.a", objects); err != nil {
			return fmt.Errorf("build unit %s: %w", b.u.Hash, err)
		}
	}
	return nil
}

// compileFiles makes the archive of a package.
func (b *building) compileFiles(ctx context.Context, pkg, archive string, files ...string) error {
	args := []string{"-dynlink", "-lang=" + langVersion(), "-pack", "-c=2", "-importcfg", "importcfg", "-trimpath", b.dir + "=>", "-p", pkg, "-o", archive}
	return b.tool(ctx, "compile", append(args, files...)...)
}

// langVersion is the language version of this Go release ("go1.26").
func langVersion() string {
	v := strings.SplitN(runtime.Version(), ".", 3)
	if len(v) < 2 {
		return "go1.26"
	}
	return v[0] + "." + v[1]
}

func (b *building) link(ctx context.Context) error {
	args := []string{"-o", "unit.so", "-importcfg", "importcfg.link", "-pluginpath", unitPrefix + b.u.Hash + "/plugin", "-buildmode=plugin",
		"-s", "-w", "-extld=" + b.t.cc}
	var ext []string
	if b.t.gold {
		ext = append(ext, "-fuse-ld=gold")
	}
	if b.u.Cgo != nil && runtime.GOOS != "darwin" { // there it is the rule
		ext = append(ext, "-Wl,-z,defs") // what C code lacks is told now, and not by a failing plugin.Open
	}
	if ext != nil {
		args = append(args, "-extldflags="+strings.Join(ext, " "))
	}
	if err := b.tool(ctx, "link", append(args, "main.a")...); err != nil {
		return b.missingC(err)
	}
	f, err := os.OpenFile(b.path("unit.so"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("link unit %s: %w", b.u.Hash, err)
	}
	_, err = f.Write(b.t.seal(b.u.Hash))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("link unit %s: %w", b.u.Hash, err)
	}
	return nil
}

func (b *building) tool(ctx context.Context, name string, args ...string) error {
	cmd := b.t.command(ctx, filepath.Join(b.t.tools, name), args...)
	cmd.Dir = b.dir
	// A unit is small: collecting garbage while building it costs time and frees nothing. The limit is for the exception.
	cmd.Env = append(slices.Clip(cmd.Env), "GOGC=off", "GOMEMLIMIT=768MiB", "TMPDIR="+b.dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var ee *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s unit %s: %w", name, b.u.Hash, ctx.Err())
	case errors.As(err, &ee):
		return &BuildError{Hash: b.u.Hash, Step: name, Output: strings.TrimSpace(out.String())}
	}
	return fmt.Errorf("%s unit %s: %w", name, b.u.Hash, err)
}

// publish moves the results into the cache, the object last, as it says that the unit is there.
func (b *building) publish() error { return b.publishFiles(".deps", ".a", ".so") }

func (b *building) publishFiles(exts ...string) error {
	for _, ext := range exts {
		if err := os.Rename(b.path("unit"+ext), b.t.file(b.u.Hash, ext)); err != nil {
			return err
		}
	}
	return nil
}
