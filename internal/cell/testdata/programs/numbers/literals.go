package main

import (
	"fmt"
)

func main() {
	fmt.Println(0b1010, 0o17, 017, 0xff, 1_000_000, 0x1p-2, 'a', '\n', '\x41', '\u00e9', 1e3)
	fmt.Println(.5, 5., 0x_ff, 'ä', "\t|\"", `raw\n`)
	fmt.Printf("%T %T %T %T %T\n", 'a', 1, 1.0, 1i, "s")
}
