package main

import (
	"fmt"
	"os"
	"strings"
	"text/template"
)

type item struct {
	Name  string
	Price float64
	Tags  []string
}

func (i item) Upper() string { return strings.ToUpper(i.Name) }
func main() {
	t := template.Must(template.New("t").Parse("{{range .}}{{.Upper}} {{printf \"%.2f\" .Price}}{{range $i, $t := .Tags}}{{if $i}},{{end}} {{$t}}{{end}}\n{{end}}"))
	fmt.Println(t.Execute(os.Stdout, []item{{"nut", 1.5, []string{"a", "b"}}, {"bolt", 2, nil}}))
}
