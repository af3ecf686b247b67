package sampler_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// column is a column of data N(0.7, 0.36), and its state at a level λ = log(α/σ), on the
// exact way of the flow on which it is k deviations from its mean.
type column struct {
	alpha, sigma, x, score, denoised, noise float64
	slope                                   float64 // ∂s/∂x
	logp                                    float64
}

func columnAt(p sde.SDE, lambda, k float64) (c column) {
	const m, v = 0.7, 0.36
	c.alpha, c.sigma = p.Kernel(sde.TimeAt(p, lambda))
	variance := c.alpha*c.alpha*v + c.sigma*c.sigma
	c.x = c.alpha*m + k*math.Sqrt(variance)
	c.slope = -1 / variance
	c.score = c.slope * (c.x - c.alpha*m)
	c.denoised = (c.x + c.sigma*c.sigma*c.score) / c.alpha
	c.noise = -c.sigma * c.score
	c.logp = -0.5 * (k*k + math.Log(2*math.Pi*variance))
	return c
}

// central is the slope of f at v, by the five-point rule.
func central(f func(v float64) float64, v, h float64) float64 {
	return (8*(f(v+h)-f(v-h)) - (f(v+2*h) - f(v-2*h))) / (12 * h)
}

// The probability flow of normal data is known: rows keep their number of deviations.
// In each of the coordinates it has the slope that is claimed.
//
// Checks sampler (1), (2), (3), (4) and (32).
func TestFlowIsTheSameForAllProcesses(t *testing.T) {
	for name, p := range allProcesses {
		t.Run(name, func(t *testing.T) {
			for _, lambda := range []float64{-2, -0.5, 0.3, 2} {
				for _, k := range []float64{-1.3, 0.4} {
					c := columnAt(p, lambda, k)
					at := func(f func(c column) float64) func(lambda float64) float64 {
						return func(lambda float64) float64 { return f(columnAt(p, lambda, k)) }
					}
					y := func(c column) float64 { return c.x / c.alpha }
					ratio := c.sigma / c.alpha
					require.InDelta(t, c.noise, central(func(r float64) float64 { return at(y)(-math.Log(r)) }, ratio, 1e-3*ratio), 1e-8)
					require.InDelta(t, c.noise, (y(c)-c.denoised)/ratio, 1e-12)
					require.InDelta(t, c.denoised-y(c), central(at(y), lambda, 1e-3), 1e-8*(1+ratio))

					r := math.Hypot(c.alpha, c.sigma)
					unit := func(c column) float64 { return c.x / math.Hypot(c.alpha, c.sigma) }
					share := c.sigma * c.sigma / (r * r)
					require.InDelta(t, share*(unit(c)+r*c.score), central(at(unit), lambda, 1e-3), 1e-8)
					density := func(c column) float64 { return c.logp + math.Log(math.Hypot(c.alpha, c.sigma)) }
					require.InDelta(t, -share*(1+r*r*c.slope), central(at(density), lambda, 1e-3), 1e-8)

					sin, cos := c.sigma/r, c.alpha/r
					turned := central(func(angle float64) float64 { return at(unit)(-math.Log(math.Tan(angle))) }, math.Atan(ratio), 1e-4)
					require.InDelta(t, cos*c.noise-sin*c.denoised, turned, 1e-8)
					require.InDelta(t, -ratio*(unit(c)+r*c.score), turned, 1e-8*(1+ratio))

					// Simpson's rule for the integral over a step of 1 in λ.
					const n = 200
					sum := 0.0
					for i := range n + 1 {
						l := lambda + float64(i)/n
						weight := []float64{2, 4}[i%2]
						if i == 0 || i == n {
							weight = 1
						}
						sum += weight * math.Exp(l) * columnAt(p, l, k).denoised / (3 * n)
					}
					u := columnAt(p, lambda+1, k)
					require.InDelta(t, u.x, u.sigma/c.sigma*c.x+u.sigma*sum, 1e-8*u.sigma*math.Exp(lambda+1))
				}
			}
		})
	}
}

// recording is a score that writes down its times.
type recording struct {
	gauss
	times []float64
}

func (r *recording) Score(dst, x *mat.Dense, t []float64) {
	r.times = append(r.times, t...)
	r.gauss.Score(dst, x, t)
}

// equal draws the same number everywhere.
type equal float64

func (e equal) Normal(dst *mat.Dense, _ noise.Draw) {
	dst.Apply(func(_, _ int, _ float64) float64 { return float64(e) }, dst)
}

// The steps of a row, whose ends are the times of its evaluations, are those of the
// formula. With a wide tolerance none is made again.
//
// Checks sampler (33), (34) and (35).
func TestStepsOfAdaptiveSDEAreImprovedEuler(t *testing.T) {
	for _, p := range []sde.SDE{sde.VP{}, sde.EDM{}, sde.Linear{}} {
		t.Run(fmt.Sprintf("%T", p), func(t *testing.T) {
			const z = 0.3
			g := &recording{gauss: standard(p)}
			x := mat.NewDense(1, 2, []float64{0.4, -1.1})
			want := slices.Clone(x.RawRowView(0))
			s := &sampler.Settings{Grid: []float64{0.9, 0.1}, Final: sampler.FinalState, Noise: equal(z), Workers: 1}
			require.NoError(t, sampler.Continue(context.Background(), x, sde.Problem{SDE: p, Score: g}, sampler.AdaptiveSDE{RTol: 10, ATol: 10}, s))
			require.Zero(t, len(g.times)%2)
			require.Greater(t, len(g.times), 2)
			slope := func(x []float64, at float64) []float64 { // (σ²/r²)(x + 2r²s)
				dst := mat.NewDense(1, 2, nil)
				g.gauss.Score(dst, mat.NewDense(1, 2, slices.Clone(x)), []float64{at})
				alpha, sigma := p.Kernel(at)
				r2 := alpha*alpha + sigma*sigma
				out := make([]float64, 2)
				for j := range out {
					out[j] = sigma * sigma / r2 * (x[j] + 2*r2*dst.At(0, j))
				}
				return out
			}
			for i := 0; i < len(g.times); i += 2 {
				from, to := g.times[i], g.times[i+1]
				h := sde.LogSNR(p, to) - sde.LogSNR(p, from)
				require.Positive(t, h)
				_, st := p.Kernel(from)
				_, su := p.Kernel(to)
				b := math.Hypot(p.Kernel(to)) / math.Hypot(p.Kernel(from))
				first, euler := slope(want, from), make([]float64, 2)
				for j := range euler {
					euler[j] = b * (want[j] + first[j]*h + st*math.Sqrt(2*h)*z)
				}
				second := slope(euler, to)
				for j := range want {
					want[j] = (euler[j] + b*want[j] + second[j]*h + su*math.Sqrt(2*h)*z) / 2
				}
			}
			require.InDeltaSlice(t, want, x.RawRowView(0), 1e-9)
		})
	}
}
