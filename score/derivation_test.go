package score

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
)

// fisher is σ²/2 times the square of the error of the score, less that of the score
// of normal data: what the objectives are in expectation, without their constants.
type fisher struct{ variances []float64 }

func (o fisher) Loss(_ *nn.Build, f Fields, d Batch) *ad.Expr {
	exact := gaussianScore(o.variances)(d.Xt, d)
	return ad.Mul(omega(false, d), ad.Sub(half(ad.Sub(f.Score(d.Xt), exact)), half(exact)))
}

// Integration by parts, and noise, take the unknown score out of the error: the rows'
// losses differ by numbers of mean 0, and by d/2 for the noise.
//
// Checks score (3) and (5).
func TestErrorOfTheScoreIsKnownButForAConstant(t *testing.T) {
	long(t)
	const n, d = 8000, 3
	variances := []float64{1.7, 0.4, 0.8}
	for name, p := range processes {
		b := rig{process: p, x0: scaled(n, variances, 1), z: normals(n, d, 2), t: repeated(spread(p, 5)[2], n), score: wavy}
		want := b.rows(fisher{variances})
		parts := minus(b.rows(ISM{}), want)
		require.Less(t, math.Abs(zScore(parts)), 4.0, "%s by parts", name)
		noise := minus(b.rows(NCSN{}), want)
		for i := range noise {
			noise[i] -= d / 2.0
		}
		require.Less(t, math.Abs(zScore(noise)), 4.0, "%s by noise", name)
	}
}

// The mean over all directions whose coordinates are 1 and −1 is the trace, exactly.
//
// Checks score (4).
func TestTraceIsTheMeanOverDirections(t *testing.T) {
	const n, d = 5, 3
	b := rig{process: sde.VP{}, x0: normals(n, d, 1), z: normals(n, d, 2), t: spread(sde.VP{}, n), score: wavy}
	mean := make([]float64, n)
	for signs := range 1 << d {
		b.probe = func(dst []float64, _, _ int) {
			for j := range dst {
				dst[j] = 0.25 + 0.5*float64(signs>>(j%d)&1)
			}
		}
		for i, v := range b.rows(SSMVR{}) {
			mean[i] += v / (1 << d)
		}
	}
	require.InDeltaSlice(t, b.rows(ISM{}), mean, 1e-12)
}

// Data N(0, v), and the score of N(0, w) with the prior that ends it: the reverse SDE
// then makes N(0, w) of it, and both sides are known.
//
// Checks score (28).
func TestLikelihoodWeighsErrorsByTheDivergence(t *testing.T) {
	kl := func(v, w float64) float64 { return (v/w - 1 - math.Log(v/w)) / 2 }
	for name, p := range processes {
		for _, c := range [][2]float64{{1, 0.3}, {0.5, 2}} {
			v, w := c[0], c[1]
			at := func(t float64) (a, b float64) { // variances at t
				α, σ := p.Kernel(t)
				return α*α*v + σ*σ, α*α*w + σ*σ
			}
			start, end := p.Span()
			// dt = −2σ²/g² dλ: the integral over λ = log(α/σ), by the midpoint rule.
			low, high := sde.LogSNR(p, end), sde.LogSNR(p, start)
			const steps = 4000
			h, sum := (high-low)/steps, 0.0
			for k := range steps {
				t := sde.TimeAt(p, low+(float64(k)+0.5)*h)
				α, σ := p.Kernel(t)
				_, g2 := p.Rates(t)
				a, b := at(t)
				// E‖D_θ − D‖² with the weight of Likelihood is ½g² E‖s_θ − s‖².
				error := σ * σ * σ * σ / (α * α) * (1/b - 1/a) * (1/b - 1/a) * a
				sum += Likelihood{}.At(p, t) * error * 2 * σ * σ / g2 * h
			}
			first, firstModel := at(start)
			last, lastModel := at(end)
			require.InEpsilon(t, kl(first, firstModel), kl(last, lastModel)+sum, 1e-4, "%s, %v", name, c)
		}
	}
}

// With a level for every column, a pair of rows with the noises z and −z has the clean
// row for its mean, and what they are off by, in units of their level, is normal.
//
// Checks score (29).
func TestEveryColumnHasTheNoiseOfItsLevel(t *testing.T) {
	data, err := Incomplete(holed(400), nil)
	require.NoError(t, err)
	m := newModel(t, 3, Config{ColumnLevels: true, Process: sde.EDM{}})
	m.shift, m.scale, m.calibrated = []float64{1e6, 0, 3}, []float64{10, 1e-3, 1}, true
	s := quick(10)
	s.References, s.Batch, s.Validation.Rows = None, 512, None
	run, err := prepare(t.Context(), m, data, s)
	require.NoError(t, err)
	b := run.batch
	b.inputs()
	require.NoError(t, b.fill(3))
	const own = 256
	var z []float64
	for i := range own {
		c := b.cols[i*blocks*3:]
		for j := range 3 {
			if c[blockWeight*3+j] == 0 {
				continue // not noised
			}
			σ := math.Exp(4 * float64(c[colNoise*3+j]))
			up, down := float64(b.xt[i*3+j]), float64(b.xt[(i+own)*3+j])
			require.InDelta(t, b.clean.At(i, j), (up+down)/2, 1e-5*(1+σ))
			z = append(z, (up-down)/(2*σ))
		}
	}
	require.Greater(t, len(z), 100)
	require.Less(t, math.Abs(zScore(z)), 4.0)
	n := float64(len(z))
	require.InDelta(t, 1, stat.Variance(z, nil), 4*math.Sqrt(2/n))
}
