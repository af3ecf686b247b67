package boost_test

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/dataset/boost"
	"gonum.org/v1/gonum/mat"
)

// A number from two columns, of which the second has cells missing.
func ExampleRegression() {
	x, y := mat.NewDense(1000, 2, nil), make([]float64, 1000)
	for i := range y {
		a, b := float64(i%40), float64(i%7)
		if b == 6 {
			b = math.NaN()
			y[i] = a + 10
		} else {
			y[i] = a + b
		}
		x.SetRow(i, []float64{a, b})
	}
	m, err := boost.Regression(x, y, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := make([]float64, 2)
	m.Predict(p, mat.NewDense(2, 2, []float64{30, 2, 30, math.NaN()}))
	fmt.Printf("%.1f\n", p)
	// Output: [32.0 40.0]
}

// The inner and the outer of two rings.
func ExampleClassification() {
	x, y := mat.NewDense(600, 2, nil), make([]int, 600)
	for i := range y {
		y[i] = i % 2
		r, a := float64(1+y[i]), 0.7*float64(i)
		x.SetRow(i, []float64{r * math.Cos(a), r * math.Sin(a)})
	}
	m, err := boost.Classification(x, y, 2, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := mat.NewDense(2, 2, nil)
	m.Probabilities(p, mat.NewDense(2, 2, []float64{0.7, 0.7, -1.4, 1.4}))
	fmt.Printf("%.2f\n", mat.Formatted(p))
	// Output:
	// ⎡1.00  0.00⎤
	// ⎣0.00  1.00⎦
}
