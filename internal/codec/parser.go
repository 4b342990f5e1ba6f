package codec

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync"
)

// Parser is ParseContent for tasks that come by the thousand and differ, beside their arguments, in little or nothing: it
// remembers the last content. The zero value is ready; it may be used concurrently.
type Parser struct {
	mu   sync.Mutex
	rest []byte   // guarded by mu, like all below: the last content without the number after firstKey
	cut  bool     // there was a number
	last *Content // what rest says; nil: nothing was parsed yet
}

// firstKey is how the one field is written in which the tasks of a map differ.
var firstKey = []byte(`"first":`)

// maxRemembered bounds the content that is remembered.
const maxRemembered = 16 << 10

// Parse is ParseContent. What it returns is shared: it must not be changed.
func (p *Parser) Parse(raw json.RawMessage) (*Content, error) {
	before, first, after, cut := cutFirst(raw)
	p.mu.Lock()
	n := len(before)
	if p.last != nil && p.cut == cut && len(p.rest) == n+len(after) && bytes.Equal(p.rest[:n], before) && bytes.Equal(p.rest[n:], after) {
		c := *p.last
		p.mu.Unlock()
		c.First = first
		return &c, nil
	}
	p.mu.Unlock()
	c, err := ParseContent(raw)
	if err == nil && len(raw) <= maxRemembered && canonical(raw, c) {
		p.mu.Lock()
		p.cut, p.last = cut, c
		p.rest = append(append(make([]byte, 0, len(raw)), before...), after...)
		p.mu.Unlock()
	}
	return c, err
}

// canonical reports whether raw is c as clients write it, so that another number in it is another First and nothing else.
func canonical(raw []byte, c *Content) bool {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	return e.Encode(c) == nil && bytes.Equal(bytes.TrimSuffix(b.Bytes(), []byte("\n")), raw)
}

// cutFirst takes the number after firstKey out of raw. Where there is none, or none in its plainest form, before is all.
func cutFirst(raw []byte) (before []byte, first int, after []byte, cut bool) {
	i := bytes.Index(raw, firstKey)
	if i < 0 {
		return raw, 0, nil, false
	}
	i += len(firstKey)
	end := i
	for end < len(raw) && raw[end] >= '0' && raw[end] <= '9' {
		end++
	}
	first, err := strconv.Atoi(string(raw[i:end]))
	if err != nil || raw[i] == '0' {
		return raw, 0, nil, false
	}
	return raw[:i], first, raw[end:], true
}
