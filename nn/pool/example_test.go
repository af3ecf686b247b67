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
