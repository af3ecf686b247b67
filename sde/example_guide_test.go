package sde_test

import (
	"fmt"
	stdlog "log"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// Guidance leans away from the unconditional score.
func ExampleGuide() {
	p := sde.VP{}
	conditional := sde.Problem{SDE: p, Score: mixtureScore(p, 1, 0)}
	unconditional := sde.Problem{SDE: p, Score: mixtureScore(p, 1, 1)}
	x, s := mat.NewDense(1, 2, []float64{0, 0}), mat.NewDense(1, 2, nil)
	for _, w := range []float64{0, 1, 2} {
		guided, err := sde.Guide(conditional, unconditional, w)
		if err != nil {
			stdlog.Fatal(err)
		}
		guided.Score.Score(s, x, []float64{0.3})
		fmt.Printf("w = %g: right of the middle, %t\n", w, s.At(0, 0) > 0.5)
	}
	// Output:
	// w = 0: right of the middle, false
	// w = 1: right of the middle, true
	// w = 2: right of the middle, true
}
