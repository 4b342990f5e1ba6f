package modules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Program returns the go.mod and go.sum of a program that imports what cells of the notebook do: with the versions and
// replacements of the notebook, and of the user's modules around it. Mod is nil when the imports are all of the standard library.
func (n *Notebook) Program(imports []string) (mod, sum []byte, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	usesHost, usesOthers := false, false
	for _, path := range imports {
		switch {
		case path == hostModule || strings.HasPrefix(path, hostModule+"/"):
			usesHost = true
		case !n.tools.Provides(path):
			usesOthers = true
		}
	}
	if !usesHost && !usesOthers {
		return nil, nil, nil
	}
	in, err := n.read()
	if err != nil {
		return nil, nil, err
	}
	out := in.mod.clone()
	out.goLine = goVersion()
	out.replace = nil
	require := func(path, v string) {
		if out.version(path) == "" {
			out.set(path, v, false)
		}
	}
	replaced := map[string]bool{}
	replace := func(r replacement) {
		if key := r.old.String(); !replaced[key] && r.old.Path != hostModule {
			replaced[key] = true
			out.replace = append(out.replace, r)
		}
	}
	lift := func(from *modfile, base string) { // what counts in a main module only
		for _, r := range from.replace {
			replace(replacement{r.old, r.new.under(base)})
		}
	}
	lift(in.mod, n.dir)
	if in.work != nil {
		lift(in.work, in.workDir)
		out.exclude = append(out.exclude, in.work.exclude...)
	}
	for _, u := range in.users {
		replace(replacement{version{Path: u.mod.path}, version{Path: u.dir}})
		require(u.mod.path, someVersion(u.mod.path))
		for _, r := range u.mod.require {
			require(r.Path, r.Version)
		}
		lift(u.mod, u.dir)
		out.exclude = append(out.exclude, u.mod.exclude...)
	}
	if usesHost {
		host, err := parse("go.mod", in.host)
		if err != nil {
			return nil, nil, err
		}
		require(hostModule, "v0.0.0")
		for _, r := range host.require {
			require(r.Path, r.Version)
		}
		out.replace = append(out.replace, replacement{version{Path: hostModule}, version{Path: n.tools.Source()}})
	}
	for _, r := range out.replace { // a module that is only replaced must be required
		if slices.ContainsFunc(imports, func(p string) bool { return p == r.old.Path || strings.HasPrefix(p, r.old.Path+"/") }) {
			require(r.old.Path, someVersion(r.old.Path))
		}
	}
	for i := range out.require { // the program imports these by itself
		r := &out.require[i]
		r.indirect = !slices.ContainsFunc(imports, func(p string) bool { return p == r.Path || strings.HasPrefix(p, r.Path+"/") })
	}
	text := out.text()
	_, rest, ok := bytes.Cut(text, []byte("module "+moduleName+"\n"))
	if !ok {
		return nil, nil, fmt.Errorf("modules: %s cannot be read", File)
	}
	return append([]byte("module "+moduleName+"\n"), rest...), join(in.hostSums, in.userSums, in.sums), nil
}
