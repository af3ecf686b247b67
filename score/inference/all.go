package inference

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// AllSettings are the choices of GivenAll. The zero value, or a nil pointer, is ready to
// use.
type AllSettings struct {
	// Method is how the scores are put together; the zero value is GAUSS.
	Method Method
	// Draws is the number of draws from the posterior of each observation from which
	// the covariance is taken: by GAUSS, by FNPE for its steps, and by JAC for what
	// Jacobians may say at most; 0 is 512.
	Draws int
	// Seed and Workers are those of the draws.
	Seed    uint64
	Workers int
}

// GivenAll returns the posterior of all rows of x together, which are independent
// observations of the same θ,
//
//	p(θ | x_1, …, x_n) ∝ p(θ)^{1−n} Π_i p(θ | x_i),
//
// from the scores that were learned for one. All of the methods need the score of the
// prior, too, which is taken to be normal in coordinates without bounds: a prior that is
// normal, lognormal, or uniform between bounds is, and a Warning tells of one that is not.
//
// What the network errs in a score adds up over observations: of some dozens GAUSS may be half
// as wide as the exact posterior. And posteriors of one observation that are not normal, such
// as those of two modes, are not what GAUSS and FNPE suppose: the one may be several times too
// narrow there, the other diverge. Warnings tell of 20 observations and more, and of
// posteriors whose kurtosis is not that of a normal one.
//
// Errors are those of Given, one wrapping ErrRange for an impossible setting, and those of
// sampling.
func (p *Posterior) GivenAll(ctx context.Context, x *mat.Dense, s *AllSettings) (*View, error) {
	if err := p.check("GivenAll", x); err != nil {
		return nil, err
	}
	var c AllSettings
	if s != nil {
		c = *s
	}
	if c.Method < GAUSS || c.Method > FNPE {
		return nil, fmt.Errorf("inference: GivenAll: AllSettings.Method: is %d, want one of the constants: %w", c.Method, ErrRange)
	}
	if ctx == nil {
		return nil, fmt.Errorf("inference: GivenAll: ctx: is nil, want a context: %w", ErrRange)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("inference: GivenAll: %w", err)
	}
	if c.Workers < 0 || c.Workers > pool.MostWorkers {
		return nil, fmt.Errorf("inference: GivenAll: AllSettings.Workers: is %d, want from 0 to %d: %w", c.Workers, pool.MostWorkers, ErrRange)
	}
	const most = 1 << 20
	if d, _ := p.Dims(); c.Draws < 0 || c.Draws > most || c.Draws > 0 && c.Draws <= d {
		return nil, fmt.Errorf("inference: GivenAll: AllSettings.Draws: is %d, want more than the %d parameters and at most %d, or 0 for 512: %w", c.Draws, d, most, ErrRange)
	}
	v, err := p.givenAll(ctx, x, &c)
	if err != nil {
		return nil, fmt.Errorf("inference: GivenAll: %w", err)
	}
	return v, nil
}

func (p *Posterior) givenAll(ctx context.Context, x *mat.Dense, c *AllSettings) (*View, error) {
	frame := p.model.Frame()
	d, _ := p.Dims()
	wide, warning := p.priorMoments(c.Seed)
	prior, err := newNormal(scaled(wide, frame))
	if err != nil {
		return nil, err
	}
	x = p.at.sets.beside(x)
	places := p.at.place(x)
	n, k := x.Dims()
	all := &pooled{process: p.model.Process(), prior: prior, method: c.Method}
	odd, oddly := 0, ""
	var problem sde.Problem
	draws := mat.NewDense(max(cmp.Or(c.Draws, 512), d+1), d, nil)
	for i := range n {
		problem = p.model.Given(p.at.within(x.Slice(i, i+1, 0, k).(*mat.Dense))).Problem()
		of := places.part(i, frame)
		of.score = problem.Score
		if err := sampler.Sample(ctx, draws, problem, sampler.Default(problem.SDE), &sampler.Settings{Seed: c.Seed, FirstRow: i * draws.RawMatrix().Rows, Workers: c.Workers}); err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
		if j, kurtosis := leastNormal(draws); math.Abs(kurtosis-3) > max(notMesokurtic, 5*math.Sqrt(24/float64(draws.RawMatrix().Rows))) {
			if odd++; odd == 1 {
				oddly = fmt.Sprintf("row %d: its own posterior is not normal, coordinate %d has kurtosis %.2g for 3", i, j, kurtosis)
			}
		}
		of.precision = prior.narrower(of.inWide(scaled(momentsOf(draws), frame).cov))
		all.parts = append(all.parts, of)
	}
	if odd > 1 {
		oddly = fmt.Sprintf("%s, and likewise %d rows more", oddly, odd-1)
	}
	if odd > 0 && c.Method != JAC {
		warning = append(warning, fmt.Sprintf("%s: %v takes posteriors for normal, and what it makes of them may be several times too narrow", oddly, c.Method))
	}
	if n >= manyObservations {
		warning = append(warning, fmt.Sprintf("the errors of the network in %d scores add up: the posterior may be half as wide as the exact one, or less; Weigh tells, where there is a likelihood", n))
	}
	v := &View{
		Warnings: append(warning, p.at.outside(x)...), at: p.at, prior: p.Prior, place: &place{shift: mat.NewDense(1, d, nil)}, method: c.Method,
		problem: sde.Problem{
			SDE: problem.SDE, Score: all, Frame: frame, Conditional: true, Breakpoints: problem.Breakpoints,
			UnitRoundoff: problem.UnitRoundoff * math.Sqrt(float64(2*n)),
		},
	}
	return v, nil
}

// notMesokurtic is the distance of the kurtosis of a posterior from the normal one's, and
// manyObservations their number, from which on GivenAll warns. The kurtosis of 512 draws of a
// normal posterior has the deviation √(24/512), 0.22.
const (
	notMesokurtic    = 1
	manyObservations = 20
)

// leastNormal returns the coordinate whose kurtosis is furthest from 3, and that.
func leastNormal(draws *mat.Dense) (coordinate int, kurtosis float64) {
	n, d := draws.Dims()
	kurtosis = 3
	for j := range d {
		column := mat.Col(make([]float64, n), j, draws)
		if k := stat.ExKurtosis(column, nil) + 3; math.Abs(k-3) > math.Abs(kurtosis-3) {
			coordinate, kurtosis = j, k
		}
	}
	return coordinate, kurtosis
}

// scaled returns moments of w in the coordinates that the process runs in.
func scaled(m moments, f sde.Frame) moments {
	d := len(m.mean)
	s := moments{make([]float64, d), mat.NewSymDense(d, nil)}
	for i := range d {
		s.mean[i] = (m.mean[i] - f.Shift[i]) / f.Scale[i]
		for j := i; j < d; j++ {
			s.cov.SetSym(i, j, m.cov.At(i, j)/(f.Scale[i]*f.Scale[j]))
		}
	}
	return s
}

// narrower returns the precision of a posterior of the given covariance, which is at most
// the prior's in every direction: more is the chance of the draws.
func (g normal) narrower(cov *mat.SymDense) *mat.SymDense {
	return clipped(cov, g.power(func(v float64) float64 { return 1 / math.Sqrt(v) }))
}

// congruent returns a b a.
func congruent(a, b *mat.SymDense) *mat.SymDense {
	var m mat.Dense
	m.Mul(a, b)
	m.Mul(&m, a)
	d := a.SymmetricDim()
	s := mat.NewSymDense(d, nil)
	for i := range d {
		for j := i; j < d; j++ {
			s.SetSym(i, j, (m.At(i, j)+m.At(j, i))/2)
		}
	}
	return s
}

// priorDraws is the number of draws from which the moments of a prior are taken, and
// notNormal the deviation of its log-density from a normal one's, in nats, from which on
// GivenAll warns.
const (
	priorDraws = 1 << 14
	notNormal  = 0.05
)

// priorMoments returns the moments of the prior in w, and a warning for one that is not
// normal there.
func (p *Posterior) priorMoments(seed uint64) (moments, []string) {
	d, _ := p.Dims()
	if p.Prior == nil {
		return p.wide, []string{"the prior is not known: it is taken to be normal with the moments of the parameters that were learned from"}
	}
	theta, w := mat.NewDense(priorDraws, d, nil), mat.NewDense(priorDraws, d, nil)
	for i := range priorDraws {
		p.Prior.Sample(theta.RawRowView(i), noise.Rand(seed, noise.Draw{Purpose: noise.Data, Row: i, Step: simulationStep, Slot: 1}))
	}
	if err := p.at.wide(w, theta); err != nil {
		return p.wide, []string{fmt.Sprintf("the prior is taken to be normal with the moments of the parameters that were learned from: %v", err)}
	}
	m := momentsOf(w)
	if !m.possible() {
		return p.wide, []string{"the prior lies too far from the parameters that were learned from: it is taken to be normal with their moments"}
	}
	if off := p.notNormal(m, theta, w); off > notNormal {
		return m, []string{fmt.Sprintf("the prior is not normal in coordinates without bounds, by %.2g nats: posteriors of several observations are approximate, the more of them the worse", off)}
	}
	return m, nil
}

// notNormal returns the deviation over draws of how far the log-density of the prior is
// from that of the normal distribution of moments m.
func (p *Posterior) notNormal(m moments, theta, w *mat.Dense) float64 {
	g, err := newNormal(m)
	if err != nil {
		return math.Inf(1)
	}
	n, d := w.Dims()
	gaps, off := make([]float64, 0, n), make([]float64, d)
	for i := range n {
		for j := range d {
			off[j] = w.At(i, j) - m.mean[j]
		}
		quadratic := make([]float64, d)
		addProduct(quadratic, 1, g.precision, off)
		half := 0.0
		for j := range d {
			half += off[j] * quadratic[j] / 2
		}
		gaps = append(gaps, p.Prior.LogProb(theta.RawRowView(i))-p.at.logSlope(theta.RawRowView(i))+half)
	}
	_, deviation := spread(gaps)
	return deviation
}

// anneal sets a run of FNPE: Langevin steps at falling noise levels, down to a tenth of the
// least deviation of the posterior. With less noise the score has nothing to say but the
// errors of a network, on which steps of the posterior's size diverge.
func (v *View) anneal(s *SampleSettings) {
	all, process := v.problem.Score.(*pooled), v.problem.SDE
	s.Predictor = sampler.NoPredictor{}
	if s.Corrector == nil {
		s.Corrector = sampler.Langevin{SNR: 0.5, Steps: 5, Scale: all.step}
	}
	if s.Grid == nil {
		start, _ := process.Span()
		alpha, sigma := process.Kernel(start)
		s.Grid = grid.Karras(process, 80, 0.1*math.Sqrt(all.narrowest(start))*sigma/alpha, 7, 100)
	}
}

// narrowest returns the least variance at a time, in units of σ², of what the sum of the
// scores is that of, were the posteriors normal: a Langevin step of twice as much is no
// longer stable.
func (p *pooled) narrowest(t float64) float64 {
	alpha, sigma := p.process.Kernel(t)
	total := p.prior.power(func(v float64) float64 { return 1 / (alpha*alpha*v + sigma*sigma) })
	total.ScaleSym(-float64(len(p.parts)-1), total)
	for _, of := range p.parts {
		// (α² P⁻¹ + σ²)⁻¹
		total.AddSym(total, withValues(of.precision, func(v float64) float64 { return v / (alpha*alpha + sigma*sigma*v) }))
	}
	var e mat.EigenSym
	if !e.Factorize(total, false) {
		return 0
	}
	values := e.Values(nil)
	return 1 / (sigma * sigma * values[len(values)-1])
}

// step returns the scale of Langevin's step at a time: the narrowest variance, and less of it
// towards the end, where the target no longer changes, so that the bias of the steps fades.
func (p *pooled) step(t float64) float64 {
	v := p.narrowest(t)
	return v / math.Pow(max(v, 1), 0.25)
}
