package sampler

import (
	"context"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// FlowSettings are the choices of LogProb and SampleLogProb. The zero value,
// or a nil pointer, is ready to use. They are never written to.
type FlowSettings struct {
	// RTol and ATol are the tolerances of a step; 0 means 1e-5, or 16 times the
	// Problem's UnitRoundoff where that is more. A float32 model cannot meet less
	// than about 1e-6: it is refused, its Float64 is not.
	RTol, ATol float64
	// MaxEvaluations bounds the evaluations of one row; 0 means 10000.
	MaxEvaluations int
	// Probes says how ∇·s is found. A positive number is that many probes of
	// Hutchinson's estimator, which are the same for the whole path of a row.
	// 0 is the exact divergence in up to 64 dimensions, above, where the score
	// has a JVP, 8 probes.
	Probes int
	// Exact asks for the exact divergence in any dimension.
	Exact bool
	// GaussianProbes are normal instead of ±1 (Rademacher), whose variance is
	// smaller.
	GaussianProbes bool
	// Start is the time whose density is meant; 0 is the start of the span.
	Start float64
	// Prior is the distribution at the end of the span, as in Settings.
	Prior sde.Prior
	// Latents asks for the ends of the paths in the FlowResult.
	Latents bool
	// Noise serves the probes and SampleLogProb's starting points. Nil means
	// noise.White with Seed.
	Noise noise.Source
	Seed  uint64
	// FirstRow is the index, in the whole run of TotalRows, of the first row of
	// x; see Settings.
	FirstRow, TotalRows int
	// Workers bounds the goroutines used; 0 means GOMAXPROCS. The result has
	// the same bits for any number.
	Workers int
}

// FlowResult is what a log-density came from. Slices have one entry a row, NaN
// for a row that failed.
type FlowResult struct {
	// Start and End are the times between which the flow was followed: the
	// density is that of p_Start, the prior stands for p_End.
	Start, End float64
	// LogPrior is log π(x_End), in model coordinates. What the prior's misfit
	// adds to log p is LogPrior − log p_End(x_End); see also sde.Prior.KL.
	LogPrior []float64
	// Error estimates the error of the integration, in nats: the sum over the
	// steps of 5|e_Δ + s·e_x|, e being the solver's estimate of what a step errs.
	// As log p_t(x_t) + Δ_t does not change along the flow, to first order this
	// sum without its signs is what the steps do to the result; on a mixture 19
	// of 20 rows erred by less, at tolerances of 1e-5 and below. Learned scores are
	// rougher, and more of their rows may err by more. The rounding errors of the
	// score are added. Error knows neither the misfit of the prior
	// nor how far the score is from the true one.
	Error []float64
	// StdErr is the standard error over the probes, in nats. It is nil when the
	// divergence is exact, NaN for a single probe.
	StdErr []float64
	// Evaluations counts the evaluations of the score, all but one in six of
	// which with its divergence or all probes; Total is their sum.
	Evaluations []int
	Total       int
	// Latents holds x_End in model coordinates when it was asked for, NaN in cells
	// that are not drawn.
	Latents *mat.Dense
}

// LogProb writes the log-densities of the rows of x, in nats, into dst. They
// are those of the probability flow's distribution: with v = f x − ½g²s,
//
//	d/dt [x, Δ] = [v, ∇·v],   ∇·v = d f − ½ g² ∇·s,                                      (47)
//	log p_start(x) = log π(x_end) + Δ_end                                                (48)
//
// (Chen et al. 2018; Song et al. 2021), followed from the start of the span to
// its end with the pair of Dormand and Prince and steps of its own for every
// row, see DormandPrince. The divergence is exact or Hutchinson's (1990)
// estimate (Grathwohl et al. 2019), mean over probes of vᵀ(∂s/∂x)v, for which
// the Problem's Score has to have the method Divergence or JVP of
// sde.Divergencer, see sde.As; without the first, the exact one takes a JVP along
// every axis.
//
// The rows are in the data's coordinates, and so is the density. It is that of
// data with the little noise that the process has at the start of its span: the
// narrower the data's finest detail, the more that matters.
//
// Where the Problem has observations, see sde.Problem.Observed, it is the density of
// the drawn cells of a row given the known ones, those left out being integrated out;
// 0 of a row with nothing to draw. What x holds in the other cells is not looked at.
//
// Every row is what it would be alone, to the bit, for any workers. A row that
// fails is NaN in dst and reported in a RowErrors; all others are whole. After
// any other error, ErrRange, ErrUnset, or the context's, dst is unchanged. LogProb
// panics when dst has not one place a row.
func LogProb(ctx context.Context, dst []float64, x *mat.Dense, p sde.Problem, s *FlowSettings) (*FlowResult, error) {
	f, err := newFlow(dst, x, p, s)
	if err != nil {
		return nil, err
	}
	f.Grid = []float64{f.begin, f.end}
	f.start = f.given(x)
	state := mat.NewDense(x.RawMatrix().Rows, x.RawMatrix().Cols, nil)
	failed, err := f.chunks(ctx, state)
	if err != nil {
		return nil, err
	}
	return f.result(dst, state, failed)
}

// SampleLogProb draws one sample into each row of x, as Sample with
// DormandPrince does, and writes its log-density into dst: the flow of LogProb
// followed from the prior at the end of the span to the start. There is no
// denoising, after which the density would be another. Errors are those of
// LogProb; the rows of x that failed are NaNs.
func SampleLogProb(ctx context.Context, x *mat.Dense, dst []float64, p sde.Problem, s *FlowSettings) (*FlowResult, error) {
	f, err := newFlow(dst, x, p, s)
	if err != nil {
		return nil, err
	}
	n, d := x.Dims()
	latents, state := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	f.Grid = []float64{f.end, f.begin}
	f.start = func(s *Step) error {
		if err := f.drawPrior(s); err != nil {
			return err
		}
		rows, _ := s.X.Dims()
		for i := range rows {
			latents.SetRow(s.Row0-f.FirstRow+i, s.X.RawRowView(i))
		}
		return nil
	}
	failed, err := f.chunks(ctx, state)
	if err != nil {
		return nil, err
	}
	_ = f.deliver(x, state, failed) // the errors that result returns
	return f.result(dst, latents, failed)
}

// BitsPerDim returns −log₂ of a density in bits a dimension,
//
//	−(log p + d log w) / (d log 2),                                                      (49)
//
// for the density p of d numbers that are quantised in steps of w, with noise
// uniform over a step added (Theis et al. 2016): 1/256 for pixels in [0, 1],
// 2/256 for pixels in [−1, 1]. For data without steps w is 1.
func BitsPerDim(logp float64, d int, width float64) float64 {
	return -(logp/float64(d) + math.Log(width)) / math.Ln2
}

// newFlow checks the arguments and fills in the defaults.
func newFlow(dst []float64, x *mat.Dense, p sde.Problem, settings *FlowSettings) (*flow, error) {
	var s FlowSettings
	if settings != nil {
		s = *settings
	}
	f := new(flow)
	r, err := newRunOf("FlowSettings", x, p, f, &Settings{
		Prior: s.Prior, Noise: s.Noise, Seed: s.Seed, FirstRow: s.FirstRow, TotalRows: s.TotalRows, Workers: s.Workers, Final: FinalState,
	})
	if err != nil {
		return nil, err
	}
	n, d := x.Dims()
	if len(dst) != n {
		panic(fmt.Sprintf("sampler: dimension mismatch: dst has length %d, want %d, one entry a row of x", len(dst), n))
	}
	f.run, f.dim, f.gaussian, f.latents = *r, d, s.GaussianProbes, s.Latents
	f.begin, f.end = p.Span()
	if s.Start != 0 {
		at, ok := sde.InSpan(p.SDE, s.Start)
		if !ok || at == f.end {
			return nil, fmt.Errorf("sampler: FlowSettings.Start: is %g, want a time in the span [%g, %g]: %w", s.Start, f.begin, f.end, ErrRange)
		}
		f.begin = at
	}
	f.roundoff = f.Problem.Roundoff()
	f.rtol, f.atol, f.limit, err = tolerances("sampler: FlowSettings", s.RTol, s.ATol, s.MaxEvaluations, 1e-5, 1e-5, f.roundoff)
	if err != nil {
		return nil, err
	}
	if err := f.divergence(s.Probes, s.Exact); err != nil {
		return nil, err
	}
	f.delta, f.logPrior = make([]float64, n), make([]float64, n)
	f.errs, f.evals = make([]float64, n), make([]int, n)
	if f.probes > 0 {
		f.stderr = make([]float64, n)
	}
	return f, nil
}

// result makes the log-densities of the flow's integrals and latents.
func (f *flow) result(dst []float64, latents *mat.Dense, failed RowErrors) (*FlowResult, error) {
	failed.sort()
	for _, e := range failed {
		i := e.Row - f.FirstRow
		f.delta[i], f.logPrior[i], f.errs[i] = math.NaN(), math.NaN(), math.NaN()
		if f.stderr != nil {
			f.stderr[i] = math.NaN()
		}
		fill(latents.RawRowView(i), math.NaN())
	}
	res := &FlowResult{
		Start: f.begin, End: f.end, LogPrior: f.logPrior,
		Error: f.errs, StdErr: f.stderr, Evaluations: f.evals,
	}
	// π is that of x at the end, Δ that of y = x/r, and the density one of data.
	stretch := math.Log(f.scale(f.begin) / f.scale(f.end))
	for i := range dst {
		seen := f.ObservedRow(f.FirstRow + i)
		volume := float64(drawnOf(seen, f.dim))*stretch + volumeOf(f.Frame, seen)
		dst[i] = f.logPrior[i] + f.delta[i] - volume
		res.Total += f.evals[i]
		for j := range f.dim {
			if !drawn(seen, j) {
				latents.Set(i, j, math.NaN())
			}
		}
	}
	if f.latents {
		res.Latents = latents
	}
	if len(failed) > 0 {
		return res, failed
	}
	return res, nil
}
