package main

import (
	"bufio"
	"fmt"
	"strings"
)

func main() {
	sc := bufio.NewScanner(strings.NewReader("one two\nthree\n\nfour"))
	n := 0
	for sc.Scan() {
		n++
		fmt.Printf("%d %q\n", n, sc.Text())
	}
	w := bufio.NewScanner(strings.NewReader("a bb  ccc"))
	w.Split(bufio.ScanWords)
	for w.Scan() {
		fmt.Print(len(w.Text()), " ")
	}
	fmt.Println(w.Err())
}
