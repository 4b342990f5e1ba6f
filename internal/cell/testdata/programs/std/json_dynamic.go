package main

import (
	"encoding/json"
	"fmt"
)

func main() {
	var v any
	err := json.Unmarshal([]byte(`{"a":[1,2.5,"x",null,true],"b":{"c":{}}}`), &v)
	m := v.(map[string]any)
	fmt.Println(m["a"], err, len(m))
	for i, x := range m["a"].([]any) {
		fmt.Printf("%d:%T ", i, x)
	}
	b, _ := json.MarshalIndent(map[string]any{"z": 1, "a": []int{1}}, "", " ")
	fmt.Println(string(b))
	fmt.Println(json.Unmarshal([]byte("{"), &v))
}
