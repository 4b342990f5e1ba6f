package hub

import (
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// dbQuery is a query over records in MongoDB's style: every condition must
// hold.
type dbQuery []condition

// condition compares one column with a value.
type condition struct {
	column string
	op     string // "$eq", "$lt", …
	value  any    // decoded; dates as time.Time
}

// emptyRequest stands in where only the names of columns matter.
var emptyRequest = &jupyter.Message{}

// operators decide whether a column a satisfies the value b of a query.
var operators = map[string]func(a, b any) bool{
	"$eq":     equal,
	"$ne":     func(a, b any) bool { return !equal(a, b) },
	"$lt":     func(a, b any) bool { c, ok := compare(a, b); return ok && c < 0 },
	"$lte":    func(a, b any) bool { c, ok := compare(a, b); return ok && c <= 0 },
	"$gt":     func(a, b any) bool { c, ok := compare(a, b); return ok && c > 0 },
	"$gte":    func(a, b any) bool { c, ok := compare(a, b); return ok && c >= 0 },
	"$in":     func(a, b any) bool { return in(a, b) },
	"$nin":    func(a, b any) bool { return !in(a, b) },
	"$all":    all,
	"$mod":    mod,
	"$exists": func(a, b any) bool { return b == true == (a != nil) },
	"$glob":   glob,
}

// parseQuery decodes a query and checks its columns and operators.
func parseQuery(q map[string]json.RawMessage) (dbQuery, error) {
	var list dbQuery
	for column, raw := range q {
		if _, ok := (&record{request: emptyRequest}).field(column); !ok && column != "buffers" && column != "result_buffers" {
			return nil, proto.NewRemoteError("KeyError", "'%s'", column)
		}
		var ops map[string]any
		if json.Unmarshal(raw, &ops) == nil && isOperators(ops) {
			for op, v := range ops {
				if operators[op] == nil {
					return nil, proto.NewRemoteError("KeyError", "'%s'", op)
				}
				list = append(list, condition{column, op, dates(v)})
			}
			continue
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			return nil, fmt.Errorf("query of %s: %w", column, err)
		}
		list = append(list, condition{column, "$eq", dates(v)})
	}
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

// matches reports whether r satisfies every condition.
func (q dbQuery) matches(r *record) bool {
	for _, c := range q {
		if !operators[c.op](r.value(c.column), c.value) {
			return false
		}
	}
	return true
}

// value returns a column decoded for comparison; nil for null.
func (r *record) value(column string) any {
	switch column {
	case "msg_id":
		return r.id
	case "submitted":
		return instant(r.submitted)
	case "received":
		return instant(r.received)
	case "started":
		return instant(r.started().Time)
	case "completed":
		return instant(r.completed().Time)
	}
	raw, _ := r.field(column)
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	return v
}

func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// dates turns strings that are dates into times, in lists too.
func dates(v any) any {
	switch v := v.(type) {
	case string:
		if len(v) >= 19 && v[4] == '-' && v[10] == 'T' {
			if t, err := proto.ParseTime(v); err == nil {
				return t.Time
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

func glob(a, pattern any) bool {
	s, ok := a.(string)
	p, isString := pattern.(string)
	if !ok || !isString {
		return false
	}
	match, err := path.Match(p, s)
	return err == nil && match
}
