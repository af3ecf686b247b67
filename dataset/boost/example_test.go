package boost_test

import (
	"fmt"
	"math"
	"math/rand/v2"

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

// Can the two samples be told apart? The classes are which sample a row is from.
func ExampleOutOfFold() {
	x, y := mat.NewDense(2000, 2, nil), make([]int, 2000)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range y {
		y[i] = i % 2
		a, b := rng.NormFloat64(), rng.NormFloat64()
		if y[i] == 1 {
			b = 0.6*a + 0.8*b // the same columns one by one, but not together
		}
		x.SetRow(i, []float64{a, b})
	}
	p, _, err := boost.OutOfFold(x, y, 2, 5, 1, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	right := 0
	for i, class := range y {
		if p.At(i, class) > 0.5 {
			right++
		}
	}
	fmt.Printf("accuracy %.1f\n", float64(right)/float64(len(y)))
	// Output: accuracy 0.6
}

// Several targets of the same rows, each fitted to the rows that have it.
func ExampleBin() {
	x := mat.NewDense(400, 1, nil)
	y := [2][]float64{make([]float64, 400), make([]float64, 400)}
	for i := range 400 {
		v := float64(i % 20)
		x.Set(i, 0, v)
		y[0][i], y[1][i] = v*v, math.NaN()
		if i < 300 {
			y[1][i] = 100 - v
		}
	}
	bins := boost.Bin(x)
	for _, target := range y {
		var rows []int
		for i, v := range target {
			if !math.IsNaN(v) {
				rows = append(rows, i)
			}
		}
		m, err := bins.Regression(rows, target, &boost.Settings{LeafRows: 10})
		if err != nil {
			fmt.Println(err)
			return
		}
		p := make([]float64, 1)
		m.Predict(p, mat.NewDense(1, 1, []float64{7}))
		fmt.Printf("%d rows: %.1f\n", len(rows), p[0])
	}
	// Output:
	// 400 rows: 49.0
	// 300 rows: 93.0
}
