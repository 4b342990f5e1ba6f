package native

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"debug/macho"
	"encoding/hex"
	"errors"
	"fmt"
	gobuild "go/build"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// Cgo is what cgo makes of a file that imports "C".
type Cgo struct {
	// Go is the file with its references to C translated.
	Go []byte
	// Types is the Go file that declares what these refer to.
	Types []byte
	// C are the C files and headers to compile with them, by name.
	C map[string][]byte
	// CFlags and LDFlags are those of the file's #cgo directives.
	CFlags, LDFlags []string
	// Digest identifies the C code with everything that it includes.
	Digest string
}

// CgoSource is the name that the file has for cgo and the C compiler: positions that
// are in the C code begin with it.
const CgoSource = "cell.go"

// A CgoError is what cgo or the C compiler said about a file.
type CgoError struct {
	// Said are the lines, without the directory of the file.
	Said []string
}

// Error implements error.
func (e *CgoError) Error() string { return strings.Join(e.Said, "\n") }

// Cgo translates a file that imports "C". Headers and libraries are looked for in dir, too, which is ${SRCDIR} in #cgo
// directives. It returns a *CgoError when the file is wrong.
func (t *Toolchain) Cgo(ctx context.Context, dir string, file []byte) (*Cgo, error) {
	work, err := os.MkdirTemp(t.dir, "cgo-*")
	if err != nil {
		return nil, fmt.Errorf("cgo: %w", err)
	}
	defer os.RemoveAll(work)
	if work, err = filepath.EvalSymlinks(work); err != nil {
		return nil, fmt.Errorf("cgo: %w", err)
	}
	if err := os.WriteFile(filepath.Join(work, CgoSource), file, 0o600); err != nil {
		return nil, fmt.Errorf("cgo: %w", err)
	}
	c := &Cgo{C: map[string][]byte{}}
	if err := t.cgoFlags(ctx, c, work, dir); err != nil {
		return nil, err
	}
	args := append([]string{"-objdir", "obj", "-importpath", "cell", "-trimpath", work + "=>", "--"}, c.CFlags...)
	cmd := t.command(ctx, filepath.Join(t.tools, "cgo"), append(args, CgoSource)...)
	cmd.Dir = work
	cmd.Env = append(slices.Clip(t.env), "CC="+t.compiler, "CGO_LDFLAGS="+quoted(c.LDFlags), "LC_ALL=C.UTF-8")
	if err := said(ctx, cmd, work); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(work, "obj"))
	if err != nil {
		return nil, fmt.Errorf("cgo: %w", err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(work, "obj", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("cgo: %w", err)
		}
		data = bytes.ReplaceAll(data, []byte(work+"/"), nil)
		switch name := e.Name(); {
		case name == "_cgo_gotypes.go":
			c.Types = data
		case strings.HasSuffix(name, ".cgo1.go"):
			c.Go = data
		case name == "_cgo_main.c": // only for internal linking
		case strings.HasSuffix(name, ".c"), strings.HasSuffix(name, ".h"):
			c.C[name] = data
		}
	}
	c.Digest, err = t.preprocessed(ctx, c, work)
	return c, err
}

// cgoFlags reads the #cgo directives, as the go command does.
func (t *Toolchain) cgoFlags(ctx context.Context, c *Cgo, work, dir string) error {
	b := gobuild.Default
	b.CgoEnabled = true
	p, err := b.ImportDir(work, 0)
	if err != nil {
		return &CgoError{Said: []string{strings.ReplaceAll(err.Error(), work+"/", "")}}
	}
	here := func(flags []string) []string {
		out := make([]string, len(flags))
		for i, f := range flags {
			out[i] = strings.ReplaceAll(f, work, dir)
		}
		return out
	}
	c.CFlags = slices.Concat([]string{"-I" + dir}, here(p.CgoCPPFLAGS), here(p.CgoCFLAGS))
	c.LDFlags = here(p.CgoLDFLAGS)
	for i := range p.CgoPkgConfig {
		for _, of := range []struct {
			ask  string
			into *[]string
		}{{"--cflags", &c.CFlags}, {"--libs", &c.LDFlags}} {
			cmd := t.command(ctx, "pkg-config", of.ask, "--", p.CgoPkgConfig[i])
			out, err := output(cmd)
			if err != nil {
				return &CgoError{Said: []string{fmt.Sprintf("pkg-config %s %s: %v", of.ask, p.CgoPkgConfig[i], err)}}
			}
			*of.into = append(*of.into, strings.Fields(string(out))...)
		}
	}
	return nil
}

// preprocessed is a digest of the C code with what it includes, so that a unit is built again when a header changed.
func (t *Toolchain) preprocessed(ctx context.Context, c *Cgo, work string) (string, error) {
	args := slices.Concat(t.ccArgs, []string{"-E", "-P", "-Iobj"}, c.CFlags, []string{"obj/" + strings.TrimSuffix(CgoSource, ".go") + ".cgo2.c"})
	cmd := t.command(ctx, t.compiler, args...)
	cmd.Dir = work
	out, err := output(cmd)
	if err != nil {
		return "", fmt.Errorf("preprocess C code: %w", err)
	}
	sum := sha256.Sum256(cgoPrefix.ReplaceAll(out, nil))
	return hex.EncodeToString(sum[:12]), nil
}

// cgoPrefix is what the names that cgo makes up have in common.
var cgoPrefix = regexp.MustCompile(`_cgo(?:exp)?_[0-9a-f]{12}_`)

// said runs a tool; what it says when it fails is a *CgoError.
func said(ctx context.Context, cmd *exec.Cmd, work string) error {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var ee *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &ee):
		return &CgoError{Said: strings.Split(strings.TrimSpace(strings.ReplaceAll(out.String(), work+"/", "")), "\n")}
	}
	return fmt.Errorf("%s: %w", filepath.Base(cmd.Path), err)
}

// quoted joins flags for an environment variable that cgo splits.
func quoted(flags []string) string {
	out := make([]string, len(flags))
	for i, f := range flags {
		out[i] = f
		if strings.ContainsAny(f, " \t\n'") {
			out[i] = `"` + f + `"`
		}
	}
	return strings.Join(out, " ")
}

// compileC compiles the C files of a unit and returns the objects. What they define is the unit's own: another unit, which may
// be linked with it, may define a function or variable of the same name. So names that C code defines for other files get the
// unit's hash, and are hidden in the shared object.
func (b *building) compileC(ctx context.Context) ([]string, error) {
	for name, text := range b.u.Cgo.C {
		if err := os.WriteFile(b.path(name), text, 0o600); err != nil {
			return nil, fmt.Errorf("build unit %s: %w", b.u.Hash, err)
		}
	}
	objects, err := b.objects(ctx, nil)
	if err != nil {
		return nil, err
	}
	var rename []string
	types := string(b.u.Cgo.Types)
	for _, o := range objects {
		names, err := definedC(b.path(o))
		if err != nil {
			return nil, fmt.Errorf("build unit %s: %w", b.u.Hash, err)
		}
		for _, name := range names {
			own := name + "_" + b.u.Hash
			rename = append(rename, "-D"+name+"="+own)
			types = regexp.MustCompile(`(?m)^(//go:(?:cgo_|linkname ).*\b)`+name+`$`).ReplaceAllString(types, "${1}"+own)
		}
	}
	if len(rename) > 0 {
		if objects, err = b.objects(ctx, rename); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(b.path("_cgo_gotypes.go"), []byte(types), 0o600); err != nil {
		return nil, fmt.Errorf("build unit %s: %w", b.u.Hash, err)
	}
	return objects, nil
}

// objects runs the C compiler.
func (b *building) objects(ctx context.Context, flags []string) ([]string, error) {
	var objects []string
	for _, name := range slices.Sorted(maps.Keys(b.u.Cgo.C)) {
		if !strings.HasSuffix(name, ".c") {
			continue
		}
		object := strings.TrimSuffix(name, ".c") + ".o"
		args := slices.Concat(b.t.ccArgs, []string{"-O2", "-g0", "-fPIC", "-pthread", "-fvisibility=hidden", "-I."}, b.u.Cgo.CFlags, flags, []string{"-c", "-o", object, name})
		cmd := b.t.command(ctx, b.t.compiler, args...)
		cmd.Dir = b.dir
		cmd.Env = append(slices.Clip(b.t.env), "LC_ALL=C.UTF-8")
		if err := said(ctx, cmd, b.dir); err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// definedC lists the names that an object defines for others, without those that cgo makes up, which are unique.
func definedC(object string) ([]string, error) {
	var names []string
	if runtime.GOOS == "darwin" {
		f, err := macho.Open(object)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		for _, s := range f.Symtab.Syms {
			if s.Type&0x01 != 0 && s.Sect != 0 { // N_EXT
				names = append(names, strings.TrimPrefix(s.Name, "_"))
			}
		}
	} else {
		f, err := elf.Open(object)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		syms, err := f.Symbols()
		if err != nil {
			return nil, err
		}
		for _, s := range syms {
			if elf.ST_BIND(s.Info) != elf.STB_LOCAL && s.Section != elf.SHN_UNDEF {
				names = append(names, s.Name)
			}
		}
	}
	return slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, "_cgo_") || strings.HasPrefix(n, "_cgoexp_") }), nil
}

// pack appends objects to an archive, in the format of ar.
func (b *building) pack(archive string, objects []string) error {
	f, err := os.OpenFile(b.path(archive), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	for i, o := range objects {
		data, err := os.ReadFile(b.path(o))
		if err == nil {
			_, err = fmt.Fprintf(f, "%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", fmt.Sprintf("c%d.o", i), 0, 0, 0, 0o644, len(data), data)
		}
		if err == nil && len(data)%2 == 1 {
			_, err = f.Write([]byte{0})
		}
		if err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return f.Close()
}

// missingC makes what the linker says of C code that is not there a *CgoError.
func (b *building) missingC(err error) error {
	var failed *BuildError
	if !errors.As(err, &failed) {
		return err
	}
	var said []string
	for line := range strings.Lines(failed.Output) {
		for _, what := range []string{"undefined reference to", "cannot find -l"} {
			if i := strings.Index(line, what); i >= 0 && !slices.Contains(said, strings.TrimSpace(line[i:])) {
				said = append(said, strings.TrimSpace(line[i:]))
			}
		}
	}
	if len(said) == 0 {
		return err
	}
	return &CgoError{Said: said}
}
