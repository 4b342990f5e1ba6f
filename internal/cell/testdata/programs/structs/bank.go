package main

import (
	"fmt"
)

type account struct {
	owner   string
	balance int
}
type insufficient struct{ need, have int }

func (e insufficient) Error() string { return fmt.Sprintf("need %d, have %d", e.need, e.have) }
func (a *account) withdraw(n int) error {
	if n > a.balance {
		return insufficient{n, a.balance}
	}
	a.balance -= n
	return nil
}
func main() {
	a := &account{"x", 100}
	for _, n := range []int{30, 50, 40} {
		if err := a.withdraw(n); err != nil {
			fmt.Println("error:", err)
			continue
		}
		fmt.Println(a.balance)
	}
}
