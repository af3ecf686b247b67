package score

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
)

// halfway is a user's own preconditioning: the mean of two others.
type halfway struct{}

func (halfway) Coeffs(p sde.SDE, t float64) Coeffs {
	a, b := X0{}.Coeffs(p, t), EDM{}.Coeffs(p, t)
	return Coeffs{
		Skip: (a.Skip + b.Skip) / 2, Out: (a.Out + b.Out) / 2, Rest: (a.Rest + b.Rest) / 2, In: b.In, Noise: b.Noise,
	}
}

// network evaluates the network of m by itself, at one row.
func network(m *Model, noise float64, u ...float64) []float64 {
	b := nn.NewBuild(m.params)
	b.Time = ad.Const(noise)
	x := ad.Input("x", len(u))
	theta := make([]float64, len(m.theta))
	for i, v := range m.theta {
		theta[i] = float64(v)
	}
	return ad.Eval([]*ad.Expr{m.net.Apply(b, x)}, 1, theta, nil, map[*ad.Expr][]float64{x: u})[0]
}

// The factors of the score keep their accuracy where (αD − x)/σ² loses all.
//
// Checks score (7) and (8).
func TestScoreFactorsKeepTheirPrecisionAtSmallNoise(t *testing.T) {
	exact := func(v float64) *big.Float { return new(big.Float).SetPrec(300).SetFloat64(v) }
	mul := func(a, b *big.Float) *big.Float { return new(big.Float).Mul(a, b) }
	quo := func(a, b *big.Float) *big.Float { return new(big.Float).Quo(a, b) }
	add := func(a, b *big.Float) *big.Float { return new(big.Float).Add(a, b) }
	hypot := func(a, b *big.Float) *big.Float { return new(big.Float).Sqrt(add(mul(a, a), mul(b, b))) }
	for name, p := range processes {
		start, end := p.Span()
		for _, at := range []float64{start, start * 1.5, 0.01, end} {
			if _, σ := p.Kernel(at); σ == 0 {
				continue
			}
			for _, v := range []float64{1, 0.3} {
				a, s := p.Kernel(at)
				_, g2 := p.Rates(at)
				α, σ := exact(a), exact(s)
				α2, σ2 := mul(α, α), mul(σ, σ)
				C := add(mul(α2, exact(v)), σ2)
				n := add(α2, σ2)
				root := new(big.Float).Sqrt(quo(exact(v), C))
				for _, q := range []struct {
					c            Precond
					skip, factor *big.Float // factor: α·Out/σ²
				}{
					{EDM{Variance: v}, quo(mul(α, exact(v)), C), quo(mul(α, root), σ)},
					{EDM{Variance: v, Detail: 0.02}, quo(mul(α, exact(v)), C), quo(mul(α, root), hypot(σ, mul(α, exact(0.02))))},
					{Epsilon{v}, quo(exact(1), α), quo(exact(-1), σ)},
					{X0{v}, exact(0), quo(α, σ2)},
					{V{v}, quo(α, n), quo(mul(exact(-1), α), mul(σ, n))},
					{timeless{Velocity{v}}, flowSkip(p, at, α, σ2), quo(exact(-2), exact(g2))},
				} {
					m := newModel(t, 2, Config{Process: p, Precond: q.c, MinNoise: None})
					got := m.at(at)
					rest := new(big.Float).Sub(exact(1), mul(α, q.skip))
					onX, _ := quo(mul(exact(-1), rest), σ2).Float64()
					onF, _ := q.factor.Float64()
					require.InDelta(t, onX, got[2], 1e-14*math.Abs(onX)+1e-60, "%s %T at %v", name, q.c, at)
					require.InEpsilon(t, onF, got[3], 1e-14, "%s %T at %v", name, q.c, at)
					in, _ := quo(exact(1), new(big.Float).Sqrt(C)).Float64()
					require.InEpsilon(t, in, got[0], 1e-14)
					require.InDelta(t, math.Log(s/a)/4, got[1], 1e-14)
				}
			}
		}
	}
}

// Checks score (22).
func TestEDMPreconditioningHasUnitVariance(t *testing.T) {
	for _, p := range processes {
		for _, v := range []float64{1, 0.25, 4} {
			for _, at := range spread(p, 9) {
				α, σ := p.Kernel(at)
				k := EDM{Variance: v}.Coeffs(p, at)
				require.InDelta(t, 1, k.In*k.In*(α*α*v+σ*σ), 1e-13, "input")
				target := (k.Rest*k.Rest*v + k.Skip*k.Skip*σ*σ) / (k.Out * k.Out)
				require.InDelta(t, 1, target, 1e-13, "target")
				require.InDelta(t, 1, EDMWeight{Variance: v}.At(p, at)*k.Out*k.Out, 1e-13, "weight")
			}
		}
	}
}

// With a Detail the denoiser is x/α + O(r²) where r = σ/α is small, and at large r what it is
// without: the mean of the data at r → ∞. The ends where α or σ is 0 have finite factors.
func TestDetailMattersBelowItsLevelOnly(t *testing.T) {
	const detail = 0.02
	for name, p := range processes {
		start, end := p.Span()
		for _, at := range append(spread(p, 9), start, end) {
			α, σ := p.Kernel(at)
			plain, k := EDM{}.Coeffs(p, at), EDM{Detail: detail}.Coeffs(p, at)
			require.Equal(t, [4]float64{plain.Skip, plain.In, plain.Noise, plain.Rest}, [4]float64{k.Skip, k.In, k.Noise, k.Rest}, name)
			if σ == 0 {
				continue
			}
			require.InEpsilon(t, 1/math.Hypot(1, detail*α/σ), k.Out/plain.Out, 1e-12, "%s at %v", name, at)
			if α > 0 {
				r := σ / α
				require.LessOrEqual(t, k.Out, r*r/detail*(1+1e-12))
				if r > 1 {
					require.InEpsilon(t, plain.Out, k.Out, detail*detail/2)
				}
			}
		}
	}
	c := EDM{Detail: detail}.Coeffs(allNoise{}, 1)
	require.Equal(t, Coeffs{Skip: 0, Out: 1, In: 1, Noise: math.Inf(1), Rest: 1}, c, "all noise")
}

// allNoise is a process of which noise alone is left.
type allNoise struct{ sde.VP }

func (allNoise) Kernel(float64) (alpha, sigma float64) { return 0, 1 }

// timeless is a preconditioning that tells the network ¼ ln(σ/α).
type timeless struct{ Precond }

func (c timeless) Coeffs(p sde.SDE, t float64) Coeffs {
	k := c.Precond.Coeffs(p, t)
	k.Noise = noiseLevel(p.Kernel(t))
	return k
}

// flowSkip is −σ̇/w = (1 + 2fσ²/g²)/α.
func flowSkip(p sde.SDE, t float64, α, variance *big.Float) *big.Float {
	f, g2 := p.Rates(t)
	exact := func(v float64) *big.Float { return new(big.Float).SetPrec(300).SetFloat64(v) }
	skip := new(big.Float).Mul(exact(2*f), variance)
	skip.Quo(skip, exact(g2))
	return skip.Quo(skip.Add(skip, exact(1)), α)
}

// Checks score (8).
func TestFlowPredictsTheVelocity(t *testing.T) {
	for name, p := range map[string]sde.SDE{"linear": sde.Linear{}, "VP": sde.VP{}, "cosine": sde.Cosine{}, "EDM": sde.EDM{}} {
		for _, at := range spread(p, 9) {
			α, σ := p.Kernel(at)
			f, g2 := p.Rates(at)
			k := Velocity{}.Coeffs(p, at)
			require.Equal(t, at, k.Noise)
			for _, x := range [][2]float64{{0.3, -2}, {4, 1}} { // x, F
				D := k.Skip*x[0] + k.Out*x[1]
				s := -k.Rest/(σ*σ)*x[0] + α*k.Out/(σ*σ)*x[1]
				require.InDelta(t, s, (α*D-x[0])/(σ*σ), 1e-9*(1+1/(σ*σ)), "%s at %v", name, at)
				require.InDelta(t, x[1], f*x[0]-0.5*g2*s, 1e-9*(1+math.Abs(f*x[0])), "%s at %v", name, at)
			}
		}
	}
}

// Sampling in proportion to g²/σ², and the weight that makes up for it, have
// the expectation of uniform times, whatever the loss; for VP the quantiles are
// those of ln(e^B − 1).
//
// Checks score (24).
func TestImportanceSamplingKeepsTheExpectedLoss(t *testing.T) {
	long(t)
	const n = 50_000
	for name, p := range map[string]sde.SDE{"VP": sde.VP{}, "sub-VP": sde.SubVP{}, "VE": sde.VE{}, "cosine": sde.Cosine{}} {
		mean := func(law Times, w Weight) float64 {
			sum := 0.0
			for i := range n {
				at := law.Quantile(p, (float64(i)+0.5)/n)
				α, σ := p.Kernel(at)
				sum += w.At(p, at) * σ * σ / (α*α + σ*σ) * (1 - math.Exp(-40*at)) / n // a loss that is small at small noise
			}
			return sum
		}
		require.InEpsilon(t, mean(UniformTimes{}, Likelihood{}), mean(LogUniform{}, Likelihood{Importance: true}), 2e-3, name)
	}
	p := sde.VP{}
	start, end := p.Span()
	cumulated := func(t float64) float64 {
		B := 0.1*t + 0.5*t*t*19.9
		return math.Log(math.Expm1(B))
	}
	for _, u := range []float64{0.01, 0.3, 0.9} {
		at := LogUniform{}.Quantile(p, u)
		require.InDelta(t, u, (cumulated(at)-cumulated(start))/(cumulated(end)-cumulated(start)), 1e-9)
	}
}

func TestLevelsAreThoseOfTheTable(t *testing.T) {
	p, err := sde.VP{}.Discrete(25)
	require.NoError(t, err)
	seen := make([]int, 26)
	for i := range 2500 {
		at := LevelTimes{}.Quantile(p, (float64(i)+0.5)/2500)
		require.Equal(t, math.Trunc(at), at)
		seen[int(at)]++
	}
	require.Zero(t, seen[0])
	for _, n := range seen[1:] {
		require.Equal(t, 100, n)
	}
}

func TestImpossibleLawsAndWeightsAreRefused(t *testing.T) {
	nan := math.NaN()
	for _, v := range []any{
		MinSNR{-1}, SoftMinSNR{nan}, Velocity{-1}, LogUniform{Low: -1}, LogUniform{High: nan}, LogUniform{2, 1}, LogLogistic{Mean: nan}, LogLogistic{Scale: -1}, LogLogistic{Low: 2, High: 2},
		SplitLogNormal{}, SplitLogNormal{Mean: nan, Below: 1, Above: 1}, CosineTimes{Variance: -1}, CosineTimes{ShiftLow: -1}, CosineTimes{Low: nan},
	} {
		require.ErrorIs(t, nn.Validate(v), ErrRange, "%#v", v)
	}
}

// Each weight is a familiar loss in its denoiser form: x₀ = (x − σz)/α and
// s = −ε̂/σ carry the error of D over to that of the noise and of the score.
//
// Checks score (23) to (27).
func TestWeightsBelongToTheirForms(t *testing.T) {
	for _, p := range processes {
		for _, at := range spread(p, 9) {
			_, σ := p.Kernel(at)
			_, g2 := p.Rates(at)
			noise := Epsilon{}.Coeffs(p, at).Out
			require.InEpsilon(t, 1, Simple{}.At(p, at)*noise*noise, 1e-12)
			require.InEpsilon(t, g2/(2*σ*σ), Likelihood{}.At(p, at)*noise*noise, 1e-12)
			v := V{}.Coeffs(p, at).Out
			require.InEpsilon(t, 1, VWeight{}.At(p, at)*v*v, 1e-12)
			α, _ := p.Kernel(at)
			snr := α * α / (σ * σ)
			require.InEpsilon(t, min(snr, 5), MinSNR{}.At(p, at), 1e-12)
			require.InEpsilon(t, min(snr, 2), MinSNR{2}.At(p, at), 1e-12)
			require.InEpsilon(t, snr/(1+2*snr), SoftMinSNR{2}.At(p, at), 1e-12)
		}
	}
}

func TestTimesAreQuantiles(t *testing.T) {
	for name, p := range processes {
		start, end := p.Span()
		for _, l := range []Times{UniformTimes{}, LevelTimes{}, LogUniform{}, LogUniform{0.1, 2}, LogLogistic{Mean: -1}, SplitLogNormal{-1, 1, 2}, CosineTimes{}, CosineTimes{Variance: 2, ShiftHigh: 3}, LogNormal{}, LogNormal{Mean: -1.2, Std: 1.2}, LogNormal{Mean: 50, Std: 1}} {
			last := start
			for _, u := range []float64{0, math.SmallestNonzeroFloat64, 1e-9, 0.1, 0.5, 0.7, 0.999, 1 - 1e-16, 1} {
				at := l.Quantile(p, u)
				require.True(t, at >= last && at <= end, "%s %v at %v", name, l, u)
				last = at
			}
			if _, part := l.(LogUniform); !part || l == (LogUniform{}) {
				require.InEpsilon(t, end, last, 1e-12, "%s %v", name, l)
			}
		}
		at := LogNormal{}.Quantile(p, 0.8413447460685429) // one standard deviation
		require.InDelta(t, -1.6+1.4, -sde.LogSNR(p, at), 1e-12, name)
		at = LogNormal{Mean: -1.2, Std: 1.2}.Quantile(p, 0.5)
		require.InDelta(t, -1.2, -sde.LogSNR(p, at), 1e-12, name)
	}
}
