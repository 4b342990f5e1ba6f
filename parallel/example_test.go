package parallel_test

import (
	"fmt"

	"github.com/gopar-project/gopar/parallel"
)

// square is an ordinary function of the program.
func square(n int) int { return n * n }

// A compiled program drives a cluster with its own functions. Init is the first line of its main: the engines run a copy of
// the program to call them.
func Example() {
	// func main() {
	parallel.Init()

	rc, err := exampleCluster() // parallel.Connect(), or parallel.MustStart(parallel.N(4)).Client()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rc.Close()

	one, err := parallel.Get[int](rc[0].Apply(square, 12))
	fmt.Println(one, err)
	all, err := parallel.Get[[]int](rc[:].Apply(square, 5))
	fmt.Println(all, err)
	squares, err := parallel.Get[[]int](rc.LoadBalancedView().Map(square, []int{1, 2, 3, 4, 5}))
	fmt.Println(squares, err)
	_, err = rc[0].Apply(square, "x").Get()
	fmt.Println(err)
	// }

	// Output:
	// 144 <nil>
	// [25 25 25 25] <nil>
	// [1 4 9 16 25] <nil>
	// parallel_test.square(int): argument 1 is string, want int
}

// exampleCluster connects to the tests' cluster.
func exampleCluster() (parallel.Client, error) {
	if err := startShared(); err != nil {
		return nil, err
	}
	rc, err := parallel.Connect(parallel.File(shared.file()))
	for err != nil {
		rc, err = parallel.Connect(parallel.File(shared.file()))
	}
	return rc.WaitForEngines(4)
}

func ExampleGet() {
	rc, err := exampleCluster()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rc.Close()
	v, err := parallel.Get[int](rc[1].Apply(square, 7))
	fmt.Println(v, err)
	// Output: 49 <nil>
}

func ExampleClient_Select() {
	rc, err := exampleCluster()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rc.Close()
	even, err := rc.Select("::2")
	fmt.Println(even.IDs(), err)
	// Output: [0 2] <nil>
}
