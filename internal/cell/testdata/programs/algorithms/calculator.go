package main

import (
	"fmt"
	"strconv"
)

type parser struct {
	s string
	i int
}

func (p *parser) expr() float64 {
	v := p.term()
	for p.i < len(p.s) && (p.s[p.i] == '+' || p.s[p.i] == '-') {
		op := p.s[p.i]
		p.i++
		if w := p.term(); op == '+' {
			v += w
		} else {
			v -= w
		}
	}
	return v
}
func (p *parser) term() float64 {
	v := p.factor()
	for p.i < len(p.s) && (p.s[p.i] == '*' || p.s[p.i] == '/') {
		op := p.s[p.i]
		p.i++
		if w := p.factor(); op == '*' {
			v *= w
		} else {
			v /= w
		}
	}
	return v
}
func (p *parser) factor() float64 {
	if p.s[p.i] == '(' {
		p.i++
		v := p.expr()
		p.i++
		return v
	}
	j := p.i
	for p.i < len(p.s) && (p.s[p.i] >= '0' && p.s[p.i] <= '9' || p.s[p.i] == '.') {
		p.i++
	}
	f, err := strconv.ParseFloat(p.s[j:p.i], 64)
	if err != nil {
		panic(err)
	}
	return f
}
func main() {
	for _, s := range []string{"1+2*3", "(1+2)*3", "10/4-1", "2*(3+4)*5"} {
		fmt.Println((&parser{s: s}).expr())
	}
	fmt.Println((&parser{s: "1+x"}).expr())
}
