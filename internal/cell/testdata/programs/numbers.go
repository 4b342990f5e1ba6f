package main

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"math/cmplx"
	"strconv"
)

type fixed int16

func (f fixed) mul(g fixed) fixed { return fixed(int32(f) * int32(g) >> 8) }

type bitset [2]uint64

func (b *bitset) set(i uint)     { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i uint) bool { return b[i/64]>>(i%64)&1 == 1 }

func fnv(s string) (h uint32) {
	h = 2166136261
	for i := range len(s) {
		h ^= uint32(s[i])
		h *= 16777619
	}
	return
}

func lcg(seed uint64) func() uint64 {
	return func() uint64 {
		seed = seed*6364136223846793005 + 1442695040888963407
		return seed >> 33
	}
}

func fact(n int64) *big.Int {
	r := big.NewInt(1)
	for i := int64(2); i <= n; i++ {
		r.Mul(r, big.NewInt(i))
	}
	return r
}

func gcd[T ~int | ~uint8](a, b T) T {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func main() {
	var i8 int8 = 127
	i8++
	var u8 uint8 = 0
	u8--
	var i64 int64 = math.MinInt64
	fmt.Println(i8, u8, -i64, i64-1, -i8, i64/-1)
	x, y := -7, 2
	fmt.Println(x/y, x%y, x>>1, uint8(x), x&y, x|y, x^y, ^x, x&^y, -x/y)
	var s uint = 70
	fmt.Println(1<<s == 0, int32(1)<<(s-39), int32(-1)>>s, uint32(1)<<(s-40))
	f := 1e308
	f *= 10
	zero := 0.0
	fmt.Println(f, -f, zero/zero, math.IsNaN(zero/zero), 1/zero, -1/zero, zero/zero == zero/zero)
	fmt.Println(int(3.99+zero), int(-3.99+zero), uint8(int(300+zero)), float32(0.1), float64(float32(0.1)), 0.1+0.2)
	const d = 0.1 + 0.2
	fmt.Println(d, d == 0.3, 7/2*2.0, 7/2.0*2)
	c := complex(3, 4)
	fmt.Println(cmplx.Abs(c), c*c, c/2i, real(c)+imag(c), c == 3+4i, cmplx.Sqrt(-1))
	fmt.Printf("%.2f %v %g\n", c, complex64(c), -c)
	fmt.Println(fixed(384).mul(512), fnv("hello"), gcd(48, 18), gcd[uint8](200, 75))
	r := lcg(42)
	fmt.Println(r(), r(), r()%100)
	var b bitset
	b.set(3)
	b.set(100)
	fmt.Println(b.has(3), b.has(4), b.has(100), b)
	fmt.Println(bits.OnesCount(255), bits.LeadingZeros64(1), bits.Reverse8(1), bits.Len(1023))
	hi, lo := bits.Mul64(math.MaxUint64, 2)
	fmt.Println(hi, lo, fact(30), new(big.Int).Exp(big.NewInt(2), big.NewInt(100), nil))
	n, err := strconv.Atoi("12a")
	fmt.Println(n, err, strconv.Itoa(-45), strconv.FormatInt(255, 2), strconv.Quote("a\n\"é"))
	pf, _ := strconv.ParseFloat("1e-3", 64)
	fmt.Println(pf, math.Sqrt(2), math.Floor(-1.5), math.Round(2.5), math.MaxUint32, math.Inf(1))
	fmt.Println(0b101, 0o17, 0x1F, 1_000_000, 0x1p-2, 'a', '\n', '\x41', '\u4e16')
	var u uint = 3
	fmt.Println(u-4 > 0, 5-int(u), uint16(1<<16-1)+uint16(u))
	fmt.Println(1<<3+1, 2*3%4, -2*-3, !true || true && false, 5 > 3 == true)
	func() {
		defer func() { fmt.Println(recover()) }()
		z := int(zero)
		fmt.Println(1 / z)
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		sh := -1 + int(zero)
		fmt.Println(1 << sh)
	}()
	var arr [3]float32
	for i := range arr {
		arr[i] = float32(i) / 3
	}
	fmt.Println(arr, math.Float32bits(arr[1]), len(strconv.FormatFloat(math.Pi, 'f', -1, 32)))
	sum := 0.0
	for range 10 {
		sum += 0.1
	}
	fmt.Println(sum, sum == 1, math.FMA(2, 3, 4), math.Mod(-7, 3), math.Trunc(-2.7))
}
