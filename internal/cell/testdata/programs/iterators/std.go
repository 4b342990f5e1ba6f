package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func main() {
	for i, v := range slices.Backward([]string{"a", "b"}) {
		fmt.Print(i, v, " ")
	}
	fmt.Println(slices.Collect(maps.Keys(map[int]bool{7: true})))
	for l := range strings.Lines("x\ny\n") {
		fmt.Printf("%q ", l)
	}
	for c := range slices.Chunk([]int{1, 2, 3}, 2) {
		fmt.Print(c)
	}
	for p := range strings.SplitSeq("a-b", "-") {
		fmt.Print(p)
	}
	fmt.Println()
}
