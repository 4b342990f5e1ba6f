package main

import (
	"fmt"
)

func best(w, v []int, cap int) int {
	dp := make([]int, cap+1)
	for i := range w {
		for c := cap; c >= w[i]; c-- {
			dp[c] = max(dp[c], dp[c-w[i]]+v[i])
		}
	}
	return dp[cap]
}
func main() { fmt.Println(best([]int{1, 3, 4, 5}, []int{1, 4, 5, 7}, 7)) }
