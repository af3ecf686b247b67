package sampler

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// checkPrior takes the Problem's prior where the settings of this name have none.
func (r *run) checkPrior(settings string, d int) error {
	if r.Settings.Prior.Mean == nil && r.Settings.Prior.Variance == nil {
		r.Settings.Prior = r.Problem.Prior
	}
	if err := r.Settings.Prior.Validate(d); err != nil {
		return fmt.Errorf("sampler: %s.%w", settings, err)
	}
	return nil
}

// start is the Gaussian that the rows of a Step start from at one time, or end at.
type start struct {
	sde.Prior
	means        *mat.Dense // of the data of each row; nil: the prior's
	alpha, sigma float64
}

// startOf returns the start of a Step's rows at time t. Where the data are
// conditional and no mean is named, it asks the denoiser at 0 for theirs:
// D(0, t) = E[x₀ | x_t = 0], which noise much larger than the data makes E[x₀]. Where that
// is not defined it takes the prior's.
func (r *run) startOf(s *Step, t float64) (start, error) {
	g := start{Prior: r.Settings.Prior}
	g.alpha, g.sigma = r.Kernel(t)
	if !r.Conditional || g.Mean != nil {
		return g, nil
	}
	zero := s.like()
	g.means = s.like()
	if err := s.X0(g.means, zero, t); err != nil {
		return g, err
	}
	for i := range g.means.RawMatrix().Rows {
		row := g.means.RawRowView(i)
		if x := largest(row); x-x != 0 {
			clear(row)
		}
	}
	return g, nil
}

// at returns the mean and the variance of coordinate j of row i.
func (g start) at(i, j int) (mean, variance float64) {
	mean, variance = g.Prior.At(j, g.alpha, g.sigma)
	if g.means != nil {
		mean = g.alpha * g.means.At(i, j)
	}
	return mean, variance
}

// logProb returns log π of the drawn cells of row i.
func (g start) logProb(i int, y, seen []float64) float64 {
	sum := 0.0
	for j, v := range y {
		if !drawn(seen, j) {
			continue
		}
		mean, variance := g.at(i, j)
		sum -= 0.5 * (math.Log(2*math.Pi*variance) + (v-mean)*(v-mean)/variance)
	}
	return sum
}

// drawPrior fills the state of a Step with starting points.
func (r *run) drawPrior(s *Step) error {
	t := r.Grid[0]
	g, err := r.startOf(s, t)
	if err != nil {
		return err
	}
	s.from = &g
	r.Noise.Normal(s.X, noise.Draw{Row: s.Row0, Purpose: noise.Prior, T: t, U: t})
	n, _ := s.X.Dims()
	for i := range n {
		row := s.X.RawRowView(i)
		for j, z := range row {
			mean, variance := g.at(i, j)
			row[j] = mean + math.Sqrt(variance)*z
		}
	}
	return nil
}
