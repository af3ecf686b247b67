package sde_test

import (
	"fmt"
	stdlog "log"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
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

// Autoguidance leans away from what a bad model, here a too wide one, gets wrong.
func ExampleGuide_autoguidance() {
	p := sde.EDM{}
	law, err := dataset.NewIsotropicMixture([]float64{1, 1}, mat.NewDense(2, 2, []float64{1, 0, -1, 0}), []float64{0.5, 0.5}, nil)
	if err != nil {
		stdlog.Fatal(err)
	}
	good := sde.Problem{SDE: p, Score: sde.Analytic(p, law.Diffuse)}
	bad := sde.Problem{SDE: p, Score: sde.Analytic(p, law.Noised(1, 0.5).Diffuse)}
	guided, err := sde.Guide(good, bad, 2)
	if err != nil {
		stdlog.Fatal(err)
	}
	x, s := mat.NewDense(1, 2, []float64{3, 0}), mat.NewDense(1, 2, nil)
	for _, p := range []sde.Problem{bad, good, guided} {
		p.Score.Score(s, x, []float64{0.5})
		fmt.Printf("%.1f\n", s.At(0, 0))
	}
	// Output:
	// -2.7
	// -4.0
	// -5.3
}

// Guidance at middle noise levels only.
func ExampleWithin() {
	p := sde.EDM{}
	conditional := sde.Problem{SDE: p, Score: mixtureScore(p, 1, 0)}
	unconditional := sde.Problem{SDE: p, Score: mixtureScore(p, 1, 1)}
	guided, err := sde.Guide(conditional, unconditional, 4)
	if err != nil {
		stdlog.Fatal(err)
	}
	guided, err = sde.Within(guided, conditional, 0.3, 3)
	if err != nil {
		stdlog.Fatal(err)
	}
	x, s, plain := mat.NewDense(1, 2, []float64{0, 0}), mat.NewDense(1, 2, nil), mat.NewDense(1, 2, nil)
	for _, sigma := range []float64{0.1, 1, 10} {
		guided.Score.Score(s, x, []float64{sigma})
		conditional.Score.Score(plain, x, []float64{sigma})
		fmt.Printf("σ = %g: guided %t\n", sigma, !mat.Equal(s, plain))
	}
	// Output:
	// σ = 0.1: guided false
	// σ = 1: guided true
	// σ = 10: guided false
}

// sideClassifier is ∇ₓ log p(right | x_t) of two equal blobs around ±1, which is a
// logistic regression on the first column at every time.
type sideClassifier struct{ sde.SDE }

func (c sideClassifier) Score(dst, x *mat.Dense, t []float64) {
	dst.Zero()
	n, _ := x.Dims()
	for i := range n {
		alpha, sigma := c.Kernel(t[min(i, len(t)-1)])
		slope := 2 * alpha / (alpha*alpha*0.25 + sigma*sigma)
		dst.Set(i, 0, slope/(1+math.Exp(slope*x.At(i, 0))))
	}
}

// A classifier of noised rows turns the score of all rows into that of a class.
func ExampleGuideByClassifier() {
	p := sde.VP{}
	law, err := dataset.NewIsotropicMixture([]float64{1, 1}, mat.NewDense(2, 2, []float64{1, 0, -1, 0}), []float64{0.5, 0.5}, nil)
	if err != nil {
		stdlog.Fatal(err)
	}
	all := sde.Problem{SDE: p, Score: sde.Analytic(p, law.Diffuse)}
	guided, err := sde.GuideByClassifier(all, sde.Problem{SDE: p, Score: sideClassifier{p}}, 1)
	if err != nil {
		stdlog.Fatal(err)
	}
	x, s := mat.NewDense(1, 2, []float64{0, 0}), mat.NewDense(1, 2, nil)
	guided.Score.Score(s, x, []float64{0.3})
	alpha, sigma := p.Kernel(0.3)
	fmt.Printf("%.4f, the class's own %.4f\n", s.At(0, 0), alpha/(alpha*alpha*0.25+sigma*sigma))
	// Output: 0.8958, the class's own 0.8958
}
