package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

type tokenKind int

const (
	tokNum tokenKind = iota
	tokIdent
	tokOp
	tokEOF
)

func (k tokenKind) String() string { return [...]string{"num", "ident", "op", "eof"}[k] }

type token struct {
	kind tokenKind
	text string
	pos  int
}

type lexer struct {
	src  []rune
	pos  int
	toks []token
}

type syntaxError struct {
	pos int
	msg string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("%d: %s", e.pos, e.msg) }

func lex(s string) ([]token, error) {
	l := &lexer{src: []rune(s)}
	for l.pos < len(l.src) {
		switch r := l.src[l.pos]; {
		case unicode.IsSpace(r):
			l.pos++
		case unicode.IsDigit(r):
			l.take(tokNum, func(r rune) bool { return unicode.IsDigit(r) || r == '.' })
		case unicode.IsLetter(r):
			l.take(tokIdent, unicode.IsLetter)
		case strings.ContainsRune("+-*/()=^", r):
			l.toks = append(l.toks, token{tokOp, string(r), l.pos})
			l.pos++
		default:
			return nil, &syntaxError{l.pos, "unexpected " + strconv.QuoteRune(r)}
		}
	}
	return append(l.toks, token{kind: tokEOF, pos: l.pos}), nil
}

func (l *lexer) take(k tokenKind, ok func(rune) bool) {
	start := l.pos
	for l.pos < len(l.src) && ok(l.src[l.pos]) {
		l.pos++
	}
	l.toks = append(l.toks, token{k, string(l.src[start:l.pos]), start})
}

type opcode byte

const (
	push opcode = iota
	load
	store
	add
	sub
	mul
	div
	pow
	neg
)

var precedence = map[string]struct {
	level int
	right bool
	op    opcode
}{
	"+": {1, false, add}, "-": {1, false, sub}, "*": {2, false, mul}, "/": {2, false, div}, "^": {3, true, pow},
}

type instr struct {
	op   opcode
	num  float64
	name string
}

type compiler struct {
	toks []token
	at   int
	code []instr
}

func (c *compiler) peek() token { return c.toks[c.at] }
func (c *compiler) next() (t token) {
	t = c.toks[c.at]
	c.at++
	return
}

func (c *compiler) emit(op opcode, rest ...any) {
	in := instr{op: op}
	for _, r := range rest {
		switch r := r.(type) {
		case float64:
			in.num = r
		case string:
			in.name = r
		}
	}
	c.code = append(c.code, in)
}

func (c *compiler) primary() {
	switch t := c.next(); {
	case t.kind == tokNum:
		n, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			panic(&syntaxError{t.pos, err.Error()})
		}
		c.emit(push, n)
	case t.kind == tokIdent:
		if c.peek().text == "=" {
			c.next()
			c.expr(0)
			c.emit(store, t.text)
			return
		}
		c.emit(load, t.text)
	case t.text == "(":
		c.expr(0)
		if e := c.next(); e.text != ")" {
			panic(&syntaxError{e.pos, "expected )"})
		}
	case t.text == "-":
		c.expr(2)
		c.emit(neg)
	default:
		panic(&syntaxError{t.pos, "unexpected " + t.kind.String()})
	}
}

func (c *compiler) expr(min int) {
	c.primary()
	for {
		p, ok := precedence[c.peek().text]
		if !ok || p.level <= min && !(p.right && p.level == min) || p.level < min {
			return
		}
		c.next()
		if p.right {
			c.expr(p.level - 1)
		} else {
			c.expr(p.level)
		}
		c.emit(p.op)
	}
}

func compile(s string) (code []instr, err error) {
	toks, err := lex(s)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			se, ok := r.(*syntaxError)
			if !ok {
				panic(r)
			}
			err = se
		}
	}()
	c := compiler{toks: toks}
	c.expr(0)
	if t := c.peek(); t.kind != tokEOF {
		return nil, &syntaxError{t.pos, "trailing " + t.text}
	}
	return c.code, nil
}

type machine struct {
	stack []float64
	vars  map[string]float64
}

var errDivide = errors.New("divide by zero")

func (m *machine) pop() (v float64) {
	v, m.stack = m.stack[len(m.stack)-1], m.stack[:len(m.stack)-1]
	return
}

var binary = [...]func(a, b float64) (float64, error){
	add: func(a, b float64) (float64, error) { return a + b, nil },
	sub: func(a, b float64) (float64, error) { return a - b, nil },
	mul: func(a, b float64) (float64, error) { return a * b, nil },
	div: func(a, b float64) (float64, error) {
		if b == 0 {
			return 0, errDivide
		}
		return a / b, nil
	},
	pow: func(a, b float64) (r float64, _ error) {
		r = 1
		for ; b > 0; b-- {
			r *= a
		}
		return
	},
}

func (m *machine) run(code []instr) (float64, error) {
	m.stack = m.stack[:0]
	for pc, in := range code {
		switch in.op {
		case push:
			m.stack = append(m.stack, in.num)
		case load:
			v, ok := m.vars[in.name]
			if !ok {
				return 0, fmt.Errorf("pc %d: unknown %s", pc, in.name)
			}
			m.stack = append(m.stack, v)
		case store:
			m.vars[in.name] = m.stack[len(m.stack)-1]
		case neg:
			m.stack[len(m.stack)-1] *= -1
		default:
			b, a := m.pop(), m.pop()
			v, err := binary[in.op](a, b)
			if err != nil {
				return 0, fmt.Errorf("pc %d: %w", pc, err)
			}
			m.stack = append(m.stack, v)
		}
	}
	return m.pop(), nil
}

func main() {
	m := machine{vars: map[string]float64{"two": 2}}
	for _, src := range []string{"1 + 2*3", "x = (1+2)*3", "x/two - -1", "2^3^2", "1/0", "y", "(1", "3 $ 4", "a = b = 5", "1 2", "10-4-3"} {
		code, err := compile(src)
		var se *syntaxError
		if errors.As(err, &se) {
			fmt.Println("syntax", se.pos, se)
			continue
		}
		v, err := m.run(code)
		fmt.Println(src, "=", v, err, errors.Is(err, errDivide), len(code))
	}
	fmt.Println(m.vars, tokOp)
}
