package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// curve is h(x) = f(x₁, x₂) of rows of two columns.
type curve struct {
	f     func(a, b float64) float64
	slope func(a, b float64) (da, db float64)
}

func (curve) Dims() (in, out int) { return 2, 1 }

func (c curve) Apply(dst, x *mat.Dense) {
	for i := range x.RawMatrix().Rows {
		dst.Set(i, 0, c.f(x.At(i, 0), x.At(i, 1)))
	}
}

func (c curve) JVP(dst, x, v *mat.Dense) {
	for i := range x.RawMatrix().Rows {
		a, b := c.slope(x.At(i, 0), x.At(i, 1))
		dst.Set(i, 0, a*v.At(i, 0)+b*v.At(i, 1))
	}
}

func (c curve) VJP(dst, x, u *mat.Dense) {
	for i := range x.RawMatrix().Rows {
		a, b := c.slope(x.At(i, 0), x.At(i, 1))
		dst.SetRow(i, []float64{a * u.At(i, 0), b * u.At(i, 0)})
	}
}

// correlated is the problem of two normals of variance 1.
func correlated(t *testing.T, ρ float64) sde.Problem {
	t.Helper()
	law, err := dataset.NewMixture([]float64{1}, mat.NewDense(1, 2, nil), []*mat.SymDense{mat.NewSymDense(2, []float64{1, ρ, ρ, 1})}, nil)
	require.NoError(t, err)
	return sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse)}
}

// Where the slope of h is 0 at the denoised rows of high noise, ψ was as narrow as the
// noise: the evidence was nats too low, and its error said .5.
func TestEvidenceOfNonlinearObservationsIsRight(t *testing.T) {
	arithmetic(t)
	const groups, number, steps, ρ = 4, 200, 40, 0.7
	p := correlated(t, ρ)
	for _, c := range []struct {
		says string
		h    curve
		y, τ float64
	}{
		{"square", curve{func(a, _ float64) float64 { return a * a }, func(a, _ float64) (float64, float64) { return 2 * a, 0 }}, 1.5, 0.2},
		{"product", curve{func(a, b float64) float64 { return a * b }, func(a, b float64) (float64, float64) { return b, a }}, 1.5, 0.3},
	} {
		// By the trapezoidal rule, whose error is below any power of the step.
		evidence, first := 0.0, 0.0
		for i := range 600 {
			for j := range 600 {
				a, b := (float64(i)+0.5)*0.02-6, (float64(j)+0.5)*0.02-6
				off := (c.h.f(a, b) - c.y) / c.τ
				w := math.Exp(-0.5*((a*a-2*ρ*a*b+b*b)/(1-ρ*ρ)+off*off)) / (2 * math.Pi * math.Sqrt(1-ρ*ρ)) / (math.Sqrt(2*math.Pi) * c.τ) * 4e-4
				evidence, first = evidence+w, first+w*a*a
			}
		}
		o := posterior.Observation{Operator: c.h, Y: mat.NewDense(1, 1, []float64{c.y}), Noise: posterior.Noise{Deviation: c.τ}}
		for _, m := range []posterior.Method{posterior.PiGDM{}, posterior.MMPS{}, posterior.DPS{}} {
			if m == posterior.Method(posterior.DPS{}) && c.says == "product" {
				continue // its guidance takes more particles
			}
			q, err := m.Given(p, o)
			require.NoError(t, err)
			x, trace := mat.NewDense(groups*number, 2, nil), new(sampler.Trace)
			s := &sampler.Settings{Seed: 1, Grid: grid.Conditional(p.SDE, steps)}
			require.NoError(t, sampler.Sample(context.Background(), x, q, sampler.Twisted{Particles: sampler.Particles{Number: number, Trace: trace}}, s))
			for g, v := range trace.LogEvidence {
				require.InDelta(t, math.Log(evidence), v, 4*trace.StdErr[g]+0.05, "%s, %T", c.says, m)
				trace.LogEvidence[g] = math.Exp(v) / evidence
			}
			mean, std := stat.MeanStdDev(trace.LogEvidence, nil)
			t.Logf("%s, %T: %.3f, deviation of a run %.3f, said %.3f", c.says, m, mean, std, stat.Mean(trace.StdErr, nil))
			require.InDelta(t, 1, mean, 0.1+4*std/math.Sqrt(groups), "%s, %T", c.says, m)
			require.Less(t, std, 0.9, "%s, %T", c.says, m)
			square := 0.0
			for i := range groups * number {
				square += x.At(i, 0) * x.At(i, 0) / (groups * number)
			}
			require.InEpsilon(t, first/evidence, square, 0.2, "%s, %T", c.says, m)
		}
	}
}

// rough is a score whose derivative has errors as those of a network, which are of the
// same size, in its output, at every level.
type rough struct {
	sde.Pullback
	by float64
}

func (r rough) VJP(dst, jtu, x, u *mat.Dense, t []float64) {
	r.Pullback.VJP(dst, jtu, x, u, t)
	n, d := x.Dims()
	for i := range n {
		σ := t[min(i, len(t)-1)]
		size := math.Sqrt(1 + σ*σ)
		for j := range d {
			for k := range d {
				e := r.by * math.Sin(3*x.At(i, k)/size+float64(2*j+k)) / (σ * σ) / size
				jtu.Set(i, j, jtu.At(i, j)+e*u.At(i, k))
			}
		}
	}
}

// V = σ²∂D of a network is no covariance at high levels: the evidence was a third too low,
// and its error did not say so.
func TestEvidenceBearsErrorsOfDerivatives(t *testing.T) {
	arithmetic(t)
	const groups, number, steps = 8, 200, 40
	p := correlated(t, 0.7)
	exact, _ := sde.As[sde.Pullback](p.Score)
	p.Score = rough{exact, 0.1}
	o := posterior.Observation{Operator: posterior.Mask{In: 2, Columns: []int{0, 1}}, Y: mat.NewDense(1, 2, []float64{1.2, 0.6}), Noise: posterior.Noise{Deviations: []float64{0.3, 0.4}}}
	a, b, c := 1.09, 1.16, 0.7
	det := a*b - c*c
	log := -math.Log(2*math.Pi) - 0.5*math.Log(det) - 0.5*(b*1.44-2*c*0.72+a*0.36)/det
	for _, m := range []posterior.Method{posterior.MMPS{}, posterior.PiGDM{}} {
		q, err := m.Given(p, o)
		require.NoError(t, err)
		x, trace := mat.NewDense(groups*number, 2, nil), new(sampler.Trace)
		s := &sampler.Settings{Seed: 1, Grid: grid.Conditional(p.SDE, steps)}
		require.NoError(t, sampler.Sample(context.Background(), x, q, sampler.Twisted{Particles: sampler.Particles{Number: number, Trace: trace}}, s))
		off := 0.0
		for g, v := range trace.LogEvidence {
			trace.LogEvidence[g] = math.Exp(v - log)
			off += math.Pow((trace.LogEvidence[g]-1)/trace.StdErr[g], 2) / groups
		}
		mean, std := stat.MeanStdDev(trace.LogEvidence, nil)
		t.Logf("%T: %.3f, deviation of a run %.3f, said %.3f, off by %.2f", m, mean, std, stat.Mean(trace.StdErr, nil), math.Sqrt(off))
		require.InDelta(t, 1, mean, 0.08, "%T", m)
		require.Less(t, off, 4., "%T: StdErr covers", m)
	}
}
