//go:build ignore

// Draw writes the kernel's logo into the folder given as its argument: logo-svg.svg, logo-64x64.png and logo-32x32.png,
// all from the shapes below. Four tracks run side by side, each as far as it has got.
package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"
	"os"
	"path/filepath"
	"strings"
)

// The picture is drawn on a square of this side.
const side = 64

var (
	ground = color.RGBA{0x0b, 0x3c, 0x49, 0xff}
	tracks = []struct {
		y, from, to float64
		c           color.RGBA
	}{
		{15, 12, 40, color.RGBA{0x5d, 0xe2, 0xe7, 0xff}},
		{26.5, 20, 52, color.RGBA{0x00, 0xad, 0xd8, 0xff}},
		{38, 12, 32, color.RGBA{0xff, 0xc8, 0x57, 0xff}},
		{49.5, 26, 48, color.RGBA{0xf4, 0xf7, 0xf5, 0xff}},
	}
)

const (
	corner = 13.0 // radius of the ground's corners
	width  = 2.2  // half of a track's width
	head   = 4.6  // radius of a track's head
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run draw.go DIR")
	}
	dir := os.Args[1]
	if err := os.WriteFile(filepath.Join(dir, "logo-svg.svg"), []byte(svg()), 0o644); err != nil {
		log.Fatal(err)
	}
	for _, size := range []int{64, 32} {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("logo-%dx%d.png", size, size)))
		if err != nil {
			log.Fatal(err)
		}
		if err := png.Encode(f, raster(size)); err != nil {
			log.Fatal(err)
		}
		if err := f.Close(); err != nil {
			log.Fatal(err)
		}
	}
}

func svg() string {
	var b strings.Builder
	hex := func(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d">`+"\n", side, side)
	fmt.Fprintf(&b, `  <rect width="%d" height="%d" rx="%g" fill="%s"/>`+"\n", side, side, corner, hex(ground))
	for _, t := range tracks {
		fmt.Fprintf(&b, `  <g stroke="%[1]s" fill="%[1]s"><path d="M%[2]g %[3]gH%[4]g" stroke-width="%[5]g" stroke-linecap="round"/>`+
			`<circle cx="%[4]g" cy="%[3]g" r="%[6]g" stroke="none"/></g>`+"\n", hex(t.c), t.from, t.y, t.to, 2*width, head)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// raster draws the picture, each pixel the mean of 8x8 samples.
func raster(size int) image.Image {
	const samples = 8
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			var r, g, b, a float64
			for sy := range samples {
				for sx := range samples {
					scale := float64(side) / float64(size)
					px := (float64(x) + (float64(sx)+0.5)/samples) * scale
					py := (float64(y) + (float64(sy)+0.5)/samples) * scale
					if c, ok := at(px, py); ok {
						r, g, b, a = r+float64(c.R), g+float64(c.G), b+float64(c.B), a+1
					}
				}
			}
			if a > 0 {
				img.SetNRGBA(x, y, color.NRGBA{uint8(r/a + 0.5), uint8(g/a + 0.5), uint8(b/a + 0.5), uint8(255*a/(samples*samples) + 0.5)})
			}
		}
	}
	return img
}

// at is the colour of one point; ok is false outside of the picture.
func at(x, y float64) (c color.RGBA, ok bool) {
	for _, t := range tracks {
		nearest := min(max(x, t.from), t.to)
		if within(x-nearest, y-t.y, width) || within(x-t.to, y-t.y, head) {
			return t.c, true
		}
	}
	cx, cy := min(max(x, corner), side-corner), min(max(y, corner), side-corner)
	return ground, within(x-cx, y-cy, corner)
}

func within(dx, dy, r float64) bool { return dx*dx+dy*dy <= r*r }
