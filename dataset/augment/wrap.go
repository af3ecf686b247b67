package augment

import (
	"fmt"
	"math/rand/v2"
)

// Sometimes is an Op with a probability: of the other rows the parameters are 0. The more
// rows are left as they are, the better the network knows those that are asked for; the
// paper of the package doc takes 0.12.
type Sometimes struct {
	P float64 // on [0, 1]
	Op
}

// Check implements Op.
func (s Sometimes) Check(g Grid) (Grid, int, error) {
	if !(s.P >= 0 && s.P <= 1) {
		return g, 0, fmt.Errorf("Sometimes: P: is %v, want a number of [0, 1]: %w", s.P, ErrRange)
	}
	out, n, err := check("Sometimes", s.Op, g)
	if err == nil && n == 0 {
		err = fmt.Errorf("Sometimes: Op: %T has no parameters, which are what is sometimes 0; want one such as Shift, and Leaky round Sometimes: %w", s.Op, ErrRange)
	}
	return out, n, err
}

// Draw implements Op.
func (s Sometimes) Draw(a []float64, g Grid, rng *rand.Rand) {
	if rng.Float64() >= s.P {
		clear(a)
		return
	}
	s.Op.Draw(a, g, rng)
}

// Leaky is an Op that the network is not told of: samples show it too. It has no
// parameters.
type Leaky struct{ Op }

// Check implements Op.
func (l Leaky) Check(g Grid) (Grid, int, error) {
	out, _, err := check("Leaky", l.Op, g)
	return out, 0, err
}

// Draw implements Op.
func (l Leaky) Draw([]float64, Grid, *rand.Rand) {}

// Apply implements Op.
func (l Leaky) Apply(dst, x, _ []float64, g Grid, rng *rand.Rand) {
	_, n, _ := l.Op.Check(g)
	a := make([]float64, n)
	l.Op.Draw(a, g, rng)
	l.Op.Apply(dst, x, a, g, rng)
}

// check is Check of the op that another wraps.
func check(by string, op Op, g Grid) (Grid, int, error) {
	if op == nil {
		return g, 0, fmt.Errorf("%s: Op: is nil, want an Op such as Shift: %w", by, ErrRange)
	}
	out, n, err := op.Check(g)
	if err != nil {
		return g, 0, fmt.Errorf("%s: %w", by, err)
	}
	return out, n, nil
}
