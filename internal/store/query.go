package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gopar-project/gopar/internal/proto"
)

// Query is a query over records in MongoDB's style, as ipyparallel's clients write it: every condition must hold.
type Query []Condition

// Condition compares one column with a value.
type Condition struct {
	Column string
	Op     string // "$eq", "$lt", …
	Value  any    // as decoded from JSON; dates as time.Time
}

// operators decide whether a column a satisfies the value b of a query.
var operators = map[string]func(a, b any) bool{
	"$eq":     equal,
	"$ne":     func(a, b any) bool { return !equal(a, b) },
	"$lt":     func(a, b any) bool { c, ok := compare(a, b); return ok && c < 0 },
	"$lte":    func(a, b any) bool { c, ok := compare(a, b); return ok && c <= 0 },
	"$gt":     func(a, b any) bool { c, ok := compare(a, b); return ok && c > 0 },
	"$gte":    func(a, b any) bool { c, ok := compare(a, b); return ok && c >= 0 },
	"$in":     in,
	"$nin":    func(a, b any) bool { return !in(a, b) },
	"$all":    all,
	"$mod":    mod,
	"$exists": func(a, b any) bool { return truth(b) == (a != nil) },
	"$glob":   glob,
}

// ParseQuery decodes a query and checks its columns and operators. The error is a *proto.RemoteError, as a client gets it.
func ParseQuery(q map[string]json.RawMessage) (Query, error) {
	var list Query
	for column, raw := range q {
		if _, ok := new(Record).column(column); !ok && column != Buffers && column != ResultBuffers {
			return nil, proto.NewRemoteError("KeyError", "'%s'", column)
		}
		var ops map[string]any
		if json.Unmarshal(raw, &ops) == nil && isOperators(ops) {
			for op, v := range ops {
				if operators[op] == nil {
					return nil, proto.NewRemoteError("KeyError", "'%s'", op)
				}
				list = append(list, Condition{column, op, dates(v)})
			}
			continue
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			return nil, proto.NewRemoteError("ValueError", "query of %s: %s", column, err)
		}
		list = append(list, Condition{column, "$eq", dates(v)})
	}
	slices.SortFunc(list, func(a, b Condition) int { return strings.Compare(a.Column+a.Op, b.Column+b.Op) })
	return list, nil
}

func isOperators(m map[string]any) bool {
	for k := range m {
		if k == "" || k[0] != '$' {
			return false
		}
	}
	return len(m) > 0
}

// Matches reports whether r satisfies every condition.
func (q Query) Matches(r *Record) bool {
	for _, c := range q {
		if f := operators[c.Op]; f == nil || !f(r.value(c.Column), c.Value) {
			return false
		}
	}
	return true
}

// IDs returns the ids of which a record must have one to match; false when any may.
func (q Query) IDs() ([]string, bool) {
	for _, c := range q {
		if c.Column != "msg_id" {
			continue
		}
		if id, ok := c.Value.(string); ok && c.Op == "$eq" {
			return []string{id}, true
		}
		if list, ok := c.Value.([]any); ok && c.Op == "$in" {
			var ids []string
			for _, v := range list {
				if id, ok := v.(string); ok {
					ids = append(ids, id)
				}
			}
			return ids, true
		}
	}
	return nil, false
}

// columns returns those that the query looks at.
func (q Query) columns() []string {
	var list []string
	for _, c := range q {
		list = append(list, c.Column)
	}
	return list
}

// value returns a column decoded for comparison; nil for null. Buffers are compared with null only.
func (r *Record) value(column string) any {
	switch column {
	case Buffers:
		return some(r.Buffers)
	case ResultBuffers:
		return some(r.ResultBuffers)
	}
	v, _ := r.column(column)
	raw, ok := v.(json.RawMessage)
	if !ok {
		return v
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	var decoded any
	if d.Decode(&decoded) != nil {
		return nil
	}
	return decoded
}

func some(buffers [][]byte) any {
	if len(buffers) == 0 {
		return nil
	}
	return true
}

// dates turns strings that are dates into times, in lists too.
func dates(v any) any {
	switch v := v.(type) {
	case string:
		if len(v) >= 19 && v[4] == '-' && v[10] == 'T' {
			if t, err := proto.ParseTime(v); err == nil {
				return t.UTC()
			}
		}
	case []any:
		for i := range v {
			v[i] = dates(v[i])
		}
	}
	return v
}

func equal(a, b any) bool {
	if c, ok := compare(a, b); ok {
		return c == 0
	}
	return reflect.DeepEqual(a, b)
}

// compare orders numbers, strings and times; false for anything else.
func compare(a, b any) (int, bool) {
	switch a := a.(type) {
	case float64:
		if b, ok := b.(float64); ok {
			return order(a, b), true
		}
	case string:
		if b, ok := b.(string); ok {
			return order(a, b), true
		}
		if b, ok := b.(time.Time); ok { // a text that looks like a date is compared as one
			if t, isTime := dates(a).(time.Time); isTime {
				return t.Compare(b), true
			}
		}
	case time.Time:
		if b, ok := b.(time.Time); ok {
			return a.Compare(b), true
		}
	}
	return 0, false
}

func order[T float64 | string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func in(a, list any) bool {
	l, ok := list.([]any)
	if !ok {
		return false
	}
	for _, x := range l {
		if equal(a, x) {
			return true
		}
	}
	return false
}

// all reports whether a list column contains every value.
func all(a, values any) bool {
	want, ok := values.([]any)
	if !ok {
		return false
	}
	for _, v := range want {
		if !in(v, a) {
			return false
		}
	}
	return true
}

func mod(a, b any) bool {
	n, ok := a.(float64)
	pair, isList := b.([]any)
	if !ok || !isList || len(pair) != 2 {
		return false
	}
	d, ok1 := pair[0].(float64)
	rest, ok2 := pair[1].(float64)
	return ok1 && ok2 && int64(d) != 0 && int64(n)%int64(d) == int64(rest)
}

// truth is Python's.
func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case float64:
		return v != 0
	case string:
		return v != ""
	}
	return v != nil
}

// glob matches as Python's fnmatch does: * is anything, ? one character, [abc] one of those, [!abc] none of them.
func glob(a, pattern any) bool {
	s, ok := a.(string)
	p, isString := pattern.(string)
	return ok && isString && len(p) <= maxPattern && fnmatch([]rune(p), []rune(s))
}

// maxPattern bounds what one query may cost for each record.
const maxPattern = 1 << 10

// fnmatch goes back to the last star only, which suffices: an earlier one could not match more.
func fnmatch(p, s []rune) bool {
	i, j := 0, 0
	star, from := -1, 0
	for j < len(s) {
		if i < len(p) && p[i] == '*' {
			star, from = i, j
			i++
			continue
		}
		if i < len(p) {
			if n, ok := one(p[i:], s[j]); ok {
				i += n
				j++
				continue
			}
		}
		if star < 0 {
			return false
		}
		from++
		i, j = star+1, from
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// one matches a character with the beginning of a pattern, which is no star, and returns how much of that it took.
func one(p []rune, c rune) (n int, ok bool) {
	switch p[0] {
	case '?':
		return 1, true
	case '[':
		end := 1
		if end < len(p) && p[end] == '!' {
			end++
		}
		if end < len(p) && p[end] == ']' {
			end++
		}
		for end < len(p) && p[end] != ']' {
			end++
		}
		if end >= len(p) {
			break // an open bracket is a character as any other
		}
		set, not := p[1:end], false
		if len(set) > 0 && set[0] == '!' {
			set, not = set[1:], true
		}
		return end + 1, member(set, c) != not
	}
	return 1, p[0] == c
}

func member(set []rune, c rune) bool {
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' {
			if set[i] <= c && c <= set[i+2] {
				return true
			}
			i += 2
			continue
		}
		if set[i] == c {
			return true
		}
	}
	return false
}

// literal is what everything a pattern matches begins with.
func literal(pattern string) string {
	if i := strings.IndexAny(pattern, "*?["); i >= 0 {
		return pattern[:i]
	}
	return pattern
}

// String shows the query in errors and logs.
func (q Query) String() string {
	var b strings.Builder
	for _, c := range q {
		fmt.Fprintf(&b, "%s %s %v; ", c.Column, c.Op, c.Value)
	}
	return strings.TrimSuffix(b.String(), "; ")
}
