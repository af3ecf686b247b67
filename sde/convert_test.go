package sde_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// slope is the five-point central difference.
func slope(f func(float64) float64, t, h float64) float64 {
	return (8*(f(t+h)-f(t-h)) - (f(t+2*h) - f(t-2*h))) / (12 * h)
}

var quantities = []sde.Quantity{sde.Score, sde.Denoised, sde.Noise, sde.Velocity}

func random(rng *rand.Rand, rows, cols int) *mat.Dense {
	x := mat.NewDense(rows, cols, nil)
	for i := range rows {
		for j := range cols {
			x.Set(i, j, rng.NormFloat64())
		}
	}
	return x
}

// Every pair both ways against the definitions: x = αD + σε and
// u = α̇D + σ̇ε with numerical derivatives of the kernel.
//
// Checks sde (9), (10) and (11).
func TestQuantitiesAreThoseOfTheirDefinitions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for i, p := range append([]sde.SDE{cosine{}}, processes...) {
		if _, ok := p.(*sde.Discrete); ok {
			continue // no difference quotient fits the corners at whole times
		}
		t.Run(fmt.Sprintf("%d %T", i, p), func(t *testing.T) {
			start, end := p.Span()
			start = max(start, 1e-3)
			for _, at := range []float64{start, 0.01*end + 0.99*start, 0.5 * (start + end), end} {
				alpha, sigma := p.Kernel(at)
				dAlpha := slope(func(t float64) float64 { a, _ := p.Kernel(t); return a }, at, 1e-3*at)
				dSigma := slope(func(t float64) float64 { _, s := p.Kernel(t); return s }, at, 1e-3*at)
				d, eps := random(rng, 3, 2), random(rng, 3, 2)
				linear := func(a, b float64) *mat.Dense {
					out := mat.NewDense(3, 2, nil)
					out.Apply(func(i, j int, v float64) float64 { return a*v + b*eps.At(i, j) }, d)
					return out
				}
				x := linear(alpha, sigma)
				values := map[sde.Quantity]*mat.Dense{
					sde.Score: linear(0, -1/sigma), sde.Denoised: d, sde.Noise: eps, sde.Velocity: linear(dAlpha, dSigma),
				}
				for _, from := range quantities {
					for _, to := range quantities {
						dst := mat.NewDense(3, 2, nil)
						sde.Convert(dst, x, values[from], p, at, from, to)
						// A velocity or denoiser determines the others up to its own rounding
						// (and the error of the difference) times onFrom.
						_, onFrom := sde.Between(p, at, from, to)
						size := mat.Max(values[to]) - mat.Min(values[to])
						scale := size + math.Abs(onFrom)*(mat.Max(values[from])-mat.Min(values[from]))
						tolerance := 1e-13
						if from == sde.Velocity || to == sde.Velocity {
							tolerance = 1e-9
						}
						require.True(t, mat.EqualApprox(values[to], dst, tolerance*(scale+1)),
							"%d to %d at %v: want %v, got %v", from, to, at, values[to], dst)

						back := mat.NewDense(3, 2, nil)
						sde.Convert(back, x, dst, p, at, to, from)
						_, onBack := sde.Between(p, at, to, from)
						require.True(t, mat.EqualApprox(values[from], back, 1e-13*(1+scale)*(1+math.Abs(onBack))),
							"%d to %d and back at %v: want %v, got %v", from, to, at, values[from], back)
					}
				}
			}
		})
	}
}

func TestConversionsHaveTheirLimitsAtZeroNoise(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		process  sde.SDE
		from, to sde.Quantity
		x, y     float64
	}{
		{sde.VP{}, sde.Score, sde.Denoised, 1, 0},
		{sde.VP{}, sde.Score, sde.Noise, 0, 0},
		{sde.VP{}, sde.Score, sde.Velocity, -0.05, -0.05},
		{sde.VP{}, sde.Noise, sde.Denoised, 1, 0},
		{sde.VP{}, sde.Velocity, sde.Denoised, 1, 0},
		{sde.VP{}, sde.Velocity, sde.Noise, 0, 0},
		{sde.VP{}, sde.Velocity, sde.Score, -1, -20},
		{sde.VP{}, sde.Noise, sde.Velocity, 0, inf}, // σ̇ is infinite
		{sde.VP{}, sde.Noise, sde.Score, 0, -inf},
		{sde.VP{}, sde.Denoised, sde.Noise, 0, -inf},
		{sde.VP{}, sde.Denoised, sde.Denoised, 0, 1},
		{sde.EDM{}, sde.Noise, sde.Velocity, 0, 1}, // dx/dσ is the noise
		{sde.EDM{}, sde.Velocity, sde.Noise, 0, 1},
		{sde.EDM{}, sde.Velocity, sde.Denoised, 1, 0},
		{sde.EDM{}, sde.Score, sde.Velocity, 0, 0},
		{sde.EDM{}, sde.Velocity, sde.Score, 0, -inf},
		{sde.EDM{}, sde.Denoised, sde.Velocity, 0, -inf},
		{sde.SubVP{}, sde.Noise, sde.Velocity, -0.05, 0.1}, // σ̇ is β₀
		{sde.SubVP{}, sde.Score, sde.Velocity, -0.05, 0},
		{sde.Cosine{}, sde.Noise, sde.Velocity, 0, math.Pi / 2},
		{sde.Cosine{}, sde.Velocity, sde.Denoised, 1, 0},
		{sde.Cosine{Offset: 0.1}, sde.Noise, sde.Velocity, 0, inf},
		{sde.Linear{}, sde.Noise, sde.Velocity, -1, 1}, // u = ε − D
		{sde.Linear{}, sde.Velocity, sde.Noise, 1, 1},
		{sde.Linear{}, sde.Velocity, sde.Denoised, 1, 0},
		{sde.Linear{}, sde.Velocity, sde.Score, 0, -inf},
		{discrete(sde.NewDDPM([]float64{0.5, 0.5})), sde.Score, sde.Velocity, -math.Ln2 / 2, -math.Ln2 / 2},
		{discrete(sde.NewNCSN([]float64{2, 3})), sde.Score, sde.Velocity, 0, -2},
	} {
		x, y := sde.Between(c.process, 0, c.from, c.to)
		what := fmt.Sprintf("%T: %d to %d", c.process, c.from, c.to)
		require.InDelta(t, c.x, x, 1e-15, what)
		if math.IsInf(c.y, 0) {
			require.Equal(t, c.y, y, what)
		} else {
			require.InDelta(t, c.y, y, 1e-14, what)
		}
	}
}

func TestConvertWorksInPlace(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	x, s := random(rng, 4, 3), random(rng, 4, 3)
	want := mat.NewDense(4, 3, nil)
	sde.Convert(want, x, s, sde.VP{}, 0.3, sde.Score, sde.Velocity)
	overX, overS := mat.DenseCopyOf(x), mat.DenseCopyOf(s)
	sde.Convert(overX, overX, s, sde.VP{}, 0.3, sde.Score, sde.Velocity)
	sde.Convert(overS, x, overS, sde.VP{}, 0.3, sde.Score, sde.Velocity)
	require.Equal(t, want, overX)
	require.Equal(t, want, overS)
}

func TestConvertChecksShapes(t *testing.T) {
	a, b := mat.NewDense(2, 3, nil), mat.NewDense(3, 2, nil)
	for _, m := range [][3]*mat.Dense{{b, a, a}, {a, b, a}, {a, a, b}} {
		panicsAbout(t, "sde: dimension mismatch: ", func() {
			sde.Convert(m[0], m[1], m[2], sde.VP{}, 0.3, sde.Score, sde.Noise)
		})
	}
	require.PanicsWithValue(t, "sde: unknown quantity", func() {
		sde.Convert(a, a, a, sde.VP{}, 0.3, sde.Score, 9)
	})
}

func ExampleConvert() {
	// At σ = 2 the point x = 3 with score −½ is the denoised value 1 plus twice
	// the noise 1.
	x, score := mat.NewDense(1, 1, []float64{3}), mat.NewDense(1, 1, []float64{-0.5})
	out := mat.NewDense(1, 1, nil)
	for _, to := range []sde.Quantity{sde.Denoised, sde.Noise, sde.Velocity} {
		sde.Convert(out, x, score, sde.EDM{}, 2, sde.Score, to)
		fmt.Println(out.At(0, 0))
	}
	// Output:
	// 1
	// 1
	// 1
}
