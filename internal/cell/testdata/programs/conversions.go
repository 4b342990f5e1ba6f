package main

import "fmt"

type user struct {
	Name string `json:"name"`
	age  int    `db:"age"`
}

type row struct {
	Name string `csv:"0"`
	age  int
}

type view struct {
	Name string
	age  int
}

type wrapper struct{ user }

type ints []int
type moreInts []int
type fn func(int) int
type m map[string]ints
type ptr *user
type myStr string
type bytesT []byte
type runesT []rune
type arr [2]user
type ch chan int
type num interface{ ~int | ~float64 }
type celsius float64
type fahrenheit float64

func toF(c celsius) fahrenheit { return fahrenheit(c*9/5 + 32) }

func conv[A, B num](a A) B { return B(a) }

func takeView(v view) int       { return v.age }
func takeFn(f func(int) int) fn { return f }

func main() {
	u := user{"bob", 30}
	r := row(u)
	v := view(r)
	r.age++
	v.age += 2
	fmt.Println(u, r, v, takeView(view(u)), user(v) == u, row(u) == row(user(r)))
	pu := &u
	pr := (*row)(pu)
	pr.age = 99
	fmt.Println(u.age, (*view)(pr).Name, ptr(pu).age)
	w := wrapper{user(r)}
	w.age *= 2
	fmt.Println(w.user.age, view(w.user).age, wrapper{u}.Name)
	var is ints = []int{1, 2}
	ms := moreInts(is)
	ms[0] = 10
	fmt.Println(is, ints(ms), []int(is), m{"a": {1}}, m(map[string]ints{"b": nil}))
	double := takeFn(func(i int) int { return i * 2 })
	fmt.Println(double(4), fn(double)(5))
	s := myStr("héy")
	fmt.Println(bytesT(s), runesT(s), string(bytesT{65, 66}), myStr(runesT{'x'}), myStr([]byte("b"))+s, s[1:3] == "é", len(s))
	fmt.Printf("%.1f %.2f %v\n", toF(100), float64(celsius(36.6)), conv[int, celsius](3))
	as := arr{{"a", 1}, {"b", 2}}
	bs := [2]user(as)
	bs[0].age = 50
	fmt.Println(as, bs, as == arr(bs))
	c := make(ch, 1)
	var send chan<- int = c
	send <- 5
	fmt.Println(<-(<-chan int)(c))
	var x any = u
	switch t := x.(type) {
	case row:
		fmt.Println("row", t)
	case user:
		fmt.Println("user", t.age)
	}
	_, ok := x.(interface{ missing() })
	fmt.Println(ok, any(u) == any(row(u)), any(u) == any(user(row(u))))
	f := 3.99
	i := int(f)
	var u8 = uint8(i + 254)
	fmt.Println(i, u8, int8(u8), rune(u8), string(rune('a'+i)), float32(f), complex(float32(f), 0))
	sl := []user{{"z", 1}, {"y", 2}}
	a2 := [2]user(sl)
	p2 := (*[2]user)(sl)
	p2[0].age = 77
	fmt.Println(sl[0].age, a2[0].age, *p2)
	vs := make([]view, 0)
	for _, u := range sl {
		vs = append(vs, view(u))
	}
	fmt.Println(vs, struct {
		Name string
		age  int
	}(vs[0]))
}
