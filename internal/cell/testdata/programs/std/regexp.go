package main

import (
	"fmt"
	"regexp"
	"strings"
)

func main() {
	re := regexp.MustCompile(`(\w+)@(\w+)\.com`)
	s := "bob@example.com, eve@test.com"
	fmt.Println(re.MatchString(s), re.FindString(s), re.FindStringSubmatch(s), len(re.FindAllString(s, -1)), re.ReplaceAllString(s, "$2:$1"))
	fmt.Println(re.ReplaceAllStringFunc(s, strings.ToUpper))
	_, err := regexp.Compile("(")
	fmt.Println(err)
}
