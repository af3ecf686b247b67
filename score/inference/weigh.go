package inference

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sampler"
)

// Weights are what draws of a learned posterior q are to be weighed by to be draws of the
// exact one,
//
//	w_i ∝ p(θ_i) p(x | θ_i) / q(θ_i | x).
type Weights struct {
	// W has a weight for each draw, which sum to 1; 0 for one that failed.
	W []float64
	// Effective is the effective sample size 1/Σw²: as many independent draws of the exact
	// posterior tell about as much. Where it is a small share of the draws, q is far
	// from the posterior, or narrower, and the weights are not to be trusted.
	Effective float64
	// LogEvidence is log p(x), the logarithm of the mean of p(θ)p(x|θ)/q(θ|x), in nats,
	// as far as prior and likelihood are normalised, and StdErr its standard error; both of
	// the draws that did not fail.
	LogEvidence, StdErr float64
}

// Weigh draws a row of parameters from the learned posterior into each row of theta and
// returns what they are to be weighed by, where the likelihood is known: importance
// sampling, exact as the number of rows grows whatever has been learned. logLikelihood
// returns log p(x | θ) for the observation of the View, −Inf where it is 0; it is called for
// one row after the other. The draws are those of the probability flow, as their densities
// are. Where there are several observations, one a row, every row is weighed by its own
// likelihood; then the weights mean little.
//
// A row whose flow fails is NaN in theta, has the weight 0, and is named in a
// sampler.RowErrors, beside which the Weights are returned: they hold for the others. It
// needs the Prior of the Posterior: without one the error wraps ErrUnsupported, as it
// does for a View made with FNPE or JAC. A logLikelihood that is NaN or +Inf gives one
// wrapping ErrNonFinite, one of −Inf for all draws ErrRange, and the others are those of
// sampler.SampleLogProb. After any error but RowErrors, and when all rows fail, there are no
// Weights and theta is unchanged.
func (v *View) Weigh(ctx context.Context, theta *mat.Dense, logLikelihood func(theta []float64) float64, s *sampler.FlowSettings) (*Weights, error) {
	v.alike("Weigh", theta, theta)
	if v.prior == nil {
		return nil, fmt.Errorf("inference: Weigh: the Posterior has no Prior, want the one of the simulations: %w", ErrUnsupported)
	}
	if logLikelihood == nil {
		return nil, fmt.Errorf("inference: Weigh: logLikelihood: is nil, want a function: %w", ErrRange)
	}
	if err := v.hasDensity("Weigh"); err != nil {
		return nil, err
	}
	n, d := theta.Dims()
	y, draws, logs := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), make([]float64, n)
	_, err := sampler.SampleLogProb(ctx, y, logs, v.problem, s)
	var failed sampler.RowErrors
	if err = v.explain("Weigh", err); err != nil && !(errors.As(err, &failed) && len(failed) < n) {
		return nil, err
	}
	v.ToParameters(draws, y)
	for i := range n {
		row := draws.RawRowView(i)
		if math.IsNaN(y.At(i, 0)) { // one that failed
			logs[i] = math.Inf(-1)
			for j := range row {
				row[j] = math.NaN()
			}
			continue
		}
		l := logLikelihood(slices.Clone(row))
		if math.IsNaN(l) || math.IsInf(l, 1) {
			return nil, fmt.Errorf("inference: Weigh: logLikelihood(%v): is %v, want a number, or −Inf: %w", row, l, ErrNonFinite)
		}
		logs[i] = v.prior.LogProb(row) + l - (logs[i] + v.at.logSlope(row) - v.place.volume(i))
	}
	w, wrong := weightsOf(logs, n-len(failed))
	if wrong != nil {
		return nil, fmt.Errorf("inference: Weigh: %w", wrong)
	}
	theta.Copy(draws)
	return w, err
}

// weightsOf returns the weights of these logarithms, which it overwrites, of as many draws as
// are good; those of the others are −Inf.
func weightsOf(logs []float64, good int) (*Weights, error) {
	n := float64(good)
	top := floats.Max(logs)
	if floats.HasNaN(logs) || math.IsInf(top, 0) {
		return nil, fmt.Errorf("prior times likelihood is 0 for all of %d draws, or not finite: %w", good, ErrRange)
	}
	for i, l := range logs {
		logs[i] = math.Exp(l - top)
	}
	total := floats.Sum(logs)
	w := &Weights{W: logs, LogEvidence: top + math.Log(total/n)}
	squares := 0.0
	for i := range w.W {
		w.W[i] /= total
		squares += w.W[i] * w.W[i]
	}
	w.Effective = 1 / squares
	w.StdErr = math.Sqrt(max(0, n*squares-1) / n)
	return w, nil
}

// Resample fills dst with rows of theta, each as often as its weight says, but for less than
// one: systematic resampling, with one number u on [0, 1) for all. It panics when the shapes
// do not match.
func (w *Weights) Resample(dst, theta *mat.Dense, u float64) {
	n, d := theta.Dims()
	m, c := dst.Dims()
	if d != c || n != len(w.W) || !(u >= 0 && u < 1) {
		panic(fmt.Sprintf("%s: Resample: dst is %d×%d, theta %d×%d with %d weights, u %v", badShape, m, c, n, d, len(w.W), u))
	}
	last := n - 1 // that may be taken, whatever the sum is rounded to
	for last > 0 && w.W[last] == 0 {
		last--
	}
	i, sum := 0, w.W[0]
	for k := range m {
		for sum <= (float64(k)+u)/float64(m) && i < last {
			i++
			sum += w.W[i]
		}
		dst.SetRow(k, theta.RawRowView(i))
	}
}
