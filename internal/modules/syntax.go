package modules

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/gopar-project/gopar/internal/native"
)

// modfile is what gopar reads of a go.mod or a go.work, and writes to gopar.mod.
type modfile struct {
	path    string // of the module
	goLine  string // the language version
	require []requirement
	exclude []version
	replace []replacement
	use     []string // directories, in a go.work
}

// version is a module's path and version; without a version any of them, or a directory in the path's place.
type version struct{ Path, Version string }

type requirement struct {
	version
	indirect bool
}

type replacement struct{ old, new version }

// parse reads a file. Directives that do not say which modules there are, such as toolchain and retract, are passed over.
func parse(file string, data []byte) (*modfile, error) {
	m := new(modfile)
	block := ""
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		words, comment, err := fields(line)
		if err != nil {
			return nil, badLine(file, number, err.Error())
		}
		switch {
		case len(words) == 0:
			continue
		case words[0] == ")":
			block = ""
			continue
		case block != "":
			words = append([]string{block}, words...)
		case len(words) == 2 && words[1] == "(":
			block = words[0]
			continue
		}
		if err := m.directive(words, comment); err != nil {
			return nil, badLine(file, number, err.Error())
		}
	}
	return m, nil
}

func badLine(file string, line int, msg string) error {
	return &Error{Msg: fmt.Sprintf("%s:%d: %s", file, line, msg), Remedy: "correct the file"}
}

// fields cuts a line into words and a comment.
func fields(line string) (words []string, comment string, err error) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		switch {
		case strings.HasPrefix(line, "//"):
			return words, line, nil
		case line[0] == '"' || line[0] == '`':
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, "", fmt.Errorf("bad string %s", line)
			}
			word, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, "", fmt.Errorf("bad string %s", quoted)
			}
			words, line = append(words, word), line[len(quoted):]
		default:
			end := strings.IndexAny(line, " \t")
			if end < 0 {
				end = len(line)
			}
			words, line = append(words, line[:end]), line[end:]
		}
	}
	return words, "", nil
}

func (m *modfile) directive(words []string, comment string) error {
	args := words[1:]
	need := func(ok bool) error {
		if !ok {
			return fmt.Errorf("cannot read %q", strings.Join(words, " "))
		}
		return nil
	}
	switch words[0] {
	case "module":
		if err := need(len(args) == 1); err != nil {
			return err
		}
		m.path = args[0]
	case "go":
		if err := need(len(args) == 1); err != nil {
			return err
		}
		m.goLine = args[0]
	case "use":
		if err := need(len(args) == 1); err != nil {
			return err
		}
		m.use = append(m.use, args[0])
	case "require":
		if err := need(len(args) == 2); err != nil {
			return err
		}
		m.require = append(m.require, requirement{version{args[0], args[1]}, strings.Contains(comment, "indirect")})
	case "exclude":
		if err := need(len(args) == 2); err != nil {
			return err
		}
		m.exclude = append(m.exclude, version{args[0], args[1]})
	case "replace":
		i := slices.Index(args, "=>")
		if err := need((i == 1 || i == 2) && (len(args)-i == 2 || len(args)-i == 3)); err != nil {
			return err
		}
		m.replace = append(m.replace, replacement{versionOf(args[:i]), versionOf(args[i+1:])})
	}
	return nil
}

func versionOf(words []string) version {
	if len(words) == 1 {
		return version{Path: words[0]}
	}
	return version{words[0], words[1]}
}

// String returns the version as a go.mod has it.
func (v version) String() string {
	if v.Version == "" {
		return quote(v.Path)
	}
	return v.Path + " " + v.Version
}

// under is v with a path that is a directory made absolute.
func (v version) under(base string) version {
	if v.local() && !filepath.IsAbs(v.Path) {
		v.Path = filepath.Join(base, v.Path)
	}
	return v
}

func (v version) local() bool {
	return v.Version == "" && (strings.HasPrefix(v.Path, ".") || filepath.IsAbs(v.Path))
}

// quote writes a path as a go.mod must have it.
func quote(s string) string {
	if strings.ContainsAny(s, " \t\"'`()[]{},") || strings.Contains(s, "//") {
		return fmt.Sprintf("%q", s)
	}
	return s
}

func (m *modfile) clone() modfile {
	c := *m
	c.require, c.exclude, c.replace = slices.Clone(m.require), slices.Clone(m.exclude), slices.Clone(m.replace)
	return c
}

// version returns what is required of a module, "" if nothing is.
func (m *modfile) version(path string) string {
	for _, r := range m.require {
		if r.Path == path {
			return r.Version
		}
	}
	return ""
}

// set requires a version of a module.
func (m *modfile) set(path, v string, direct bool) {
	i := slices.IndexFunc(m.require, func(r requirement) bool { return r.Path == path })
	if i < 0 {
		m.require = append(m.require, requirement{version{path, v}, !direct})
		return
	}
	m.require[i].Version = v
	m.require[i].indirect = m.require[i].indirect && !direct
}

// pin requires what the packages of an overlay come from, but for what the user's own go.mod pins.
func (m *modfile) pin(o *native.Overlay, in *inputs) {
	for _, p := range o.Packages {
		if p.Module == "" || p.Module == hostModule || p.Local {
			continue
		}
		if m.version(p.Module) == "" && slices.ContainsFunc(in.users, func(u folder) bool { return u.mod.version(p.Module) == p.Version }) {
			continue
		}
		m.set(p.Module, p.Version, slices.Contains(o.Roots, p.Path))
	}
}

// text is the file's contents.
func (m *modfile) text() []byte {
	var b bytes.Buffer
	b.WriteString("// What the notebooks in this folder import, kept by gopar (%mod, %get). It may be edited like a go.mod;\n" +
		"// comments are not kept.\nmodule " + moduleName + "\n\ngo " + cmp.Or(m.goLine, goVersion()) + "\n")
	slices.SortFunc(m.require, func(a, b requirement) int { return strings.Compare(a.Path, b.Path) })
	for _, indirect := range []bool{false, true} {
		open := false
		for _, r := range m.require {
			if r.indirect != indirect {
				continue
			}
			if !open {
				b.WriteString("\nrequire (\n")
				open = true
			}
			b.WriteString("\t" + r.Path + " " + r.Version)
			if indirect {
				b.WriteString(" // indirect")
			}
			b.WriteString("\n")
		}
		if open {
			b.WriteString(")\n")
		}
	}
	if len(m.replace)+len(m.exclude) > 0 {
		b.WriteString("\n")
	}
	for _, r := range m.replace {
		fmt.Fprintf(&b, "replace %s => %s\n", r.old, r.new)
	}
	for _, x := range m.exclude {
		fmt.Fprintf(&b, "exclude %s\n", x)
	}
	return b.Bytes()
}

// goVersion is the language version of this Go release ("1.26").
func goVersion() string {
	v := strings.SplitN(strings.TrimPrefix(runtime.Version(), "go"), ".", 3)
	if len(v) < 2 {
		return "1.26"
	}
	return v[0] + "." + v[1]
}
