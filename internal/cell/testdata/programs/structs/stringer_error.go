package main

import (
	"fmt"
)

type temp float64

func (t temp) String() string { return fmt.Sprintf("%.1f°", float64(t)) }

type oops struct{ code int }

func (o *oops) Error() string { return fmt.Sprint("oops ", o.code) }
func try(n int) error {
	if n > 1 {
		return &oops{n}
	}
	return nil
}
func main() {
	fmt.Println(temp(21.55), []temp{1, 2}, map[string]temp{"a": 3}, struct{ T temp }{4})
	fmt.Printf("%v %s %d %.2f\n", temp(1), temp(2), []temp{3}, float64(temp(4)))
	fmt.Println(try(1), try(2))
	err := try(3)
	if o, ok := err.(*oops); ok {
		fmt.Println(o.code)
	}
}
