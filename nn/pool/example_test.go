package pool_test

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn/pool"
)

func ExampleCrew() {
	crew := pool.New(0) // a worker for each processor
	squares := make([]int, 5)
	sums := make([]int, crew.Workers()) // each worker has a place of its own
	crew.Each(len(squares), func(worker, i int) {
		squares[i] = i * i
		sums[worker] += i
	})
	total := 0
	for _, s := range sums {
		total += s
	}
	fmt.Println(squares, total)
	// Output: [0 1 4 9 16] 10
}

// What nobody uses is taken again instead of being allocated.
func ExampleFree() {
	var free pool.Free[[]float64]
	take := func() []float64 {
		if v, ok := free.Take(); ok {
			return v
		}
		return make([]float64, 1000)
	}
	v := take()
	v[0] = 7
	free.Give(v)
	fmt.Println(take()[0], take()[0])
	// Output:
	// 7 0
}
