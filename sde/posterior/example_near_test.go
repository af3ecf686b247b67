package posterior_test

import (
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// Rows near (0, 0) whose first column is seen as 1: with as much noise as r, half way.
func ExampleLikelihood_Near() {
	l, err := posterior.NewLikelihood(posterior.Observation{
		Operator: posterior.Mask{In: 2, Columns: []int{0}},
		Y:        mat.NewDense(1, 1, []float64{1}), Noise: posterior.Noise{Deviation: 0.5},
	}, sde.Frame{})
	if err != nil {
		log.Fatal(err)
	}
	near := l.Near(mat.NewDense(1, 2, nil), 0.5)
	near.Move(mat.NewDense(1, 2, nil), mat.NewDense(1, 1, nil), []float64{0.5}, 1) // without noise: to the mean
	fmt.Printf("%.2f\n", near.U.RawRowView(0))
	// Output: [0.50 0.00]
}
