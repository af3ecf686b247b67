package calibration

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Quantity is a number that depends on the parameters and on what was observed, such
// as the log-likelihood log p(x|θ), whose rank among the draws is tested like that of
// a parameter. What depends on x shows faults that no parameter shows alone
// ("Simulation-Based Calibration Checking for Bayesian Computation: The Choice of Test
// Quantities Shapes Sensitivity", arXiv:2211.02383).
type Quantity struct {
	Name string
	// Truth has the values at the true parameters of the n trials, Draws those at the
	// n·L draws, in the order of Trials.Draws. Infinities are numbers like others.
	Truth, Draws []float64
}

// Quantity evaluates of(θ, x) at the true parameters and at the draws of every trial,
// one after the other. x is nil when X is.
//
// Quantity panics when shapes disagree, as SBC does.
func (t *Trials) Quantity(name string, of func(theta, x []float64) float64) Quantity {
	n, _ := t.dims("Quantity")
	if t.X != nil {
		t.checkX("Quantity", n)
	}
	return t.quantity(name, func(i int, theta []float64) float64 { return of(theta, t.x(i)) })
}

// quantity is Quantity with the index of the trial.
func (t *Trials) quantity(name string, of func(i int, theta []float64) float64) Quantity {
	n, _ := t.Theta.Dims()
	rows, _ := t.Draws.Dims()
	q := Quantity{name, make([]float64, n), make([]float64, rows)}
	for i := range q.Truth {
		q.Truth[i] = of(i, t.Theta.RawRowView(i))
	}
	for r := range q.Draws {
		q.Draws[r] = of(r/(rows/n), t.Draws.RawRowView(r))
	}
	return q
}

// Products returns for each pair of parameters a < b the product of their deviations
// from the mean m of their trial, over its truth and draws,
//
//	(θ_a − m_a)(θ_b − m_b).
//
// Their ranks show a wrong correlation, which no parameter shows alone. There are
// d(d − 1)/2 of them. Products panics when shapes disagree, as SBC does.
func (t *Trials) Products() []Quantity {
	n, draws := t.dims("Products")
	_, d := t.Theta.Dims()
	mean := mat.NewDense(n, d, nil)
	for i := range n {
		for m := range draws + 1 {
			for j, v := range t.member(i, m) {
				mean.Set(i, j, mean.At(i, j)+v/float64(draws+1))
			}
		}
	}
	var all []Quantity
	for b := range d {
		for a := range b {
			all = append(all, t.quantity(t.name(a)+" × "+t.name(b), func(i int, theta []float64) float64 {
				return (theta[a] - mean.At(i, a)) * (theta[b] - mean.At(i, b))
			}))
		}
	}
	return all
}

// check panics when the numbers of values are not those of the trials, and returns an
// error for NaN.
func (q *Quantity) check(verb string, n, draws int) error {
	if len(q.Truth) != n || len(q.Draws) != n*draws {
		panic(fmt.Sprintf("calibration: %s: quantity %q has %d true values and %d at draws, want %d and %d", verb, q.Name, len(q.Truth), len(q.Draws), n, n*draws))
	}
	for i, v := range q.Truth {
		if math.IsNaN(v) {
			return fmt.Errorf("calibration: %s: %s: is NaN at the truth of trial %d, want a number: %w", verb, q.Name, i, ErrNonFinite)
		}
	}
	for r, v := range q.Draws {
		if math.IsNaN(v) {
			return fmt.Errorf("calibration: %s: %s: is NaN at draw %d of trial %d, want a number: %w", verb, q.Name, r%draws, r/draws, ErrNonFinite)
		}
	}
	return nil
}
