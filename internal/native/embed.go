package native

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Embedded are the files that //go:embed directives put into a unit.
type Embedded struct {
	// Patterns maps each pattern to the names of its files: slash-separated and relative to the directory of the directives.
	Patterns map[string][]string
	// Files maps these names to the files, Digests to what they held.
	Files, Digests map[string]string
}

// maxEmbedded bounds what a unit embeds; an object may be as large.
const maxEmbedded = maxObject

// Embed finds and reads what patterns mean in dir, by the rules of the go command.
func Embed(dir string, patterns []string) (*Embedded, error) {
	e := &Embedded{Patterns: map[string][]string{}, Files: map[string]string{}, Digests: map[string]string{}}
	for _, p := range patterns {
		names, err := matchEmbed(dir, p)
		if err != nil {
			return nil, fmt.Errorf("pattern %s: %w", p, err)
		}
		e.Patterns[p] = names
		for _, name := range names {
			e.Files[name] = filepath.Join(dir, filepath.FromSlash(name))
		}
	}
	var total int64
	for _, name := range slices.Sorted(maps.Keys(e.Files)) {
		f, err := os.Open(e.Files[name])
		if err != nil {
			return nil, err
		}
		h := sha256.New()
		n, err := io.Copy(h, io.LimitReader(f, maxEmbedded-total+1))
		_ = f.Close() // it was only read
		if total += n; err == nil && total > maxEmbedded {
			err = fmt.Errorf("more than %d MB are embedded", maxEmbedded>>20)
		}
		if err != nil {
			return nil, fmt.Errorf("embed %s: %w", name, err)
		}
		e.Digests[name] = hex.EncodeToString(h.Sum(nil))
	}
	return e, nil
}

// Add adds what another set of patterns embeds.
func (e *Embedded) Add(o *Embedded) {
	maps.Copy(e.Patterns, o.Patterns)
	maps.Copy(e.Files, o.Files)
	maps.Copy(e.Digests, o.Digests)
}

func matchEmbed(dir, pattern string) ([]string, error) {
	glob, all := strings.CutPrefix(pattern, "all:")
	if glob == "." || !fs.ValidPath(glob) {
		return nil, errors.New("invalid pattern syntax: it is relative to the notebook's folder and does not leave it")
	}
	if _, err := path.Match(glob, ""); err != nil {
		return nil, errors.New("invalid pattern syntax")
	}
	matches, err := fs.Glob(os.DirFS(dir), glob)
	if err != nil {
		return nil, err
	}
	if len(matches) == 0 {
		return nil, errors.New("no matching files found")
	}
	var names []string
	for _, m := range matches {
		if n, err := foreignModule(dir, m); err != nil || n {
			return nil, fmt.Errorf("cannot embed %s: in different module", m)
		}
		info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(m)))
		switch {
		case err != nil:
			return nil, err
		case slices.ContainsFunc(strings.Split(m, "/"), badEmbedName):
			return nil, fmt.Errorf("cannot embed file %s: invalid name %s", m, path.Base(m))
		case info.Mode().IsRegular():
			names = append(names, m)
		case info.IsDir():
			below, err := walkEmbed(dir, m, all)
			if err != nil {
				return nil, err
			}
			names = append(names, below...)
		default:
			return nil, fmt.Errorf("cannot embed irregular file %s", m)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// walkEmbed lists the files of a directory, without those whose names begin with . or _ unless all are wanted.
func walkEmbed(dir, below string, all bool) ([]string, error) {
	var names []string
	err := fs.WalkDir(os.DirFS(dir), below, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		hidden := name != below && (badEmbedName(base) || !all && (base[0] == '.' || base[0] == '_'))
		if d.IsDir() {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name), "go.mod")); hidden || name != below && err == nil {
				return fs.SkipDir
			}
			return nil
		}
		if !hidden && d.Type().IsRegular() {
			names = append(names, name)
		}
		return nil
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("cannot embed directory %s: contains no embeddable files", below)
	}
	return names, err
}

// foreignModule reports whether a file is in a module below dir.
func foreignModule(dir, name string) (bool, error) {
	for d := path.Dir(name); d != "."; d = path.Dir(d) {
		_, err := os.Stat(filepath.Join(dir, filepath.FromSlash(d), "go.mod"))
		if !errors.Is(err, fs.ErrNotExist) {
			return err == nil, err
		}
	}
	return false, nil
}

// badEmbedName reports names that no module has.
func badEmbedName(name string) bool {
	switch name {
	case "", ".bzr", ".hg", ".git", ".svn":
		return true
	}
	return false
}

// embed copies the unit's embedded files into the directory of the build, as they were when the unit got its hash, and
// writes the compiler's configuration.
func (b *building) embed() error {
	cfg := struct {
		Patterns map[string][]string
		Files    map[string]string
	}{b.u.Embed.Patterns, map[string]string{}}
	for i, name := range slices.Sorted(maps.Keys(b.u.Embed.Files)) {
		data, err := os.ReadFile(b.u.Embed.Files[name])
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != b.u.Embed.Digests[name] {
			return fmt.Errorf("%s has changed meanwhile: run the cell again", name)
		}
		cfg.Files[name] = b.path(fmt.Sprintf("embed%d", i))
		if err := os.WriteFile(cfg.Files[name], data, 0o600); err != nil {
			return err
		}
	}
	data, err := json.Marshal(cfg)
	if err != nil {
		return err
	}
	return os.WriteFile(b.path("embedcfg"), data, 0o600)
}
