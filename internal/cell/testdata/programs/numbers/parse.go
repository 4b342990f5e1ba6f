package main

import (
	"fmt"
	"strconv"
)

func main() {
	for _, s := range []string{"12", "-7", "x", "99999999999999999999", "0x1f"} {
		n, err := strconv.Atoi(s)
		fmt.Println(n, err)
	}
	f, err := strconv.ParseFloat("2.5e3", 64)
	fmt.Println(f, err)
	b, err := strconv.ParseBool("yes")
	fmt.Println(b, err)
	u, err := strconv.ParseUint("ff", 16, 8)
	fmt.Println(u, err, strconv.Quote("a\n"), strconv.FormatInt(-255, 2))
}
