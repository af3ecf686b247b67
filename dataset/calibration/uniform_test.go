package calibration

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

// requireRate requires that p-values of exact cases are at most α in a share of cases
// that is at most α but for chance, and no less when the test is exact.
func requireRate(t *testing.T, name string, p []float64, exact bool) {
	n := float64(len(p))
	for _, alpha := range []float64{0.05, 0.2, 0.5} {
		rate := 0.0
		for _, v := range p {
			if v <= alpha+1e-9 {
				rate += 1 / n
			}
		}
		slack := 4 * math.Sqrt(alpha*(1-alpha)/n)
		require.LessOrEqual(t, rate, alpha+slack, "%s: P ≤ %v", name, alpha)
		if exact {
			require.GreaterOrEqual(t, rate, alpha-slack, "%s: P ≤ %v", name, alpha)
		}
	}
}

// The quantities depend on each other, the draws are few: the tests of all together
// still have their level.
func TestExactDrawsPassAtTheStatedRate(t *testing.T) {
	t.Parallel()
	const runs = 300
	rounded := func(tr *Trials) *Trials { // ties, a constant column
		for _, x := range []*mat.Dense{tr.Theta, tr.Draws} {
			x.Apply(func(_, j int, v float64) float64 {
				if j == 1 {
					return 3
				}
				return math.Round(v)
			}, x)
		}
		return tr
	}
	for name, c := range map[string]struct {
		n, draws int
		of       func(*Trials) *Trials
	}{
		"few trials":   {5, 9, nil},
		"one draw":     {40, 1, nil},
		"many":         {60, 30, nil},
		"rounded":      {40, 9, rounded},
		"rounded, few": {5, 1, rounded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var chi, ecdf, parameter, tarp, density []float64
			for seed := range uint64(runs) {
				tr := exact.trials(c.n, c.draws, seed)
				q := tr.Quantity("joint", logJoint)
				if c.of != nil {
					tr = c.of(tr)
				}
				s := &Settings{Exchanges: 59, Seed: seed}
				r, err := SBC(tr, append(tr.Products(), q), s)
				require.NoError(t, err)
				chi, ecdf, parameter = append(chi, r.ChiSquaredP), append(ecdf, r.ECDFP), append(parameter, r.Quantities[0].ECDFTest.P)
				r, err = TARP(tr, nil, s)
				require.NoError(t, err)
				tarp = append(tarp, r.ECDFP)
				r, err = HighestDensity(q.Truth, q.Draws, s)
				require.NoError(t, err)
				density = append(density, r.ChiSquaredP)
			}
			spread := c.n > 5 // few ranks have few values of a statistic
			requireRate(t, "χ²", chi, false)
			requireRate(t, "ECDF", ecdf, spread && c.draws > 1)
			requireRate(t, "parameter", parameter, spread && c.draws > 1)
			requireRate(t, "TARP", tarp, spread && c.draws > 1)
			requireRate(t, "density", density, false)
		})
	}
}

// The probability that the distribution function of uniform ranks stays in the band,
// by a recursion over the levels: given c ranks below one level, those up to the next
// are binomial among the others.
func TestBandHoldsUniformRanksWithItsConfidence(t *testing.T) {
	for _, c := range []struct{ n, draws int }{{30, 9}, {100, 63}, {50, 250}} {
		tr := exact.trials(c.n, c.draws, 1)
		q := tr.Quantity("joint", logJoint)
		r, err := HighestDensity(q.Truth, q.Draws, &Settings{Exchanges: 9999, Confidence: 0.9})
		require.NoError(t, err)
		chance := make([]float64, c.n+1)
		chance[0] = 1
		last := 0.0
		for k, z := range r.Level {
			next := make([]float64, c.n+1)
			for from, p := range chance {
				if p == 0 {
					continue
				}
				more := distuv.Binomial{N: float64(c.n - from), P: (z - last) / (1 - last)}
				for to := from; to <= c.n; to++ {
					if share := float64(to) / float64(c.n); share >= r.Low[k] && share <= r.High[k] {
						next[to] += p * more.Prob(float64(to-from))
					}
				}
			}
			chance, last = next, z
		}
		var inside float64
		for _, p := range chance {
			inside += p
		}
		// The levels of the band are the steps of the smallest probability.
		require.InDelta(t, 0.9, inside, 0.015, "%d trials of %d draws", c.n, c.draws)
	}
}

func TestRejectionIsLeavingTheBand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, draws := rapid.IntRange(1, 40).Draw(t, "n"), rapid.IntRange(1, 130).Draw(t, "draws")
		s := exact
		s.scale = rapid.Float64Range(0.3, 2).Draw(t, "scale")
		tr := s.trials(n, draws, rapid.Uint64().Draw(t, "seed"))
		confidence := rapid.SampledFrom([]float64{0.5, 0.8, 0.95, 0.99}).Draw(t, "confidence")
		r, err := SBC(tr, nil, &Settings{Exchanges: 99, Confidence: confidence})
		require.NoError(t, err)
		outside := false
		for _, q := range r.Quantities {
			sum := 0
			for b, count := range q.Counts {
				sum += count
				below := 0
				for _, k := range q.Ranks {
					if k < r.Edges[b+1] {
						below++
					}
				}
				require.Equal(t, below, sum)
			}
			require.Equal(t, n, sum)
			for k, v := range q.ECDF {
				below := 0
				for _, rank := range q.Ranks {
					if float64(rank) < r.Level[k]*float64(draws+1)-1e-9 {
						below++
					}
				}
				require.Equal(t, float64(below)/float64(n), v)
				outside = outside || v < r.Low[k] || v > r.High[k]
			}
		}
		require.Equal(t, r.ECDFP <= 1-confidence+1e-9, outside)
	})
}

// Of many trials the exchanges have Pearson's distribution.
func TestChiSquaredHasItsDistribution(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for seed := range uint64(4) {
		tr := exact.trials(400, 31, seed)
		r, err := SBC(tr, nil, &Settings{Exchanges: 1999, Bins: 8, Seed: seed})
		require.NoError(t, err)
		for _, q := range r.Quantities {
			p := distuv.ChiSquared{K: 7}.Survival(q.ChiSquared.Statistic)
			require.InDelta(t, p, q.ChiSquared.P, 4*math.Sqrt(p*(1-p)/1999)+0.01)
			require.GreaterOrEqual(t, q.ChiSquared.Adjusted, q.ChiSquared.P)
		}
		require.Equal(t, min(r.Quantities[0].ChiSquared.Adjusted, r.Quantities[1].ChiSquared.Adjusted), r.ChiSquaredP)
	}
}

// Two equal quantities are one test, and independent ones are two.
func TestAdjustmentKnowsHowQuantitiesDepend(t *testing.T) {
	tr := exact.trials(50, 19, 3)
	first := tr.Quantity("first", func(theta, _ []float64) float64 { return theta[0] })
	one, err := SBC(tr, []Quantity{first, first, first}, nil)
	require.NoError(t, err)
	for _, q := range one.Quantities[2:] {
		require.Equal(t, one.Quantities[0].Ranks, q.Ranks)
	}
	alone, err := HighestDensity(first.Truth, first.Draws, nil)
	require.NoError(t, err)
	same, err := SBC(&Trials{Theta: col(tr.Theta, 0), Draws: col(tr.Draws, 0)}, []Quantity{first, first, first}, nil)
	require.NoError(t, err)
	require.Equal(t, same.Quantities[0].ECDFTest.P, same.ECDFP, "equal quantities are no more tests than one")
	require.Equal(t, alone.Trials, same.Trials)
	for i, k := range same.Quantities[0].Ranks {
		require.Equal(t, 19-k, alone.Quantities[0].Ranks[i])
	}
	var noise []Quantity
	rng := rand.New(rand.NewPCG(5, 5))
	for range 20 {
		noise = append(noise, tr.Quantity("noise", func(_, _ []float64) float64 { return rng.NormFloat64() }))
	}
	many, err := SBC(tr, noise, nil)
	require.NoError(t, err)
	least := 1.0
	for _, q := range many.Quantities {
		least = min(least, q.ECDFTest.P)
	}
	require.Greater(t, many.ECDFP, 5*least)
}

func col(x *mat.Dense, j int) *mat.Dense {
	n, _ := x.Dims()
	return mat.NewDense(n, 1, mat.Col(nil, j, x))
}

// Ranks by hand: draws below the truth, and ties anywhere among the equal ones.
func TestRanksCountDrawsBelow(t *testing.T) {
	tr := &Trials{
		Theta: mat.NewDense(2, 1, []float64{2.5, 0}),
		Draws: mat.NewDense(6, 1, []float64{3, 1, 2, -1, 1, -2}),
	}
	r, err := SBC(tr, nil, &Settings{Bins: 4})
	require.NoError(t, err)
	require.Equal(t, []int{2, 2}, r.Quantities[0].Ranks)
	require.Equal(t, []int{0, 0, 2, 0}, r.Quantities[0].Counts)
	require.Equal(t, []float64{0.25, 0.5, 0.75}, r.Level)
	require.Equal(t, []float64{0, 0, 1}, r.Quantities[0].ECDF)
	require.Equal(t, "parameter 0", r.Quantities[0].Name)
	require.Equal(t, 0.625, r.Quantities[0].Mean)
	require.Zero(t, r.Quantities[0].Spread)

	tied := &Trials{Theta: mat.NewDense(4000, 1, nil), Draws: mat.NewDense(12000, 1, nil)}
	for i := range 4000 {
		tied.Draws.Set(3*i, 0, -1) // below; the two others tie
	}
	r, err = SBC(tied, nil, &Settings{Bins: 4, Exchanges: 9})
	require.NoError(t, err)
	require.Zero(t, r.Quantities[0].Counts[0])
	for _, count := range r.Quantities[0].Counts[1:] {
		require.InDelta(t, 4000./3, count, 4*math.Sqrt(4000*2./9))
	}
}

// With deviations scaled by s the share of ranks below the level z is Φ(sΦ⁻¹(z)), and
// the highest-density regions of two parameters cover 1 − (1 − z)^s².
func TestCoverageOfAWrongScaleIsKnown(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	normal := distuv.UnitNormal
	for _, s := range []sampler{exact, tooWide, tooNarrow} {
		tr := s.trials(2000, 199, 7)
		r, err := SBC(tr, nil, &Settings{Exchanges: 9})
		require.NoError(t, err)
		q := tr.Quantity("q", s.logDensity)
		h, err := HighestDensity(q.Truth, q.Draws, &Settings{Exchanges: 9})
		require.NoError(t, err)
		for k, z := range r.Level {
			want := normal.CDF(s.scale * normal.Quantile(z))
			require.InDelta(t, want, r.Quantities[0].ECDF[k], 0.045, "%s at %v", s.name, z)
			want = 1 - math.Pow(1-z, s.scale*s.scale)
			require.InDelta(t, want, h.Quantities[0].ECDF[k], 0.045, "%s at %v", s.name, z)
		}
		require.Equal(t, s.scale > 1, r.Quantities[0].Spread < 0.9, s.name)
		require.Equal(t, s.scale < 1, r.Quantities[0].Spread > 1.1, s.name)
	}
}

func TestBitsDoNotDependOnProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	tr := tooWide.trials(30, 20, 1)
	measure := func() []any {
		sbc, err := SBC(tr, tr.Products(), &Settings{Seed: 3, Exchanges: 99})
		require.NoError(t, err)
		tarp, err := TARP(tr, nil, nil)
		require.NoError(t, err)
		local, err := LocalC2ST(tr, tr.X, tr.Draws, &LocalSettings{Exchanges: 5})
		require.NoError(t, err)
		predictive, err := Predictive([]float64{1, 2}, tr.Draws, nil)
		require.NoError(t, err)
		return []any{sbc, tarp, local, predictive}
	}
	want := measure()
	for _, procs := range []int{2, 5} {
		runtime.GOMAXPROCS(procs)
		require.Equal(t, want, measure())
	}
}

func TestBandsOfHardlyAnyConfidenceAreDrawn(t *testing.T) {
	tr := exact.trials(20, 9, 1)
	for _, confidence := range []float64{math.SmallestNonzeroFloat64, 1e-300, 1e-12, 1e-3} {
		r, err := SBC(tr, nil, &Settings{Confidence: confidence, Exchanges: 99})
		require.NoError(t, err)
		require.Len(t, r.Low, len(r.Level))
	}
}

func TestMoreCountsThanFitAreRefused(t *testing.T) {
	tr := exact.trials(2, 400, 1)
	_, err := SBC(tr, nil, &Settings{Bins: 401, Exchanges: 1_000_000})
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "Bins: is 401 for 1000000 Exchanges")
}
