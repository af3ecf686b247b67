package main

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
)

// classes is the number of classes: arms of a spiral that meet in the middle.
const classes = 3

// knots is the number of Gaussians of an arm.
const knots = 4

// arms returns the distribution of the points of the given classes, all equally
// likely: the mixture of the Gaussians of their arms.
func arms(src rand.Source, of ...int) *dataset.Mixture {
	n := knots * len(of)
	weights, std, means := make([]float64, n), make([]float64, n), mat.NewDense(n, 2, nil)
	for i := range n {
		class, knot := of[i/knots], float64(i%knots)
		radius := 0.3 + 0.45*knot
		sin, cos := math.Sincos(2*math.Pi*float64(class)/classes + 0.7*radius)
		means.SetRow(i, []float64{radius * cos, radius * sin})
		weights[i], std[i] = 1, 0.2+0.03*knot
	}
	law, err := dataset.NewIsotropicMixture(weights, means, std, src)
	if err != nil {
		panic(err) // the numbers stand above
	}
	return law
}

// everything returns the distribution of all classes together.
func everything(src rand.Source) *dataset.Mixture {
	all := make([]int, classes)
	for k := range all {
		all[k] = k
	}
	return arms(src, all...)
}

// labelled draws rows (x, y, class).
type labelled struct {
	rng  *rand.Rand
	laws []*dataset.Mixture
}

func newLabelled(src rand.Source) *labelled {
	l := &labelled{rng: rand.New(src)}
	for k := range classes {
		l.laws = append(l.laws, arms(src, k))
	}
	return l
}

func (l *labelled) Rand(row []float64) []float64 {
	k := l.rng.IntN(classes)
	l.laws[k].Rand(row[:2])
	row[2] = float64(k)
	return row
}

// certainty returns the mean over the rows of x of the exact posterior
// probability of a class.
func certainty(x *mat.Dense, class int) float64 {
	law := everything(nil)
	n, _ := x.Dims()
	p := make([]float64, law.Len())
	sum := 0.0
	for i := range n {
		law.Responsibilities(p, x.RawRowView(i))
		for _, v := range p[class*knots : (class+1)*knots] {
			sum += v
		}
	}
	return sum / float64(n)
}
