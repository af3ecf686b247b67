package posterior_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// prior is the Problem of two columns of correlation 0.8, whose score is known.
func prior() sde.Problem {
	cov := mat.NewSymDense(2, []float64{1, 0.8, 0.8, 1})
	m, err := dataset.NewMixture([]float64{1}, mat.NewDense(1, 2, nil), []*mat.SymDense{cov}, nil)
	if err != nil {
		log.Fatal(err)
	}
	return sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, m.Diffuse)}
}

// sum is the observation that the two columns have the sum 2, to ± 0.1.
var sum = posterior.Observation{
	Operator: posterior.Matrix{A: mat.NewDense(1, 2, []float64{1, 1})},
	Y:        mat.NewDense(1, 1, []float64{2}),
	Noise:    posterior.Noise{Deviation: 0.1},
}

// Two columns are drawn given their sum: any sampler does it.
func ExampleMMPS_Given() {
	p, err := posterior.MMPS{}.Given(prior(), sum)
	if err != nil {
		log.Fatal(err)
	}
	x := mat.NewDense(2000, 2, nil)
	if err := sampler.Sample(context.Background(), x, p, sampler.DPMpp2MSDE{}, nil); err != nil {
		log.Fatal(err)
	}
	a, b := mat.Col(nil, 0, x), mat.Col(nil, 1, x)
	fmt.Printf("means %.1f and %.1f, correlation %.2f\n", stat.Mean(a, nil), stat.Mean(b, nil), stat.Correlation(a, b, nil))
	// Output:
	// means 1.0 and 1.0, correlation -0.95
}

// MMPS is exact here, and TMPD is the same when one number is observed. PiGDM does not
// know that the columns depend on each other. DPS takes x₀ to be known already, and goes as
// far as the sum that is observed, not as far as the noise allows.
func ExamplePiGDM_Given() {
	x, s := mat.NewDense(1, 2, []float64{0.5, -0.5}), mat.NewDense(1, 2, nil)
	for _, m := range []posterior.Method{posterior.MMPS{}, posterior.TMPD{}, posterior.PiGDM{}, posterior.DPS{}} {
		p, err := m.Given(prior(), sum)
		if err != nil {
			log.Fatal(err)
		}
		p.Score.Score(s, x, []float64{1})
		fmt.Printf("%-16T%.2f\n", m, s.RawRowView(0))
	}
	// Output:
	// posterior.MMPS  [0.58 1.41]
	// posterior.TMPD  [0.58 1.41]
	// posterior.PiGDM [0.86 1.69]
	// posterior.DPS   [0.58 1.42]
}

// With a step ζ DPS has a density where the prior has one.
func ExampleDPS_Given() {
	p, err := posterior.DPS{Step: 0.01}.Given(prior(), sum)
	if err != nil {
		log.Fatal(err)
	}
	density, ok := sde.As[sde.LogProber](p.Score)
	logp := make([]float64, 2)
	density.LogProb(logp, mat.NewDense(2, 2, []float64{1, 1, 1.1, 1.1}), []float64{0.01})
	fmt.Printf("%t %.2f\n", ok, logp[1]-logp[0])
	// Output:
	// true -1.37
}

// A row for each row of a run, and one number that is not seen well.
func ExampleTMPD_Given() {
	o := posterior.Observation{
		Operator: posterior.Mask{In: 2, Columns: []int{0}},
		Y:        mat.NewDense(3, 1, []float64{-1, 0, 1}),
		Noise:    posterior.Noise{Deviation: 0.5},
	}
	p, err := posterior.TMPD{}.Given(prior(), o)
	if err != nil {
		log.Fatal(err)
	}
	x := mat.NewDense(3, 2, nil)
	if err := sampler.Sample(context.Background(), x, p, sampler.Default(p.SDE), nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println("rows:", p.Rows)
	// Output:
	// rows: 3
}

// A product of two columns is no linear operator: value, JVP and VJP are all it takes.
type product struct{}

func (product) Dims() (in, out int) { return 2, 1 }

func (product) Apply(dst, x *mat.Dense) {
	dst.Apply(func(i, _ int, _ float64) float64 { return x.At(i, 0) * x.At(i, 1) }, dst)
}

func (product) JVP(dst, x, v *mat.Dense) {
	dst.Apply(func(i, _ int, _ float64) float64 { return x.At(i, 1)*v.At(i, 0) + x.At(i, 0)*v.At(i, 1) }, dst)
}

func (product) VJP(dst, x, u *mat.Dense) {
	dst.Apply(func(i, j int, _ float64) float64 { return x.At(i, 1-j) * u.At(i, 0) }, dst)
}

func ExampleOperator() {
	o := posterior.Observation{Operator: product{}, Y: mat.NewDense(1, 1, []float64{-1}), Noise: posterior.Noise{Deviation: 0.05}}
	p, err := posterior.MMPS{}.Given(prior(), o)
	if err != nil {
		log.Fatal(err)
	}
	x := mat.NewDense(500, 2, nil)
	if err := sampler.Sample(context.Background(), x, p, sampler.DPMpp2MSDE{}, nil); err != nil {
		log.Fatal(err)
	}
	mean := 0.0
	for i := range 500 {
		mean += x.At(i, 0) * x.At(i, 1) / 500
	}
	fmt.Printf("%.1f\n", mean)
	// Output:
	// -1.0
}

// The likelihood of clean rows, and where it grows.
func ExampleNewLikelihood() {
	l, err := posterior.NewLikelihood(sum, sde.Frame{})
	if err != nil {
		log.Fatal(err)
	}
	x, logp, gradient := mat.NewDense(1, 2, []float64{1, 0.9}), make([]float64, 1), mat.NewDense(1, 2, nil)
	l.LogProb(logp, x)
	l.Gradient(gradient, x)
	fmt.Printf("%.2f %.0f\n", logp, gradient.RawRowView(0))
	// Output:
	// [0.88] [10 10]
}

func ExampleObservation_Validate() {
	twice := posterior.Observation{Operator: posterior.Mask{In: 3, Columns: []int{1, 1}}, Y: mat.NewDense(1, 2, []float64{4, 5})}
	fmt.Println(twice.Validate())
	// Output:
	// posterior: Observation.Validate: number 1 of y follows from those before it and has no noise of its own: the values contradict each other, or say the same twice; want noise, or an operator of independent rows: out of range
}

// What score.Observed takes, for a model with a noise level for every column.
func ExampleObservation_Cells() {
	o := posterior.Observation{
		Operator: posterior.Mask{In: 3, Columns: []int{2}},
		Y:        mat.NewDense(1, 1, []float64{7}),
		Noise:    posterior.Noise{Deviation: 0.5},
	}
	values, deviations, ok := o.Cells()
	fmt.Println(values.RawRowView(0), deviations.RawRowView(0), ok, math.IsNaN(values.At(0, 0)))
	// Output:
	// [NaN NaN 7] [0 0 0.5] true true
}

// What a signal becomes when neighbours are mixed, and when it is seen in pairs.
func ExampleBlur() {
	x := mat.NewDense(1, 6, []float64{0, 0, 4, 0, 0, 2})
	kernel := mat.NewDense(1, 3, []float64{0.25, 0.5, 0.25})
	y := mat.NewDense(1, 6, nil)
	for _, e := range []posterior.Edge{posterior.EdgeZero, posterior.EdgeCircular, posterior.EdgeRenormalised} {
		posterior.Blur(1, 6, kernel, e).Apply(y, x)
		fmt.Printf("%.2f\n", y.RawRowView(0))
	}
	pairs := mat.NewDense(1, 3, nil)
	posterior.BlockMeans(1, 6, 1, 2).Apply(pairs, x)
	fmt.Println(pairs.RawRowView(0))
	// Output:
	// [0.00 1.00 2.00 1.00 0.50 1.00]
	// [0.50 1.00 2.00 1.00 0.50 1.00]
	// [0.00 1.00 2.00 1.00 0.50 1.33]
	// [0 2 1]
}

func ExampleSums() {
	y := mat.NewDense(1, 2, nil)
	posterior.Sums(4, []int{0, 1}, []int{1, 2, 3}).Apply(y, mat.NewDense(1, 4, []float64{1, 2, 3, 4}))
	fmt.Println(y.RawRowView(0))
	// Output: [3 9]
}

// A blur by a bell of 3×3 points, as a matrix of its own: the sum of a picture stays
// what it was when it lies in the middle.
func ExampleGaussianKernel() {
	kernel := posterior.GaussianKernel(3, 3, 1)
	fmt.Printf("%.3f\n", mat.Formatted(kernel))
	picture := mat.NewDense(1, 25, nil)
	picture.Set(0, 12, 8)
	blurred := mat.NewDense(1, 25, nil)
	op := posterior.Matrix{A: posterior.Blur(5, 5, kernel, posterior.EdgeZero).Matrix()}
	op.Apply(blurred, picture)
	fmt.Printf("%.3f\n", mat.Sum(blurred))
	// Output:
	// ⎡0.075  0.124  0.075⎤
	// ⎢0.124  0.204  0.124⎥
	// ⎣0.075  0.124  0.075⎦
	// 8.000
}
