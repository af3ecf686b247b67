package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// distributions are the Diffusible distributions of this package that live on
// the plane.
func distributions(seed uint64) map[string]Diffusible {
	return map[string]Diffusible{
		"moons":        NewMoons(rand.NewPCG(seed, 0)),
		"ring":         NewRing(rand.NewPCG(seed, 0)),
		"checkerboard": NewCheckerboard(rand.NewPCG(seed, 0)),
		"swiss roll":   NewSwissRoll(rand.NewPCG(seed, 0)),
		"spirals":      NewSpirals(rand.NewPCG(seed, 0)),
		"pinwheel":     NewPinwheel(0.25, rand.NewPCG(seed, 0)),
		"hard wheel":   NewPinwheel(0.5, rand.NewPCG(seed, 0)),
		"full mixture": fullMixture(rand.NewPCG(seed, 0)),
		"iso mixture":  isoMixture(2, rand.NewPCG(seed, 0)),
		"affine":       NewAffine(fullMixture(rand.NewPCG(seed, 0)), -0.7, []float64{0.3, -0.4}),
	}
}

// kernels spans the processes' range: nearly clean data, middle, nearly noise,
// and variance-exploding.
var kernels = [][2]float64{{0.999, 0.03}, {0.9, 0.4}, {0.5, 0.87}, {0.05, 1}, {1, 0.2}, {1, 3}, {1, 60}}

func fullMixture(src rand.Source) *Mixture {
	covs := []*mat.SymDense{
		mat.NewSymDense(2, []float64{0.5, 0.18, 0.18, 0.288}),
		mat.NewSymDense(2, []float64{0.02, -0.03, -0.03, 0.06}),
		mat.NewSymDense(2, []float64{0.1, 0, 0, 0.3}),
	}
	means := mat.NewDense(3, 2, []float64{0.7, -0.4, -1, 0.5, 1.2, 1.5})
	m, err := NewMixture([]float64{2, 1, 3}, means, covs, src)
	if err != nil {
		panic(err)
	}
	return m
}

func isoMixture(d int, src rand.Source) *Mixture {
	const k = 4
	rng := rand.New(rand.NewPCG(uint64(d), 77))
	means := mat.NewDense(k, d, nil)
	w, std := make([]float64, k), make([]float64, k)
	for i := range k {
		w[i], std[i] = 0.2+rng.Float64(), 0.2+0.5*rng.Float64()
		for j := range d {
			means.Set(i, j, 2*rng.Float64()-1)
		}
	}
	m, err := NewIsotropicMixture(w, means, std, src)
	if err != nil {
		panic(err)
	}
	return m
}

// points draws n points of the noised distribution, plus some around it.
func points(dist Diffusible, alpha, sigma float64, n int, seed uint64) [][]float64 {
	rng := rand.New(rand.NewPCG(seed, 5))
	list := make([][]float64, 0, n)
	for i := range n {
		x := dist.Rand(nil)
		spread := sigma
		if i%4 == 3 {
			spread *= 3
		}
		for j := range x {
			x[j] = alpha*x[j] + spread*rng.NormFloat64()
		}
		list = append(list, x)
	}
	return list
}

func TestEntropiesOfTheToys(t *testing.T) {
	t.Parallel()
	const n = 20_000
	want := map[string]float64{"moons": 1.1002, "ring": 0.3121, "checkerboard": 2.0794, "swiss roll": 0.9350, "spirals": 1.3977, "pinwheel": 1.5345, "hard wheel": 1.5345}
	all := distributions(11)
	for name, entropy := range want {
		t.Run(name, func(t *testing.T) {
			minus := make([]float64, n)
			var x [2]float64
			for i := range minus {
				minus[i] = -all[name].LogProb(all[name].Rand(x[:]))
			}
			mean, std := stat.MeanStdDev(minus, nil)
			require.InDelta(t, entropy, mean, 4*std/math.Sqrt(n)+1e-4)
		})
	}
}

func TestDensitiesIntegrateToOne(t *testing.T) {
	t.Parallel()
	for name, dist := range distributions(1) {
		t.Run(name, func(t *testing.T) {
			for _, k := range [][2]float64{{0.98, 0.2}, {0.5, 0.87}, {1, 3}} {
				p := dist.Diffuse(k[0], k[1])
				// The trapezoidal rule errs by e^(−2π²σ²/h²), 4e-14 for steps of 0.8σ.
				half := 4*k[0] + 8*k[1]
				n := int(2.5 * half / k[1])
				h := 2 * half / float64(n)
				var sum float64
				for i := range n {
					for j := range n {
						x := []float64{-half + (float64(i)+0.5)*h, -half + (float64(j)+0.5)*h}
						sum += math.Exp(p.LogProb(x)) * h * h
					}
				}
				require.InDelta(t, 1, sum, 1e-9, "α, σ = %v, over |x| ≤ %v: what has longer tails wants a larger square", k, half)
			}
		})
	}
}

// Checks score (1).
func TestScoreIsTheGradientOfLogProb(t *testing.T) {
	t.Parallel()
	for name, dist := range distributions(2) {
		t.Run(name, func(t *testing.T) {
			for _, k := range kernels {
				p := dist.Diffuse(k[0], k[1])
				h := 1e-3 * k[1]
				for _, x := range points(dist, k[0], k[1], 12, 3) {
					got := p.ScoreInput(nil, x)
					for i := range x {
						want := derivative(x, i, h, func(x []float64) float64 { return p.LogProb(x) })
						require.InDelta(t, want, got[i], 1e-7*(math.Abs(want)+1/k[1]), "%v at %v", k, x)
					}
				}
			}
		})
	}
}

// Checks dataset (3).
func TestJacobianIsTheDerivativeOfTheScore(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for name, dist := range distributions(3) {
		t.Run(name, func(t *testing.T) {
			for _, k := range kernels {
				p := dist.Diffuse(k[0], k[1])
				h := 1e-3 * k[1]
				for _, x := range points(dist, k[0], k[1], 12, 4) {
					var jac mat.Dense
					p.ScoreJacobian(&jac, x)
					for i := range x {
						for j := range x {
							want := derivative(x, j, h, func(x []float64) float64 { return p.ScoreInput(nil, x)[i] })
							require.InDelta(t, want, jac.At(i, j), 1e-7*(math.Abs(want)+1/(k[1]*k[1])), "%v at %v", k, x)
						}
					}
					require.Equal(t, jac.At(0, 1), jac.At(1, 0))
					if d, ok := p.(interface{ Divergence(x []float64) float64 }); ok {
						require.InEpsilon(t, mat.Trace(&jac), d.Divergence(x), 1e-9)
					}
				}
			}
		})
	}
}

// derivative is the five-point central difference of f along coordinate i.
func derivative(x []float64, i int, h float64, f func([]float64) float64) float64 {
	at := func(s float64) float64 {
		y := append([]float64(nil), x...)
		y[i] += s * h
		return f(y)
	}
	return (8*(at(1)-at(-1)) - (at(2) - at(-2))) / (12 * h)
}

// Checks dataset (2).
func TestDenoiserIsTweedies(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for name, dist := range distributions(4) {
		t.Run(name, func(t *testing.T) {
			for _, k := range kernels {
				alpha, sigma := k[0], k[1]
				p := dist.Diffuse(alpha, sigma)
				for _, x := range points(dist, alpha, sigma, 20, 5) {
					s, d := p.ScoreInput(nil, x), p.Denoise(nil, x)
					for i := range x {
						// s = (αD − x)/σ², compared where neither side cancels.
						size := math.Abs(x[i]) + alpha*math.Abs(d[i]) + 1e-3
						require.InDelta(t, alpha*d[i], x[i]+sigma*sigma*s[i], 1e-13*size, "%v at %v", k, x)
					}
				}
			}
		})
	}
}

// The definitions, by importance sampling from the distribution itself: p_t(x)
// is the mean of N(x; αx₀, σ²I) over x₀ and the denoiser is the mean of x₀
// under those weights.
//
// Checks sde (7) and dataset (1).
func TestDensityAndDenoiserMatchMonteCarlo(t *testing.T) {
	const n = 20_000
	for name, dist := range distributions(5) {
		t.Run(name, func(t *testing.T) {
			x0 := Sample(dist, n)
			for _, k := range [][2]float64{{0.9, 0.4}, {0.5, 0.87}, {1, 3}} {
				alpha, sigma := k[0], k[1]
				p := dist.Diffuse(alpha, sigma)
				for _, x := range points(dist, alpha, sigma, 3, 6) {
					w := make([]float64, n)
					for i := range w {
						r := x0.RawRowView(i)
						u, v := (x[0]-alpha*r[0])/sigma, (x[1]-alpha*r[1])/sigma
						w[i] = math.Exp(-(u*u+v*v)/2) / (2 * math.Pi * sigma * sigma)
					}
					mean, std := stat.MeanStdDev(w, nil)
					require.InDelta(t, mean, math.Exp(p.LogProb(x)), 4*std/math.Sqrt(n))
					d := p.Denoise(nil, x)
					for j := range d {
						res := make([]float64, n) // of the self-normalised mean
						for i := range res {
							res[i] = w[i] * (x0.At(i, j) - d[j]) / mean
						}
						bias, spread := stat.MeanStdDev(res, nil)
						require.InDelta(t, 0, bias, 4*spread/math.Sqrt(n), "%v at %v", k, x)
					}
				}
			}
		})
	}
}

// Rand and the density are written independently: the cells of a grid are hit
// as often as the diffused density says.
func TestRandFollowsTheDensity(t *testing.T) {
	t.Parallel()
	for name, dist := range distributions(6) {
		sigma := 0.15
		if _, costly := dist.(*Pinwheel); costly {
			sigma = 0.24
		}
		t.Run(name, func(t *testing.T) { requireFollows(t, dist, 2.4, sigma) })
	}
}

// requireFollows looks at the square [−half, half]², with noise that lets the
// density be integrated over its cells.
func requireFollows(t *testing.T, dist Diffusible, half, sigma float64) {
	const n, cells = 100_000, 12
	fine := int(math.Round(half / 2 / sigma))
	rng := rand.New(rand.NewPCG(8, 8))
	var count [cells * cells]float64
	inside := 0.0
	for range n {
		x := dist.Rand(nil)
		i := int(math.Floor((x[0] + sigma*rng.NormFloat64() + half) / (2 * half) * cells))
		j := int(math.Floor((x[1] + sigma*rng.NormFloat64() + half) / (2 * half) * cells))
		if i >= 0 && i < cells && j >= 0 && j < cells {
			count[i*cells+j]++
			inside++
		}
	}
	p := dist.Diffuse(1, sigma)
	h := 2 * half / float64(cells*fine)
	var chi2, dof, left, expectLeft float64
	left = n
	expectLeft = n
	for c := range count {
		var expect float64
		for k := range fine * fine {
			x := []float64{
				-half + (float64(c/cells*fine+k/fine)+0.5)*h,
				-half + (float64(c%cells*fine+k%fine)+0.5)*h,
			}
			expect += n * h * h * math.Exp(p.LogProb(x))
		}
		if expect < 10 {
			continue
		}
		chi2 += (count[c] - expect) * (count[c] - expect) / expect
		dof++
		left -= count[c]
		expectLeft -= expect
	}
	if expectLeft > 10 {
		chi2 += (left - expectLeft) * (left - expectLeft) / expectLeft
	}
	require.Less(t, math.Abs(chi2-dof), 4*math.Sqrt(2*dof))
}

func TestFarTailsAreFinite(t *testing.T) {
	for name, dist := range distributions(7) {
		t.Run(name, func(t *testing.T) {
			for _, k := range append(kernels, [2]float64{1, 1e-3}) {
				p := dist.Diffuse(k[0], k[1])
				for _, x := range [][]float64{
					{40 * k[1], -40 * k[1]}, {2 + 40*k[1], 0.5}, {0.25, -3}, {1e3, 1e3}, {-1e3, 0}, {0, 1e6},
				} {
					var jac mat.Dense
					p.ScoreJacobian(&jac, x)
					s, d := p.ScoreInput(nil, x), p.Denoise(nil, x)
					values := append([]float64{p.LogProb(x), jac.At(0, 0), jac.At(0, 1), jac.At(1, 1)}, s...)
					for _, v := range append(values, d...) {
						require.False(t, math.IsNaN(v) || math.IsInf(v, 0), "%v at %v: %v", k, x, values)
					}
					if math.Hypot(x[0], x[1]) > 500 {
						require.Less(t, x[0]*s[0]+x[1]*s[1], 0.0, "the score points back to the dist")
					}
				}
			}
		})
	}
}

func TestDiffusedDistributionsAreSafeForConcurrentUse(t *testing.T) {
	for name, dist := range distributions(8) {
		t.Run(name, func(t *testing.T) {
			p := dist.Diffuse(0.8, 0.6)
			xs := points(dist, 0.8, 0.6, 64, 9)
			want := make([][]float64, len(xs))
			for i, x := range xs {
				want[i] = append(p.ScoreInput(nil, x), p.Denoise(nil, x)...)
			}
			done := make(chan [][]float64)
			for range 4 {
				go func() {
					got := make([][]float64, len(xs))
					for i, x := range xs {
						got[i] = append(p.ScoreInput(nil, x), p.Denoise(nil, x)...)
					}
					done <- got
				}()
			}
			for range 4 {
				require.Equal(t, want, <-done)
			}
		})
	}
}

func TestEvaluationDoesNotAllocate(t *testing.T) {
	x, dst := []float64{0.3, -0.2}, make([]float64, 2)
	jac := mat.NewDense(2, 2, nil)
	for name, dist := range distributions(9) {
		p := dist.Diffuse(0.8, 0.6)
		require.Zero(t, testing.AllocsPerRun(20, func() {
			p.LogProb(x)
			p.ScoreInput(dst, x)
			p.Denoise(dst, x)
			p.ScoreJacobian(jac, x)
			dist.Rand(dst)
		}), name)
	}
}

func TestSameSourceSameRows(t *testing.T) {
	for name, dist := range distributions(10) {
		require.True(t, mat.Equal(Sample(dist, 50), Sample(distributions(10)[name], 50)), name)
	}
}

func TestShapeMistakesPanic(t *testing.T) {
	for name, dist := range distributions(12) {
		t.Run(name, func(t *testing.T) {
			p := dist.Diffuse(1, 1)
			short, long := []float64{1}, []float64{1, 2, 3}
			for _, c := range []struct {
				says string
				bad  func()
			}{
				{"x has 1 elements, want 2", func() { dist.LogProb(short) }},
				{"x has 3 elements, want 2", func() { dist.ScoreInput(nil, long) }},
				{"dst has 1 elements, want 2", func() { dist.ScoreInput(short, []float64{1, 2}) }},
				{"x has 3 elements, want 2", func() { dist.Rand(long) }},
				{"x has 3 elements, want 2", func() { p.LogProb(long) }},
				{"x has 1 elements, want 2", func() { p.ScoreInput(nil, short) }},
				{"dst has 3 elements, want 2", func() { p.Denoise(long, []float64{1, 2}) }},
				{"dst is 3×3, want 2×2 or empty", func() { p.ScoreJacobian(mat.NewDense(3, 3, nil), []float64{1, 2}) }},
				{"x has 1 elements, want 2", func() { p.ScoreJacobian(&mat.Dense{}, short) }},
			} {
				require.PanicsWithValue(t, "dataset: "+c.says, c.bad)
			}
		})
	}
	require.PanicsWithValue(t, badSource, func() { NewMoons(nil).Rand(nil) })
	require.PanicsWithValue(t, badSource, func() { NewRing(nil).Rand(nil) })
	require.PanicsWithValue(t, badSource, func() { NewCheckerboard(nil).Rand(nil) })
}

func ExampleDiffusible() {
	moons := NewMoons(rand.NewPCG(1, 2))
	p := moons.Diffuse(0.6, 0.8) // x_t = 0.6 x₀ + 0.8 z
	x := []float64{0.5, 0.4}
	d, s := p.Denoise(nil, x), p.ScoreInput(nil, x)
	fmt.Printf("E[x₀|x] = (%.4f, %.4f)\n", d[0], d[1])
	fmt.Printf("Tweedie = (%.4f, %.4f)\n", (x[0]+0.64*s[0])/0.6, (x[1]+0.64*s[1])/0.6)
	// Output:
	// E[x₀|x] = (0.3649, 0.0554)
	// Tweedie = (0.3649, 0.0554)
}
