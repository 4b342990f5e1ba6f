package display_test

import (
	"context"
	"fmt"

	"github.com/gopar-project/gopar/display"
)

func ExampleOf() {
	b, _ := display.Of(context.Background(), 5*6, "products", []int{2, 6, 12})
	fmt.Println(b.Text())
	// Output: 30, products, [2 6 12]
}

// Outside of a notebook, what is shown is printed as text.
func ExampleShow() {
	display.Show(display.HTML("<b>done</b>"), []int{1, 2})
	// Output:
	// done
	// [1 2]
}

func ExampleTable() {
	type engine struct {
		ID    int
		Host  string
		Tasks int
	}
	display.Show(display.Table([]engine{{0, "alpha", 120}, {1, "beta", 98}}))
	// Output:
	// ID  Host   Tasks
	// 0   alpha  120
	// 1   beta   98
}

func ExampleJSON() {
	display.Show(display.JSON(map[string]any{"ok": true, "n": 3}))
	// Output: {"n":3,"ok":true}
}

// A temperature shows in colour where the front end can.
type temperature float64

func (t temperature) MIMEBundle() display.Bundle {
	color := "steelblue"
	if t > 30 {
		color = "crimson"
	}
	return display.Bundle{
		display.MIMEText: fmt.Sprintf("%.1f °C", float64(t)),
		display.MIMEHTML: fmt.Sprintf(`<b style="color: %s">%.1f °C</b>`, color, float64(t)),
	}
}

func ExampleBundler() {
	b, _ := display.Of(context.Background(), temperature(35))
	fmt.Println(b.Text())
	fmt.Println(b[display.MIMEHTML])
	// Output:
	// 35.0 °C
	// <b style="color: crimson">35.0 °C</b>
}

func ExampleNew() {
	h := display.New("starting")
	h.Update("running") // a notebook replaces the first output; a terminal shows only that
	// Output: starting
}
