package main

import "fmt"

type failure struct {
	code int
	msg  string
}

func (f *failure) Error() string { return fmt.Sprintf("failure %d: %s", f.code, f.msg) }

type step func() error

func runAll(steps ...step) (err error) {
	for i, s := range steps {
		func() {
			defer func() {
				switch r := recover().(type) {
				case nil:
				case error:
					err = fmt.Errorf("step %d: %w", i, r)
				case fmt.Stringer:
					err = fmt.Errorf("step %d: stringer %s", i, r)
				case string:
					err = fmt.Errorf("step %d: text %s", i, r)
				default:
					err = fmt.Errorf("step %d: %T %v", i, r, r)
				}
			}()
			if e := s(); e != nil {
				panic(e)
			}
		}()
		if err != nil {
			return
		}
	}
	return
}

type level int

func (l level) String() string { return "level" + fmt.Sprint(int(l)) }

func main() {
	ok := func() error { return nil }
	fmt.Println(runAll(ok, func() error { return &failure{1, "returned"} }, ok))
	fmt.Println(runAll(func() error { panic(level(3)) }))
	fmt.Println(runAll(ok, ok, func() error { panic("text") }))
	fmt.Println(runAll(func() error { panic([]level{1, 2}) }))
	fmt.Println(runAll(func() error { var m map[level]int; m[1]++; return nil }))
	fmt.Println(runAll(ok))
	defer fmt.Println("runs before the end")
	var err error = &failure{2, "final"}
	panic(err)
}
