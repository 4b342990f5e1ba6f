package main

import (
	"fmt"
)

func run(p string) (out string) {
	tape := [64]byte{}
	ptr := 0
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '>':
			ptr++
		case '<':
			ptr--
		case '+':
			tape[ptr]++
		case '-':
			tape[ptr]--
		case '.':
			out += string(rune(tape[ptr]))
		case '[':
			if tape[ptr] == 0 {
				for d := 1; d > 0; {
					i++
					if p[i] == '[' {
						d++
					} else if p[i] == ']' {
						d--
					}
				}
			}
		case ']':
			if tape[ptr] != 0 {
				for d := 1; d > 0; {
					i--
					if p[i] == ']' {
						d++
					} else if p[i] == '[' {
						d--
					}
				}
			}
		}
	}
	return
}
func main() {
	fmt.Println(run("++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++."))
}
