package main

import (
	"errors"
	"fmt"
)

func divmod(a, b int) (q, r int, err error) {
	if b == 0 {
		err = errors.New("zero")
		return
	}
	q, r = a/b, a%b
	return
}
func pass() (int, int, error)      { return divmod(7, 2) }
func add(a, b int, e error) string { return fmt.Sprint(a+b, e) }
func main() {
	q, r, err := divmod(7, 3)
	fmt.Println(q, r, err)
	_, _, err = divmod(1, 0)
	fmt.Println(err, add(pass()))
	fmt.Println(divmod(9, 4))
	a, b := 1, 2
	b, c := a, b
	fmt.Println(a, b, c)
	i := 0
	s := []int{1, 2, 3}
	i, s[i] = 2, 50
	fmt.Println(i, s)
	s[0], s[2] = s[2], s[0]
	fmt.Println(s)
}
