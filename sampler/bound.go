package sampler

import (
	"context"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// BoundSettings are the choices of LogProbBound. The zero value, or a nil
// pointer, is ready to use.
type BoundSettings struct {
	// Draws is the number of evaluations a row, an even one; 0 means 128.
	Draws int
	// Prior is the distribution at the end of the span, as in Settings.
	Prior sde.Prior
	// Seed chooses the times and the noise, the others are those of
	// Settings.
	Seed                         uint64
	FirstRow, TotalRows, Workers int
}

// BoundResult is what a bound came from.
type BoundResult struct {
	Start, End float64   // the span
	StdErr     []float64 // the Monte Carlo standard error of every row, in nats
}

// LogProbBound writes a lower bound of the log-density that the reverse-time SDE
// gives to noised data, in nats, into dst: for a row x₀ of x, ε and T the ends of
// the span (Song et al. 2021, NeurIPS),
//
//	E[log p_ε(x_ε) | x₀] ≥ E log π(x_T) − ½∫g²(E‖s + z/σ‖² − d/σ²) dt + d∫f dt,          (50)
//
// with equality in the mean over the data for the exact score and π = p_T. As
// g²/σ² dt = −2 dλ, this is
//
//	E log π(x_T) + d log(σ_T/σ_ε) − ∫ E‖σs + z‖² dλ.                                     (51)
//
// The first expectation is known; the last is a mean over Draws, two in each of
// equal parts of the range of λ = log(α/σ), from whose differences comes the
// standard error. Unlike LogProb it needs no divergence. With p(x₀|x_ε) =
// N(x_ε/α, σ²/α²) it bounds log p(x₀) when d log α(ε) is added, next to nothing.
//
// Rows are independent, and a row that is not finite fails alone, as in LogProb. So do
// observations what they do there: d is the number of drawn cells.
func LogProbBound(ctx context.Context, dst []float64, x *mat.Dense, p sde.Problem, s *BoundSettings) (*BoundResult, error) {
	b := new(bound)
	if s != nil {
		b.BoundSettings = *s
	}
	r, err := newRunOf("BoundSettings", x, p, b, &Settings{
		Prior: b.Prior, Seed: b.Seed, FirstRow: b.FirstRow, TotalRows: b.TotalRows, Workers: b.Workers, Final: FinalState,
	})
	if err != nil {
		return nil, err
	}
	n, d := x.Dims()
	if len(dst) != n {
		panic(fmt.Sprintf("sampler: dimension mismatch: dst has length %d, want %d, one entry a row of x", len(dst), n))
	}
	if b.Draws == 0 {
		b.Draws = 128
	}
	if b.Draws < 0 || b.Draws%2 != 0 {
		return nil, fmt.Errorf("sampler: BoundSettings.Draws: is %d, want an even number ≥ 0: %w", b.Draws, ErrRange)
	}
	b.logp, b.stderr = make([]float64, n), make([]float64, n)
	b.run = r
	r.Grid = []float64{0, 0}
	r.Grid[0], r.Grid[1] = p.Span()
	r.start = r.given(x)
	failed, err := r.chunks(ctx, mat.NewDense(n, d, nil))
	if err != nil {
		return nil, err
	}
	failed.sort()
	for _, e := range failed {
		b.logp[e.Row-b.FirstRow], b.stderr[e.Row-b.FirstRow] = math.NaN(), math.NaN()
	}
	copy(dst, b.logp)
	res := &BoundResult{Start: r.Grid[0], End: r.Grid[1], StdErr: b.stderr}
	if len(failed) > 0 {
		return res, failed
	}
	return res, nil
}

// bound is one call of LogProbBound, the predictor of its only step.
type bound struct {
	BoundSettings
	run          *run
	logp, stderr []float64 // by row
}

// Predict computes the bound of the rows of a Step.
func (b *bound) Predict(s *Step) error {
	n, d := s.X.Dims()
	seen, count := make([][]float64, n), make([]int, n)
	for i := range n {
		seen[i] = b.run.ObservedRow(s.Row0 + i)
		count[i] = drawnOf(seen[i], d)
	}
	high, low := sde.LogSNR(s.SDE, s.T), sde.LogSNR(s.SDE, s.U)
	strata := b.Draws / 2
	z, xt, score := s.Scratch(0), s.Scratch(1), s.Scratch(2)
	t, u := make([]float64, n), make([]float64, b.Draws)
	uniforms := mat.NewDense(n, b.Draws, nil)
	for i := range n {
		noise.Uniform(u, b.Seed, noise.Draw{Row: s.Row0 + i, Purpose: noise.Level})
		uniforms.SetRow(i, u)
	}
	mean, square, first := make([]float64, n), make([]float64, n), make([]float64, n)
	for k := range b.Draws {
		s.Noise.Normal(z, noise.Draw{Row: s.Row0, Slot: k, Purpose: noise.Perturb})
		for i := range n {
			at := (float64(k/2) + uniforms.At(i, k)) / float64(strata)
			t[i] = max(s.T, min(s.U, sde.TimeAt(s.SDE, high+at*(low-high))))
			alpha, sigma := s.Kernel(t[i])
			for j, x := range s.X.RawRowView(i) {
				xt.Set(i, j, alpha*x+sigma*z.At(i, j))
			}
		}
		if err := s.ScoreRows(score, xt, t); err != nil {
			return err
		}
		for i := range n {
			_, sigma := s.Kernel(t[i])
			off := 0.0
			for j, v := range score.RawRowView(i) {
				if !drawn(seen[i], j) {
					continue
				}
				e := sigma*v + z.At(i, j)
				off += e * e
			}
			mean[i] += off / float64(b.Draws)
			if k%2 == 0 {
				first[i] = off
			} else {
				square[i] += (off - first[i]) * (off - first[i])
			}
		}
	}
	last, err := b.run.startOf(s, s.U)
	if err != nil {
		return err
	}
	alpha, sigma := last.alpha, last.sigma
	_, least := s.Kernel(s.T)
	for i := range n {
		row := s.Row0 - b.FirstRow + i
		b.logp[row] = -volumeOf(b.run.Frame, seen[i]) + float64(count[i])*math.Log(sigma/least) - (high-low)*mean[i]
		for j, x := range s.X.RawRowView(i) {
			if !drawn(seen[i], j) {
				continue
			}
			m, v := last.at(i, j)
			off := alpha*x - m
			b.logp[row] -= 0.5 * (math.Log(2*math.Pi*v) + (off*off+sigma*sigma)/v)
		}
		b.stderr[row] = (high - low) * math.Sqrt(square[i]) / float64(b.Draws)
	}
	s.Mean.Copy(s.X)
	return nil
}
