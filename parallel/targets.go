package parallel

import (
	"fmt"
	"strconv"
	"strings"
)

// Select returns the engines that a targets expression names by their index in c: "all" or "", "2", "-1", "0:2", "::2",
// "[0,2]", "0,2". It is how %%px chooses.
func (c Client) Select(targets string) (Client, error) {
	expr := strings.TrimSpace(targets)
	if expr == "" || expr == "all" || expr == ":" {
		return c, nil
	}
	if len(expr) >= 2 && (expr[0] == '[' && expr[len(expr)-1] == ']' || expr[0] == '(' && expr[len(expr)-1] == ')') {
		expr = expr[1 : len(expr)-1]
	}
	l, err := c.connection()
	if err != nil {
		return nil, err
	}
	var chosen []*Engine
	for item := range strings.SplitSeq(expr, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		var some []*Engine
		if strings.Contains(item, ":") {
			some, err = c.slice(item)
		} else {
			some, err = c.index(item)
		}
		if err != nil {
			return nil, fmt.Errorf("targets %q: %w", targets, err)
		}
		chosen = append(chosen, some...)
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("targets %q: no engine of %v", targets, c.IDs())
	}
	return newClient(l, chosen), nil
}

func (c Client) index(item string) ([]*Engine, error) {
	i, err := strconv.Atoi(item)
	if err != nil {
		return nil, fmt.Errorf("%q is not an index", item)
	}
	if i < -len(c) || i >= len(c) {
		return nil, fmt.Errorf("no engine %d; there are %v", i, c.IDs())
	}
	if i < 0 {
		i += len(c)
	}
	return []*Engine{c[i]}, nil
}

// slice is Python's [from:to:step].
func (c Client) slice(item string) ([]*Engine, error) {
	fields := strings.Split(item, ":")
	if len(fields) > 3 {
		return nil, fmt.Errorf("%q is not from:to:step", item)
	}
	var bounds [3]*int
	for i, f := range fields {
		if f = strings.TrimSpace(f); f == "" {
			continue
		}
		n, err := strconv.Atoi(f)
		if err != nil {
			return nil, fmt.Errorf("%q is not from:to:step", item)
		}
		bounds[i] = &n
	}
	step := 1
	if bounds[2] != nil {
		step = *bounds[2]
	}
	if step == 0 {
		return nil, fmt.Errorf("the step of %q is 0", item)
	}
	step = min(max(step, -len(c)-1), len(c)+1) // further steps mean the same
	low, high := 0, len(c)                     // the values from and to may have
	from, to := 0, len(c)
	if step < 0 {
		low, high = -1, len(c)-1
		from, to = high, low
	}
	for i, v := range []*int{&from, &to} {
		if b := bounds[i]; b != nil {
			n := *b
			if n < 0 {
				n += len(c)
			}
			*v = min(max(n, low), high)
		}
	}
	var chosen []*Engine
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		chosen = append(chosen, c[i])
	}
	return chosen, nil
}
