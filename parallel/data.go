package parallel

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/internal/codec"
	"github.com/gopar-project/gopar/internal/unit"
)

// Push makes variables in the session of each engine, or sets them, and returns at once. The keys are their names.
func (c Client) Push(variables map[string]any) *AsyncResult {
	return c.push(func(int) map[string]any { return variables })
}

// Push makes variables in the session of the engine; see Client.Push.
func (e *Engine) Push(variables map[string]any) *AsyncResult { return Client{e}.Push(variables) }

// Pull reads variables, or any expressions, of the session of each engine and returns at once. The value is that of the
// one name, a list for several; from several engines a list of these.
func (c Client) Pull(names ...string) *AsyncResult { return c.pull(names, len(c) != 1) }

// Pull reads variables of the session of the engine; see Client.Pull.
func (e *Engine) Pull(names ...string) *AsyncResult { return Client{e}.pull(names, false) }

// Scatter makes a variable called name in the session of each engine that holds a part of slice: parts of about equal
// size, in order.
func (c Client) Scatter(name string, slice any) *AsyncResult {
	s := reflect.ValueOf(slice)
	if !s.IsValid() || s.Kind() != reflect.Slice {
		return failedResult(misuse(fmt.Errorf("Scatter(%q): %T is not a slice", name, slice)))
	}
	return c.push(func(i int) map[string]any {
		return map[string]any{name: s.Slice(s.Len()*i/len(c), s.Len()*(i+1)/len(c)).Interface()}
	})
}

// Gather reads the variable called name, a slice, of each engine; the value is all of them joined.
func (c Client) Gather(name string) *AsyncResult {
	r := c.pull([]string{name}, true)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gather = func(r *AsyncResult) (any, error) { return joined(r.values()) }
	return r
}

func joined(parts []any) (any, error) {
	var all reflect.Value
	for i, p := range parts {
		s := reflect.ValueOf(p)
		switch {
		case !s.IsValid() || s.Kind() != reflect.Slice:
			return nil, fmt.Errorf("part %d is %T, not a slice", i, p)
		case !all.IsValid():
			all = reflect.MakeSlice(s.Type(), 0, s.Len()*len(parts))
		case all.Type() != s.Type():
			return nil, fmt.Errorf("part %d is %T, part 0 is %v", i, p, all.Type())
		}
		all = reflect.AppendSlice(all, s)
	}
	if !all.IsValid() {
		return nil, nil
	}
	return all.Interface(), nil
}

// Slot makes a variable the target of the value that Push sends under name. The cell that Push runs on an engine uses it;
// there is no reason to call it otherwise.
func Slot(name string, pointer any) { codec.Bind(name, pointer) }

// SetSlot keeps a value for Pull under name. The cell that Pull runs on an engine uses it; there is no reason to call it
// otherwise.
func SetSlot(name string, v any) { codec.SetSlot(name, v) }

// push runs a cell on the engines that declares variables, then sets them: their types are the engines' own.
func (c Client) push(variables func(i int) map[string]any) *AsyncResult {
	l, err := c.connection()
	if err == nil && len(c) == 0 {
		err = errEmpty
	}
	if err != nil {
		return failedResult(misuse(err))
	}
	r := newResult(l, moved, len(c))
	r.many, r.silent, r.title = len(c) != 1, true, "push"
	var call *codec.Call
	var code string
	var last map[string]any
	for i, e := range c {
		vars := variables(i)
		if call == nil || !sameMap(vars, last) { // packed once for all engines
			names := slices.Sorted(maps.Keys(vars))
			values := make([]any, len(names))
			for j, n := range names {
				values[j] = vars[n]
			}
			if code, err = declarations(names, values); err == nil {
				call, err = codec.Store(names, values)
			}
			if err != nil {
				return failedResult(misuse(fmt.Errorf("push: %w", err)))
			}
			last = vars
		}
		r.pair(&part{channel: mux, engine: e, code: code, prelude: true}, &part{channel: mux, engine: e, call: call, n: 1, rank: i})
	}
	r.send(r.parts)
	return r
}

// sameMap reports whether a and b are one map.
func sameMap(a, b map[string]any) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}

// pair adds a prelude and what it prepares. Both are sent at once, as engines serve them in order, so that what the caller
// sends next comes after both.
func (r *AsyncResult) pair(prelude, second *part) {
	second.after = prelude
	r.add(prelude)
	r.add(second)
}

// declarations is a cell that declares variables called names, of the values' types, and binds them.
func declarations(names []string, values []any) (string, error) {
	imports := map[string]bool{}
	var lines []string
	for i, name := range names {
		if !token.IsIdentifier(name) || name == "_" {
			return "", fmt.Errorf("%q is not the name of a variable", name)
		}
		if values[i] == nil {
			lines = append(lines, fmt.Sprintf("var %s any", name), fmt.Sprintf("parallel.Slot(%q, &%s)", name, name))
			continue
		}
		text, err := typeSource(reflect.TypeOf(values[i]), imports)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		lines = append(lines, fmt.Sprintf("var %s %s", name, text), fmt.Sprintf("parallel.Slot(%q, &%s)", name, name))
	}
	for _, path := range slices.Sorted(maps.Keys(imports)) {
		lines = slices.Insert(lines, 0, fmt.Sprintf("import %q", path))
	}
	return strings.Join(lines, "\n"), nil
}

// typeSource is t as a cell writes it; the packages it needs are added to imports.
func typeSource(t reflect.Type, imports map[string]bool) (string, error) {
	if t.Name() != "" {
		switch path := t.PkgPath(); {
		case path == "":
			return t.Name(), nil
		case strings.Contains(t.Name(), "["):
			return "", fmt.Errorf("a variable of the generic type %v cannot be pushed; give it to a function instead", t)
		case strings.HasPrefix(path, unit.PathPrefix) || path == "main" || !token.IsExported(t.Name()):
			return "", fmt.Errorf("type %s is declared here and not in the engines' sessions; give the value to a function instead",
				strings.TrimPrefix(t.String(), "main."))
		default:
			imports[path] = true
			return t.String(), nil
		}
	}
	elem := func(format string) (string, error) {
		s, err := typeSource(t.Elem(), imports)
		return fmt.Sprintf(format, s), err
	}
	switch t.Kind() {
	case reflect.Slice:
		return elem("[]%s")
	case reflect.Pointer:
		return elem("*%s")
	case reflect.Array:
		return elem(fmt.Sprintf("[%d]%%s", t.Len()))
	case reflect.Map:
		key, err := typeSource(t.Key(), imports)
		if err != nil {
			return "", err
		}
		return elem("map[" + strings.ReplaceAll(key, "%", "%%") + "]%s")
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return "any", nil
		}
	case reflect.Struct:
		fields := make([]string, t.NumField())
		for i := range fields {
			f := t.Field(i)
			s, err := typeSource(f.Type, imports)
			if err != nil {
				return "", err
			}
			if !f.IsExported() {
				return "", errors.New("a struct type without a name whose fields are not exported cannot be pushed")
			}
			fields[i] = f.Name + " " + s
			if f.Anonymous {
				fields[i] = s
			}
			if f.Tag != "" {
				fields[i] += fmt.Sprintf(" %q", f.Tag)
			}
		}
		return "struct{" + strings.Join(fields, "; ") + "}", nil
	}
	return "", fmt.Errorf("a variable of type %v cannot be pushed", t)
}

// pull runs a cell on the engines that puts values aside, then fetches them.
func (c Client) pull(names []string, many bool) *AsyncResult {
	l, err := c.connection()
	if err == nil && len(c) == 0 {
		err = errEmpty
	}
	if err == nil && len(names) == 0 {
		err = errors.New("Pull needs the name of a variable")
	}
	var lines []string
	var slots []string
	for _, name := range names {
		if _, e := parser.ParseExpr(name); e != nil && err == nil {
			err = fmt.Errorf("Pull: %q is neither a variable nor an expression", name)
		}
		if l != nil {
			slot := name + "@" + l.session.ID[:8] // two clients may pull at once
			slots = append(slots, slot)
			lines = append(lines, fmt.Sprintf("parallel.SetSlot(%q, %s)", slot, name))
		}
	}
	if err != nil {
		return failedResult(misuse(err))
	}
	r := newResult(l, moved, len(c))
	r.many, r.silent, r.title = many, true, "pull"
	for i, e := range c {
		r.pair(&part{channel: mux, engine: e, code: strings.Join(lines, "\n"), prelude: true},
			&part{channel: mux, engine: e, call: codec.Fetch(slots), n: 1, rank: i})
	}
	r.send(r.parts)
	return r
}
