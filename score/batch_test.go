package score

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/sde"
)

// batchOf returns the maker of batches of a run.
func batchOf(t testing.TB, m *Model, data Data, s Settings) *batcher {
	full, err := s.withDefaults()
	require.NoError(t, err)
	b := newBatcher(m, data, &full, pool.New(full.Workers))
	b.inputs()
	return b
}

// bruteForce is the posterior mean by its definition, with weights relative to
// the largest.
func bruteForce(x []float64, refs *mat.Dense, α, σ float64) []float64 {
	n, d := refs.Dims()
	log := make([]float64, n)
	highest := math.Inf(-1)
	for j := range n {
		for k := range d {
			e := x[k] - α*refs.At(j, k)
			log[j] -= e * e / (2 * σ * σ)
		}
		highest = max(highest, log[j])
	}
	mean, total := make([]float64, d), 0.0
	for j := range n {
		w := math.Exp(log[j] - highest)
		total += w
		for k := range d {
			mean[k] += w * refs.At(j, k)
		}
	}
	for k := range d {
		mean[k] /= total
	}
	return mean
}

// posteriorMean is the mean of one row by the program.
func posteriorMean(x []float64, refs *mat.Dense, α, σ float64) (mean []float64, ok bool) {
	n, d := refs.Dims()
	p := newPosterior(d, n, 1, 0, false)
	p.load(refs, nil)
	y := make([]float64, d)
	for k := range y {
		y[k] = x[k] / α
	}
	p.set(0, y, σ/α, nearestExponent(x, refs, α, σ))
	p.run(nil)
	mean = make([]float64, d)
	return mean, p.mean(mean, 0)
}

// nearestExponent is ‖y − r‖²/(2σ²) of the nearest reference.
func nearestExponent(x []float64, refs *mat.Dense, α, σ float64) float64 {
	y := make([]float64, len(x))
	for k := range y {
		y[k] = x[k] / α
	}
	return nearest(y, refs) * α * α / (2 * σ * σ)
}

// Checks score (10).
func TestPosteriorMeanEqualsBruteForce(t *testing.T) {
	good := 0
	for _, d := range []int{1, 2, 5} {
		refs := normals(100, d, 4)
		for i, x := range [][]float64{normals(1, d, 5).RawRowView(0), make([]float64, d), append([]float64{1e6}, make([]float64, d-1)...), append([]float64{-1e30}, make([]float64, d-1)...)} {
			for _, σ := range []float64{1e-5, 1e-2, 0.3, 1, 80} {
				for _, α := range []float64{1, 0.6, 1e-3} {
					got, ok := posteriorMean(x, refs, α, σ)
					exponent := mat.Dot(mat.NewVecDense(d, x), mat.NewVecDense(d, x)) / (2 * σ * σ)
					exponent = max(exponent, nearestExponent(x, refs, α, σ))
					require.Equal(t, exponent < worstExponent, ok)
					if !ok {
						continue
					}
					good++
					want := bruteForce(x, refs, α, σ)
					for k := range want {
						require.InDelta(t, want[k], got[k], 1e-5+exponent*0x1p-22, "point %d, σ = %v, α = %v", i, σ, α)
					}
				}
			}
		}
	}
	require.Greater(t, good, 60)
}

func TestBatchIsMadeAsDocumented(t *testing.T) {
	for name, s := range map[string]Settings{
		"default":        {Batch: 64, References: 100},
		"odd":            {Batch: 33, References: 100},
		"one row":        {Batch: 1},
		"few references": {Batch: 64, References: 3},
		"plain":          {Batch: 64, References: None},
		"no pairs":       {Batch: 64, Independent: true, References: 70},
		"single, plain":  {Batch: 1, Independent: true, References: None},
		"likelihood":     {Batch: 32, Weight: Likelihood{}, Times: UniformTimes{}},
	} {
		for process, p := range processes {
			t.Run(name+" "+process, func(t *testing.T) {
				m := newModel(t, 2, Config{Process: p})
				b := batchOf(t, m, moons(), s)
				require.NoError(t, b.fill(5))
				n, own := b.s.Batch, b.own
				if s.Independent {
					require.Equal(t, n, own)
				} else {
					require.Equal(t, (n+1)/2, own)
				}
				refs, _ := b.clean.Dims()
				require.Equal(t, max(own, b.s.References), refs)
				for k := range own {
					require.GreaterOrEqual(t, b.times[k], b.s.Times.Quantile(p, float64(k)/float64(own)), "stratum")
					require.LessOrEqual(t, b.times[k], b.s.Times.Quantile(p, float64(k+1)/float64(own)), "stratum")
				}
				for i := range n {
					k := i % own
					α, σ := p.Kernel(b.times[k])
					c := b.cols[i*batchCols : (i+1)*batchCols]
					require.Equal(t, float32(b.times[k]), c[colT])
					require.Equal(t, []float32{float32(α), float32(σ)}, c[colAlpha:colG2])
					require.Equal(t, float32(b.s.Weight.At(p, b.times[k])), c[colWeight])
					noisy := make([]float64, 2)
					for j := range noisy {
						z := b.z.At(k, j)
						if i >= own {
							z = -z // the other half of the pair
						}
						noisy[j] = α*b.clean.At(k, j) + σ*z
						require.Equal(t, float32(noisy[j]), b.xt[2*i+j])
					}
					target, rounding := b.clean.RawRowView(k), 1e-6
					exponent := (noisy[0]*noisy[0] + noisy[1]*noisy[1]) / (2 * σ * σ)
					if b.s.References > 0 && exponent < worstExponent {
						target, rounding = bruteForce(noisy, b.clean, α, σ), 2e-6+exponent*0x1p-22
					}
					for j := range noisy {
						require.InDelta(t, target[j], b.x0[2*i+j], rounding)
						require.InDelta(t, noisy[j], float32(α)*b.x0[2*i+j]+float32(σ)*b.zt[2*i+j], 1e-6*(1+σ*8), "Xt = αX0 + σZ")
					}
				}
			})
		}
	}
}

func TestBatchDependsOnItsStepAndSeedOnly(t *testing.T) {
	m := newModel(t, 2, Config{})
	make1 := func(seed uint64, workers int) *batcher {
		return batchOf(t, m, moons(), Settings{Batch: 40, Seed: seed, Workers: workers})
	}
	a, b := make1(1, 1), make1(1, 3)
	for _, step := range []int{3, 0, 7, 3} {
		require.NoError(t, a.fill(step))
	}
	require.NoError(t, b.fill(3))
	require.Equal(t, a.xt, b.xt)
	require.Equal(t, a.x0, b.x0)
	require.Equal(t, a.cols, b.cols)
	first := append([]float64(nil), b.times...)
	require.NoError(t, b.fill(4))
	require.NotEqual(t, a.xt, b.xt)
	require.NotEqual(t, first, b.times)
	c := make1(2, 1)
	require.NoError(t, c.fill(3))
	require.NotEqual(t, a.xt, c.xt)
}

func TestTimesFillTheirStrata(t *testing.T) {
	b := batchOf(t, newModel(t, 2, Config{}), moons(), Settings{Batch: 2000, References: None, Times: UniformTimes{}})
	require.NoError(t, b.fill(0))
	start, end := sde.EDM{}.Span()
	place := make([]float64, len(b.times)) // within the stratum, uniform on [0, 1)
	centred := make([]float64, len(b.times))
	for k, at := range b.times {
		place[k] = (at-start)/(end-start)*float64(b.own) - float64(k)
		centred[k] = place[k] - 0.5
	}
	require.Less(t, math.Abs(zScore(centred)), 4.0)
	require.Less(t, slices.Min(place), 0.02)
	require.Greater(t, slices.Max(place), 0.98)
}

// The Rao-Blackwellised target x̄ has the conditional mean of the clean row:
// E (x̄ − x₀)·h(x_t) = 0 for every h. Leaving the own row out is the mistake that
// the test must be able to see.
//
// Checks score (10).
func TestRaoBlackwellisedTargetIsUnbiased(t *testing.T) {
	long(t)
	m := newModel(t, 2, Config{})
	for name, without := range map[string]bool{"own row included": false, "own row left out": true} {
		b := batchOf(t, m, moons(), Settings{Batch: 16, References: 16, Times: LogNormal{Mean: -1, Std: 0.7}, Seed: 5})
		probes := []func(x, σ float64) float64{
			func(_, _ float64) float64 { return 1 },
			func(x, _ float64) float64 { return x },
			func(x, _ float64) float64 { return math.Tanh(2 * x) },
			func(x, σ float64) float64 { return math.Cos(3*x) * math.Exp(-σ) },
		}
		sums := make([][]float64, 2*len(probes))
		for step := range 1500 {
			require.NoError(t, b.fill(step))
			mean := make([]float64, len(sums))
			for i := range b.s.Batch {
				k := i % b.own
				target := []float64{float64(b.x0[2*i]), float64(b.x0[2*i+1])}
				_, σ := m.process.Kernel(b.times[k])
				if without {
					others := mat.NewDense(15, 2, nil)
					for j := range 15 {
						others.SetRow(j, b.clean.RawRowView((k+1+j)%16))
					}
					target, _ = posteriorMean([]float64{float64(b.xt[2*i]), float64(b.xt[2*i+1])}, others, 1, σ)
				}
				for j := range 2 {
					for h, probe := range probes {
						mean[2*h+j] += (target[j] - b.clean.At(k, j)) * probe(float64(b.xt[2*i+j]), σ)
					}
				}
			}
			for h := range sums {
				sums[h] = append(sums[h], mean[h])
			}
		}
		worst := 0.0
		for _, v := range sums {
			worst = max(worst, math.Abs(zScore(v)))
		}
		if without {
			require.Greater(t, worst, 6.0, name)
		} else {
			require.Less(t, worst, 4.0, name)
		}
	}
}

func TestFieldsAreThoseOfTheModel(t *testing.T) {
	const n = 12
	for name, p := range processes {
		for _, c := range []Precond{EDM{}, Epsilon{}, X0{}, V{}} {
			m := newModel(t, 2, Config{Process: p, Precond: c, MinNoise: None})
			b := batchOf(t, m, moons(), Settings{Batch: n, Independent: true})
			at := spread(p, n)
			for i, at := range at {
				p := newInstant(p, at)
				b.columns(b.cols[i*batchCols:(i+1)*batchCols], &p)
			}
			in, leaf, col := b.leaves()
			f := m.fields(nn.NewBuild(m.params), col)
			x := mat.NewDense(n, 2, nil)
			for i, at := range at {
				α, σ := p.Kernel(at)
				for j, v := range normals(n, 2, 9).RawRowView(i) {
					x.Set(i, j, v*math.Hypot(α, σ))
				}
			}
			got := ad.Eval([]*ad.Expr{f.Score(leaf.Xt), f.Denoise(leaf.Xt), f.Noise(leaf.Xt), f.Velocity(leaf.Xt)}, n, widen(m.theta), nil,
				map[*ad.Expr][]float64{in[1]: x.RawMatrix().Data, in[3]: widen(b.cols)})

			s := mat.NewDense(n, 2, nil)
			m.Float64().Unconditional().Score(s, x, at)
			for i, at := range at {
				row, one := x.Slice(i, i+1, 0, 2).(*mat.Dense), s.Slice(i, i+1, 0, 2).(*mat.Dense)
				α, σ := p.Kernel(at)
				for k, to := range []sde.Quantity{sde.Score, sde.Denoised, sde.Noise, sde.Velocity} {
					want := mat.NewDense(1, 2, nil)
					sde.Convert(want, row, one, p, at, sde.Score, to)
					_, g2 := p.Rates(at)
					unit := [...]float64{math.Hypot(1, 1/σ), math.Hypot(1, σ/α), 1, math.Hypot(1, g2/σ)}[k]
					if c == (X0{}) && to != sde.Denoised {
						unit *= math.Hypot(1, 1/σ) // x and αF nearly cancel
					}
					for j := range 2 {
						require.InDelta(t, want.At(0, j), got[k][2*i+j], 3e-6*unit, "%s %T at t = %v: %d", name, c, at, to)
					}
				}
			}
		}
	}
}

func widen(v []float32) []float64 {
	w := make([]float64, len(v))
	for i, x := range v {
		w[i] = float64(x)
	}
	return w
}
