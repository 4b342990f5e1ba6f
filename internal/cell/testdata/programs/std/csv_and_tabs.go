package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
)

func main() {
	r, err := csv.NewReader(strings.NewReader("a,b\n1,\"x,y\"\n")).ReadAll()
	fmt.Println(len(r), r[1][1], err)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "name\tn")
	fmt.Fprintln(w, "long name\t5")
	w.Flush()
	c := csv.NewWriter(os.Stdout)
	c.Write([]string{"a b", "c\"d"})
	c.Flush()
}
