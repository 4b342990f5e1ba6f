package native

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// This file lets cells use another version of a package than the one in the running binary. A process has one package of a path,
// so the cells' version is compiled under a path of its own, golang.org/x/sys~~v0.50.0/unix for golang.org/x/sys/unix, and so is
// what imports it; both live side by side. The compiler is told so by flags that the go command hands on, which makes them part
// of its build cache's keys, and by a script around the compiler that completes the file in which packages' archives are listed.
//
// Not possible is this for packages whose types gopar's own packages show: a value could not get from one version to the other.

// aliases maps import paths to the paths under which these packages are compiled.
type aliases map[string]string

// exposed are the modules whose types are in the exported API of packages of gopar's that cells import.
var exposed = []string{modulePath, "github.com/go-logr/logr"}

// aliases finds the packages that are in the running binary in another version than all lists, and those that import them. It
// returns a *MismatchError for one that cannot be there twice. Dependencies come before what needs them.
func (t *Toolchain) aliases(all []listed, host map[string][8]byte) (aliases, error) {
	info, err := buildinfo.ReadFile(t.exe)
	if err != nil {
		return nil, fmt.Errorf("read build information of %s: %w", t.exe, err)
	}
	have := map[string]string{}
	for _, m := range info.Deps {
		have[m.Path] = m.Version
	}
	found := aliases{}
	var first listed // the one that the others follow from
	for _, l := range all {
		if _, ok := host[l.ImportPath]; !ok || l.Module == nil {
			continue
		}
		was, known := have[l.Module.Path]
		other := known && !l.Module.Main && was != l.version()
		if !other && !slices.ContainsFunc(l.Deps, func(d string) bool { return found[d] != "" }) {
			continue
		}
		if len(found) == 0 {
			first = l
		}
		if slices.Contains(exposed, l.Module.Path) {
			return nil, mismatch(first, l, have[first.Module.Path], t.source)
		}
		found[l.ImportPath] = l.alias()
	}
	return found, nil
}

func mismatch(first, l listed, was, source string) error {
	what := fmt.Sprintf("the notebook's modules need %s %s, gopar itself is built with %s", first.Module.Path, first.version(), was)
	if first.Module.Path != l.Module.Path {
		what += ", on which " + l.ImportPath + " depends"
	}
	return &MismatchError{
		What: what + ", and its types are part of gopar's own",
		Remedy: fmt.Sprintf("pin that version: %%get %s@%s; or rebuild gopar with the other: cd %s && go get %s@%s && ./install.sh",
			first.Module.Path, was, source, first.Module.Path, first.Module.Version),
	}
}

// versionMark stands before the version in an alias. It is no part of real import paths, compilers take it in one, and linkers in
// the symbols made from it (in which @ begins a version of their own).
const versionMark = "~~"

// version is a module's version, or what replaces it.
func (l *listed) version() string {
	if r := l.Module.Replace; r != nil {
		return strings.TrimSpace(r.Path + " " + r.Version)
	}
	return l.Module.Version
}

// alias is the path of a package with the version of its module in it.
func (l *listed) alias() string {
	version := l.Module.Version
	if r := l.Module.Replace; r != nil {
		sum := sha256.Sum256([]byte(l.version()))
		version = cmp.Or(r.Version, "local") + "-" + hex.EncodeToString(sum[:4])
	}
	return l.Module.Path + versionMark + version + strings.TrimPrefix(l.ImportPath, l.Module.Path)
}

// SourcePath is the path by which Go source imports a package that is compiled under the given one.
func SourcePath(path string) string {
	module, rest, ok := strings.Cut(path, versionMark)
	if !ok {
		return path
	}
	_, below, ok := strings.Cut(rest, "/")
	if !ok {
		return module
	}
	return module + "/" + below
}

// flags returns the arguments of the go command that have the packages compiled under their aliases. The script they name is
// written into dir.
func (a aliases) flags(dir string) ([]string, error) {
	if len(a) == 0 {
		return nil, nil
	}
	var script bytes.Buffer
	script.WriteString(aliasScript)
	var flags []string
	for _, path := range slices.Sorted(maps.Keys(a)) {
		fmt.Fprintf(&script, "  sed -n 's|^packagefile %s=\\(.*\\)|packagefile %s=\\1|p' \"$cfg\" >> \"$cfg.more\"\n", regexpText.Replace(path), a[path])
		fmt.Fprintf(&script, "  echo 'importmap %s=%s' >> \"$cfg.more\"\n", path, a[path])
		flags = append(flags, "-gcflags="+path+"=-p="+a[path], "-asmflags="+path+"=-p="+a[path])
	}
	script.WriteString("  cat \"$cfg.more\" >> \"$cfg\"\n  rm \"$cfg.more\"\nfi\nexec \"$@\"\n")
	sum := sha256.Sum256(script.Bytes())
	file := filepath.Join(dir, "versions-"+hex.EncodeToString(sum[:8])+".sh")
	if _, err := os.Stat(file); err != nil {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		if err := writeFile(file, script.Bytes(), 0o700); err != nil {
			return nil, err
		}
	}
	quote := "'"
	if strings.Contains(file, quote) {
		quote = `"`
	}
	return append(flags, "-toolexec="+quote+file+quote), nil
}

// regexpText quotes an import path for sed: of what is special there, paths have only these.
var regexpText = strings.NewReplacer(".", `\.`)

// aliasScript is the beginning of what runs the tools: with the arguments tool, flags…. The compiler's -importcfg gets lines for
// packages with aliases.
const aliasScript = `#!/bin/sh
# Made by gopar: compiles packages of which its own binary has another version under a path with their version.
cfg=
case "$1" in
*/compile)
  before=
  for arg in "$@"; do
    [ "$before" != -importcfg ] || cfg=$arg
    before=$arg
  done ;;
esac
if [ -n "$cfg" ]; then
  : > "$cfg.more"
`
