package main

import (
	"fmt"
	"sort"
)

type byLen []string

func (b byLen) Len() int           { return len(b) }
func (b byLen) Less(i, j int) bool { return len(b[i]) < len(b[j]) }
func (b byLen) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func main() {
	s := byLen{"ccc", "a", "bb", "dddd"}
	sort.Sort(s)
	fmt.Println(s)
	sort.Sort(sort.Reverse(s))
	fmt.Println(s, sort.IsSorted(s))
}
