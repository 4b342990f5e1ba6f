package modules

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/internal/native"
)

// inputs are all files that say which modules a notebook has.
type inputs struct {
	key string // hash of the files' contents
	mod *modfile
	// beside is gopar.mod's contents, nil when there is none, sums gopar.sum's.
	beside, sums []byte
	host         []byte // gopar's own go.mod
	hostSums     []byte // and go.sum
	// users are the user's own modules around the notebook, work what the go.work says, if there is one.
	users    []folder
	work     *modfile
	workDir  string
	userSums []byte // the go.sum files of those
}

// folder is a module of the user's.
type folder struct {
	dir string
	mod *modfile
}

// file is where gopar.mod is: in the notebook's folder, or in the cache if it is there.
func (n *Notebook) file() string {
	beside := filepath.Join(n.dir, File)
	if _, err := os.Stat(beside); err == nil {
		return beside
	}
	if kept := n.kept(); kept != "" {
		return kept
	}
	return beside
}

// kept is the gopar.mod in the cache, for a folder that cannot be written to; "" if there is none.
func (n *Notebook) kept() string {
	file := filepath.Join(n.tools.KeepDir(n.name()), File)
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return file
}

// read reads the files. It starts no process.
func (n *Notebook) read() (*inputs, error) {
	in := new(inputs)
	h := sha256.New()
	take := func(file string, must bool) ([]byte, error) {
		data, err := os.ReadFile(file)
		if err != nil && (must || !errors.Is(err, os.ErrNotExist)) {
			return nil, &Error{Msg: err.Error(), Err: err}
		}
		fmt.Fprintf(h, "%s %d\n%s", file, len(data), data)
		return data, nil
	}
	var err error
	if in.host, err = take(filepath.Join(n.tools.Source(), "go.mod"), true); err != nil {
		return nil, err
	}
	if in.hostSums, err = take(filepath.Join(n.tools.Source(), "go.sum"), false); err != nil {
		return nil, err
	}
	file := n.file()
	if in.beside, err = take(file, false); err != nil {
		return nil, err
	}
	if in.sums, err = os.ReadFile(filepath.Join(filepath.Dir(file), SumFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, &Error{Msg: err.Error(), Err: err}
	}
	if err := in.findUsers(n.dir, take); err != nil {
		return nil, err
	}
	if in.mod, err = parse(file, in.beside); err != nil {
		return nil, err
	}
	in.key = hex.EncodeToString(h.Sum(nil)[:16])
	return in, nil
}

// findUsers reads the workspace or the module that the notebook's folder lies in.
func (in *inputs) findUsers(dir string, take func(string, bool) ([]byte, error)) error {
	var dirs []string
	if file := findWork(dir); file != "" {
		data, err := take(file, true)
		if err != nil {
			return err
		}
		if in.work, err = parse(file, data); err != nil {
			return err
		}
		in.workDir = filepath.Dir(file)
		for _, u := range in.work.use {
			dirs = append(dirs, version{Path: u}.under(in.workDir).Path)
		}
		sums, err := take(file+".sum", false)
		if err != nil {
			return err
		}
		in.userSums = join(in.userSums, sums)
	} else if d := findUp(dir, "go.mod"); d != "" {
		dirs = []string{d}
	}
	for _, d := range dirs {
		file := filepath.Join(d, "go.mod")
		data, err := take(file, true)
		if err != nil {
			return err
		}
		m, err := parse(file, data)
		if err != nil {
			return err
		}
		if m.path == hostModule {
			continue // gopar itself
		}
		in.users = append(in.users, folder{d, m})
		sums, err := take(filepath.Join(d, "go.sum"), false)
		if err != nil {
			return err
		}
		in.userSums = join(in.userSums, sums)
	}
	return nil
}

const hostModule = "github.com/gopar-project/gopar"

// findUp returns the nearest directory from dir up that has a file.
func findUp(dir, name string) string {
	for {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
		dir = filepath.Dir(dir)
	}
}

// findWork returns the go.work that applies to a directory, as the go command finds it.
func findWork(dir string) string {
	switch w := os.Getenv("GOWORK"); w {
	case "":
	case "off":
		return ""
	default:
		return w
	}
	if d := findUp(dir, "go.work"); d != "" {
		return filepath.Join(d, "go.work")
	}
	return ""
}

// importable refuses paths that no module can provide, before the network is asked.
func (in *inputs) importable(paths []string) error {
	for _, p := range paths {
		first, _, _ := strings.Cut(p, "/")
		if strings.HasPrefix(p, "./") || strings.HasPrefix(p, "../") || filepath.IsAbs(p) {
			return &Error{
				Msg:    fmt.Sprintf("%q is a directory, not an import path", p),
				Remedy: "import the package by the path of its module; %mod replace PATH=DIR says where that is",
			}
		}
		if !strings.Contains(first, ".") && len(in.users) == 0 && len(in.mod.replace) == 0 {
			return &Error{
				Msg:    "package " + p + " is not in the standard library",
				Remedy: "paths of modules begin with a host's name; for a local module: %mod replace PATH=DIR",
			}
		}
	}
	return nil
}

// usesHost tells whether one of the modules requires gopar.
func (in *inputs) usesHost() bool {
	uses := in.mod.version(hostModule) != ""
	for _, u := range in.users {
		uses = uses || u.mod.version(hostModule) != ""
	}
	return uses
}

// extend writes the go.mod and go.sum by which the notebook's packages are built into dir. The requirement of the module without
// is left out.
func (n *Notebook) extend(dir string, in *inputs, without string) (native.ModFile, error) {
	by := native.ModFile{Dir: dir, File: filepath.Join(dir, "go.mod")}
	var b bytes.Buffer
	sums := join(in.userSums, in.sums)
	if in.usesHost() {
		by.Dir = n.tools.Source()
		b.Write(in.host)
		sums = join(in.hostSums, sums)
	} else {
		fmt.Fprintf(&b, "module cells\n\ngo %s\n\nreplace %s => %s\n", goVersion(), hostModule, quote(n.tools.Source()))
	}
	fmt.Fprintf(&b, "\nrequire %s v0.0.0\n\nreplace %s => %s\n", moduleName, moduleName, quote(filepath.Join(dir, moduleName)))
	replaced := map[string]bool{}
	lift := func(from *modfile, base string) { // what counts in a main module only
		for _, r := range from.replace {
			if key := r.old.String(); !replaced[key] && r.old.Path != hostModule {
				replaced[key] = true
				fmt.Fprintf(&b, "replace %s => %s\n", r.old, r.new.under(base))
			}
		}
		for _, x := range from.exclude {
			fmt.Fprintf(&b, "exclude %s\n", x)
		}
	}
	lift(in.mod, n.dir)
	if in.work != nil {
		lift(in.work, in.workDir)
	}
	for _, u := range in.users {
		if !replaced[u.mod.path] {
			replaced[u.mod.path] = true
			fmt.Fprintf(&b, "require %s %s\nreplace %s => %s\n", u.mod.path, someVersion(u.mod.path), u.mod.path, quote(u.dir))
		}
		lift(u.mod, u.dir)
	}
	mod := in.mod.clone()
	mod.require = slices.DeleteFunc(mod.require, func(r requirement) bool { return r.Path == without })
	mod.replace, mod.exclude = nil, nil
	err := errors.Join(
		os.MkdirAll(filepath.Join(dir, moduleName), 0o700),
		os.WriteFile(filepath.Join(dir, moduleName, "go.mod"), mod.text(), 0o600),
		os.WriteFile(by.File, b.Bytes(), 0o600),
		os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o600),
	)
	if err != nil {
		return by, fmt.Errorf("modules: %w", err)
	}
	return by, nil
}

// moduleName is the module path of gopar.mod.
const moduleName = "notebook"

// someVersion is a version that a module of that path may have: the go command wants one even where a directory replaces it.
func someVersion(path string) string {
	last := path[strings.LastIndexAny(path, "/.")+1:]
	if len(last) > 1 && last[0] == 'v' && strings.Trim(last[1:], "0123456789") == "" && last != "v1" && last != "v0" {
		return last + ".0.0"
	}
	return "v0.0.0"
}

// join concatenates the lines of go.sum files, each once.
func join(files ...[]byte) []byte {
	seen := map[string]bool{}
	var out []byte
	for _, f := range files {
		for line := range strings.Lines(string(f)) {
			if line = strings.TrimSpace(line); line != "" && !seen[line] {
				seen[line] = true
				out = append(append(out, line...), '\n')
			}
		}
	}
	return out
}
