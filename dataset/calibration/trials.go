package calibration

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// Trials are what a posterior is judged by: n true parameters drawn from the prior,
// what the simulator made of each, and L draws of the posterior given that,
//
//	θ*_i ~ p(θ),   x_i ~ p(x|θ*_i),   θ_i1, …, θ_iL ~ q(θ|x_i).
//
// The draws given one x have to be independent of each other, as those of a sampler
// that starts anew for each are; chains have to be thinned.
type Trials struct {
	// Theta has the true parameters, n×d.
	Theta *mat.Dense
	// X has what was simulated, n×k, row i with the parameters in row i of Theta. It
	// may be nil where nothing looks at it.
	X *mat.Dense
	// Draws has the draws of the posterior, n·L×d: rows iL to iL + L − 1 are those
	// given row i of X.
	Draws *mat.Dense
	// Names are those of the d parameters; nil means "parameter 0" and so on.
	Names []string
}

// NewTrials returns trials of perTrial draws each, which draw writes to the rows of
// dst, perTrial×d, given row i of x. It is called for each trial in turn.
//
// An error of draw is wrapped with the trial, and whatever is not finite is an error
// wrapping ErrNonFinite. NewTrials panics when theta and x differ in their rows or have
// none, or perTrial is not positive.
func NewTrials(theta, x *mat.Dense, perTrial int, draw func(dst *mat.Dense, i int) error) (*Trials, error) {
	n, d := theta.Dims()
	if perTrial < 1 {
		panic(fmt.Sprintf("calibration: NewTrials: perTrial is %d, want ≥ 1", perTrial))
	}
	if n == 0 {
		panic("calibration: NewTrials: theta is empty")
	}
	t := &Trials{Theta: theta, X: x, Draws: mat.NewDense(n*perTrial, d, nil)}
	for i := range n {
		if err := draw(t.Draws.Slice(i*perTrial, (i+1)*perTrial, 0, d).(*mat.Dense), i); err != nil {
			return nil, fmt.Errorf("calibration: NewTrials: trial %d: %w", i, err)
		}
	}
	if _, _, _, err := t.check("NewTrials"); err != nil {
		return nil, err
	}
	return t, nil
}

// check returns the numbers of trials, draws of each, and parameters.
func (t *Trials) check(verb string) (n, draws, d int, err error) {
	n, draws = t.dims(verb)
	_, d = t.Theta.Dims()
	if t.Names != nil && len(t.Names) != d {
		panic(fmt.Sprintf("calibration: %s: Names has %d names, want %d, one a column of Theta", verb, len(t.Names), d))
	}
	if t.X != nil {
		t.checkX(verb, n)
		if err := finite(verb, "X", t.X); err != nil {
			return 0, 0, 0, err
		}
	}
	if err := finite(verb, "Theta", t.Theta); err != nil {
		return 0, 0, 0, err
	}
	if err := finite(verb, "Draws", t.Draws); err != nil {
		return 0, 0, 0, err
	}
	return n, draws, d, nil
}

// dims returns the numbers of trials and of draws of each.
func (t *Trials) dims(verb string) (n, draws int) {
	if t == nil || t.Theta == nil || t.Draws == nil {
		panic(fmt.Sprintf("calibration: %s: the Trials are nil, or have no Theta or no Draws, want both", verb))
	}
	n, d := t.Theta.Dims()
	rows, c := t.Draws.Dims()
	if n == 0 || rows == 0 || rows%n != 0 || c != d {
		panic(fmt.Sprintf("calibration: %s: Theta is %d×%d and Draws is %d×%d, want at least one row, equal columns and a multiple of the rows", verb, n, d, rows, c))
	}
	return n, rows / n
}

func (t *Trials) checkX(verb string, n int) {
	if r, k := t.X.Dims(); r != n {
		panic(fmt.Sprintf("calibration: %s: X is %d×%d, want the %d rows of Theta", verb, r, k, n))
	}
}

// name returns that of parameter j.
func (t *Trials) name(j int) string {
	if t.Names != nil {
		return t.Names[j]
	}
	return fmt.Sprintf("parameter %d", j)
}

// x returns row i of X, nil when there is none.
func (t *Trials) x(i int) []float64 {
	if t.X == nil {
		return nil
	}
	return t.X.RawRowView(i)
}

// member returns the parameters that are true in trial i when m is 0, else its draw
// m − 1.
func (t *Trials) member(i, m int) []float64 {
	if m == 0 {
		return t.Theta.RawRowView(i)
	}
	n, _ := t.Theta.Dims()
	rows, _ := t.Draws.Dims()
	return t.Draws.RawRowView(i*(rows/n) + m - 1)
}

// finite returns an error that names the first value that is not.
func finite(verb, what string, x *mat.Dense) error {
	n, _ := x.Dims()
	for i := range n {
		for j, v := range x.RawRowView(i) {
			if v-v != 0 {
				return fmt.Errorf("calibration: %s: %s: row %d, column %d is %v, want a number: %w", verb, what, i, j, v, ErrNonFinite)
			}
		}
	}
	return nil
}
