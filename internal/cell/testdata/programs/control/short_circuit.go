package main

import (
	"fmt"
)

func t(s string) bool { fmt.Print(s, " "); return true }
func f(s string) bool { fmt.Print(s, " "); return false }
func main() {
	fmt.Println(t("a") || t("b"))
	fmt.Println(f("a") && t("b"), !f("c") && (t("d") || f("e")))
	var p *struct{ n int }
	fmt.Println(p == nil || p.n > 0, p != nil && p.n > 0)
}
