package calibration

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// line returns n trials of θ ~ N(0, 1) and x = θ + ε, whose posterior is N(x/2, ½), with
// draws whose standard deviation is scaled.
func line(n, draws int, scale float64) *Trials {
	rng := rand.New(rand.NewPCG(1, 1))
	theta, x := mat.NewDense(n, 1, nil), mat.NewDense(n, 1, nil)
	for i := range n {
		theta.Set(i, 0, rng.NormFloat64())
		x.Set(i, 0, theta.At(i, 0)+rng.NormFloat64())
	}
	t, err := NewTrials(theta, x, draws, func(dst *mat.Dense, i int) error {
		for l := range draws {
			dst.Set(l, 0, x.At(i, 0)/2+scale*math.Sqrt(0.5)*rng.NormFloat64())
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	return t
}

// The posterior is too narrow: the spread of the ranks is above 1.
func ExampleSBC() {
	t := line(300, 49, 0.7)
	t.Names = []string{"θ"}
	likelihood := t.Quantity("log p(x|θ)", func(theta, x []float64) float64 {
		return -(x[0] - theta[0]) * (x[0] - theta[0]) / 2
	})
	r, err := SBC(t, []Quantity{likelihood}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(r)
	// Output:
	// 300 trials of 49 draws
	//                mean  spread    χ²     P    adj.   ECDF P    adj.
	// θ             0.518    1.15   85.4  0.001  0.001    0.001   0.001
	// log p(x|θ)    0.485    1.11   38.7  0.006  0.010    0.002   0.003
	// all together                              0.001            0.001
}

// Whatever takes a function may take a sampler: NewTrials asks it trial by trial.
func ExampleNewTrials() {
	theta, x := mat.NewDense(2, 1, []float64{1, 2}), mat.NewDense(2, 1, []float64{10, 20})
	t, err := NewTrials(theta, x, 3, func(dst *mat.Dense, i int) error {
		for l := range 3 {
			dst.Set(l, 0, x.At(i, 0)+float64(l))
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mat.Formatted(t.Draws.T()))
	// Output: [10  11  12  20  21  22]
}

// A posterior that ignores x passes by points that do so too, but not by points that
// other simulations make of x.
func ExampleTARP() {
	t := line(300, 49, 1)
	rng := rand.New(rand.NewPCG(2, 1))
	t.Draws.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, t.Draws)
	blind, err := TARP(t, nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	known, seen := mat.NewDense(500, 1, nil), mat.NewDense(500, 1, nil)
	for i := range 500 {
		known.Set(i, 0, rng.NormFloat64())
		seen.Set(i, 0, known.At(i, 0)+rng.NormFloat64())
	}
	nearest, err := Nearest(known, seen)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := TARP(t, nearest, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("P = %.2f and %.3f\n", blind.ECDFP, r.ECDFP)
	// Output: P = 0.42 and 0.001
}

// The regions of level .5 of a posterior that is too narrow hold fewer truths.
func ExampleHighestDensity() {
	t := line(300, 49, 0.7)
	q := t.Quantity("log q", func(theta, x []float64) float64 {
		return -(theta[0] - x[0]/2) * (theta[0] - x[0]/2)
	})
	r, err := HighestDensity(q.Truth, q.Draws, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	at := len(r.Level) / 2
	fmt.Printf("level %.2f: coverage %.2f, of exact draws %.2f to %.2f\n", r.Level[at], r.Quantities[0].ECDF[at], r.Low[at], r.High[at])
	// Output: level 0.50: coverage 0.38, of exact draws 0.42 to 0.58
}

// Two parameters whose correlation is lost: only their product shows it.
func ExampleTrials_Products() {
	rng := rand.New(rand.NewPCG(1, 1))
	t := &Trials{Theta: mat.NewDense(200, 2, nil), Draws: mat.NewDense(200*49, 2, nil), Names: []string{"a", "b"}}
	for i := range 200 {
		v := rng.NormFloat64()
		t.Theta.SetRow(i, []float64{v, 0.8*v + 0.6*rng.NormFloat64()})
	}
	t.Draws.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, t.Draws)
	r, err := SBC(t, t.Products(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, q := range r.Quantities {
		fmt.Printf("%s: P = %.3f\n", q.Name, q.ECDFTest.Adjusted)
	}
	// Output:
	// a: P = 0.995
	// b: P = 0.210
	// a × b: P = 0.001
}
