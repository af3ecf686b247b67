package calibration

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Reference writes a reference point of TARP for an observation x to dst. It may be
// random, and it may depend on x, nil when Trials.X is; it may not depend on the true
// parameters or the draws of the trial.
type Reference func(dst, x []float64, rng *rand.Rand)

// TARP tests the expected coverage of balls round random points ("Sampling-Based
// Accuracy Testing of Posterior Estimators for General Inference", arXiv:2302.03026).
// With a reference point r_i the credible region of level α of trial i is the ball
// round r_i that holds the share α of its draws; it has to hold the truth in the share
// α of the trials. That is a test of the rank of the distance
//
//	|θ − r_i|,   in units of each parameter's spread among all truths and draws,
//
// the one Quantity of the result, whose ECDF is the expected coverage and whose band is
// what exact draws stay in. Faults of the joint distribution show that no parameter
// shows alone, but a constant shift of all draws hardly does, as the points lie on all
// sides of them: SBC sees that.
//
// A nil reference takes a random member, truth or draw, of another random trial: points
// from where the parameters lie, which know nothing of x, so that a posterior which
// ignores x and is the prior passes. A reference that depends on x sees that: Nearest
// makes one.
//
// Errors are those of SBC, and one wrapping ErrNonFinite for a reference point that is
// not finite. TARP panics when the shapes of t disagree.
func TARP(t *Trials, reference Reference, s *Settings) (*Result, error) {
	const verb = "TARP"
	n, draws, d, err := t.check(verb)
	if err != nil {
		return nil, err
	}
	c, err := s.withDefaults(verb, n, draws)
	if err != nil {
		return nil, err
	}
	points := mat.NewDense(n, d, nil)
	for i := range n {
		r := points.RawRowView(i)
		rng := rand.New(rand.NewPCG(^c.Seed, uint64(i)))
		if reference != nil {
			reference(r, t.x(i), rng)
			continue
		}
		from := rng.IntN(max(1, n-1))
		if from >= i && n > 1 {
			from++
		}
		copy(r, t.member(from, rng.IntN(draws+1)))
	}
	if err := finite(verb, "reference", points); err != nil {
		return nil, err
	}
	to := make([]func(float64) float64, d) // points that are far out are no part of the units
	for j := range to {
		to[j] = affine(append(mat.Col(nil, j, t.Theta), mat.Col(nil, j, t.Draws)...))
	}
	q := t.quantity("distance", func(i int, theta []float64) (distance float64) {
		for j, r := range points.RawRowView(i) {
			distance = math.Hypot(distance, to[j](theta[j])-to[j](r))
		}
		return distance
	})
	if err := q.check(verb, n, draws); err != nil {
		return nil, err
	}
	return uniform([]Quantity{q}, n, draws, c), nil
}

// Nearest returns a Reference for TARP: the parameters with which, among other
// simulations than the trials, that was simulated which is nearest to x, in units of
// each column's spread. theta is n×d, simulated n×k. A posterior that makes less of x
// than the nearest simulation does is seen to.
//
// Errors wrap ErrNonFinite. Nearest panics when the rows differ or there are none, and
// the Reference when x has not k values or the trials have not d parameters.
func Nearest(theta, simulated *mat.Dense) (Reference, error) {
	n, d := theta.Dims()
	m, k := simulated.Dims()
	if n == 0 || n != m {
		panic(fmt.Sprintf("calibration: Nearest: theta is %d×%d and simulated is %d×%d, want equal numbers of rows and at least one", n, d, m, k))
	}
	if err := finite("Nearest", "theta", theta); err != nil {
		return nil, err
	}
	if err := finite("Nearest", "simulated", simulated); err != nil {
		return nil, err
	}
	at, to := mat.NewDense(n, k, nil), make([]func(float64) float64, k)
	for j := range k {
		column := mat.Col(nil, j, simulated)
		to[j] = affine(column)
		for i, v := range column {
			at.Set(i, j, to[j](v))
		}
	}
	known := mat.DenseCopyOf(theta)
	return func(dst, x []float64, _ *rand.Rand) {
		if len(x) != k {
			panic(fmt.Sprintf("calibration: Nearest: x has %d values, want %d", len(x), k))
		}
		z := make([]float64, k)
		for j, v := range x {
			z[j] = to[j](v)
		}
		best, row := math.Inf(1), 0
		for i := range n {
			var square float64
			for j, v := range at.RawRowView(i) {
				square += (v - z[j]) * (v - z[j])
			}
			if square < best {
				best, row = square, i
			}
		}
		if len(dst) != d {
			panic(fmt.Sprintf("calibration: Nearest: theta has %d columns, the trials have %d parameters, want as many", d, len(dst)))
		}
		copy(dst, known.RawRowView(row))
	}, nil
}

// HighestDensity tests the expected coverage of highest-density regions ("A Trust
// Crisis In Simulation-Based Inference? Your Posterior Approximations Can Be
// Unfaithful", arXiv:2110.06581) from the log-densities log q(θ|x) of the posterior:
// truth has those of the true parameters of n trials, draws those of L draws of each,
// n·L in the order of Trials.Draws. The region of level α holds the share α of the
// draws, those of highest density; it has to hold the truth in the share α of the
// trials. The one Quantity of the result is the rank of −log q, whose ECDF is the
// expected coverage: below the level when the posterior is too sure of itself, above
// when it is too careful.
//
// Errors are those of SBC; −Inf, beyond the bounds of a posterior, is a density like
// others. A posterior that ignores x and is the prior passes. HighestDensity panics
// when draws has not a multiple of the values of truth, or one has none.
func HighestDensity(truth, draws []float64, s *Settings) (*Result, error) {
	const verb = "HighestDensity"
	n := len(truth)
	if n == 0 || len(draws) == 0 || len(draws)%n != 0 {
		panic(fmt.Sprintf("calibration: %s: truth has %d values and draws %d, want at least one and a multiple", verb, n, len(draws)))
	}
	perTrial := len(draws) / n
	c, err := s.withDefaults(verb, n, perTrial)
	if err != nil {
		return nil, err
	}
	negative := func(v []float64) []float64 {
		u := make([]float64, len(v))
		for i, p := range v {
			u[i] = -p
		}
		return u
	}
	q := Quantity{"log density", negative(truth), negative(draws)}
	if err := q.check(verb, n, perTrial); err != nil {
		return nil, err
	}
	return uniform([]Quantity{q}, n, perTrial, c), nil
}
