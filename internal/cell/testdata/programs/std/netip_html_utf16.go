package main

import (
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"net/netip"
	"unicode/utf16"
)

func main() {
	a, err := netip.ParseAddr("192.168.1.10")
	p := netip.MustParsePrefix("192.168.0.0/16")
	fmt.Println(a, err, p.Contains(a), a.Next(), a.Is4())
	fmt.Println(utf16.Encode([]rune("a😀")), fnv.New32a().Sum32(), color.RGBA{1, 2, 3, 255}, image.Rect(0, 0, 2, 3).Dx())
}
