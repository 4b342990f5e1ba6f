package main

import (
	"encoding/json"
	"fmt"
	"reflect"
)

type person struct {
	Name   string `json:"name"`
	Age    int    `json:"age,omitempty"`
	secret int
	Tags   []string `json:"tags"`
	In     *person  `json:"in,omitempty"`
}

func main() {
	b, err := json.Marshal(person{Name: "A", secret: 1, In: &person{Name: "B", Age: 3}})
	fmt.Println(string(b), err)
	var p person
	err = json.Unmarshal([]byte(`{"name":"C","age":5,"tags":["x"]}`), &p)
	fmt.Println(p.Name, p.Age, p.Tags, err)
	t, _ := reflect.TypeOf(p).FieldByName("Age")
	fmt.Println(t.Tag.Get("json"))
}
