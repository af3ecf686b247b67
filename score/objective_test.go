package score

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sde"
)

// Checks score (11), (12) and (23).
func TestNoiseLossOfTheExactScoreIsClosedForm(t *testing.T) {
	long(t)
	variances := []float64{1.7, 0.4, 0.05}
	const n = 20000
	for name, p := range processes {
		for k, at := range spread(p, 5) {
			α, σ := p.Kernel(at)
			want := 0.0
			for _, s := range variances {
				want += α * α * s / (α*α*s + σ*σ)
			}
			b := rig{process: p, x0: scaled(n, variances, uint64(k)), z: normals(n, 3, uint64(100+k)), t: repeated(at, n), score: gaussianScore(variances)}
			loss := b.rows(DDPM{})
			floats.AddConst(-want, loss)
			require.Less(t, math.Abs(zScore(loss)), 4.0, "%s at %v", name, at)
			b.weight = Simple{}
			require.InDeltaSlice(t, b.rows(DDPM{}), b.rows(DSM{}), 1e-6*(1+α*α/(σ*σ)), "DSM with the simple weight is the loss on the noise")
		}
	}
}

// Checks score (13) and (15) to (18).
func TestImplicitLossesAreTheDenoisingLossLessAConstant(t *testing.T) {
	long(t)
	const n, d = 8000, 3
	variances := []float64{1.7, 0.4, 0.8}
	for _, o := range []Objective{
		ISM{}, SSM{}, SSM{Probes: Probes{N: 2, Gaussian: true}}, SSMVR{}, SSMVR{Probes: Probes{N: 3}}, FDSSM{Step: 1e-4}, FDSSM{Probes: Probes{Gaussian: true}, Step: 1e-4},
	} {
		for name, p := range processes {
			at := spread(p, 5)[2]
			b := rig{process: p, x0: scaled(n, variances, 1), z: normals(n, d, 2), t: repeated(at, n), score: wavy}
			excess := minus(b.rows(NCSN{}), b.rows(o))
			floats.AddConst(-d/2.0, excess) // σ² d/(2σ²)
			require.Less(t, math.Abs(zScore(excess)), 4.0, "%T %s", o, name)
		}
	}
}

// With ω = 2wσ⁴/α² the implicit losses are DSM's less a constant, so that their
// differences between two scores are the same.
func TestWeightedImplicitLossesHaveTheWeightOfSettings(t *testing.T) {
	t.Parallel()
	const n, d = 20000, 2
	for _, o := range []Objective{ISM{Weighted: true}, SSM{Weighted: true}, SSMVR{Weighted: true}, FDSSM{Weighted: true, Step: 1e-4}} {
		p := sde.VP{}
		b := rig{process: p, weight: MinSNR{}, x0: normals(n, d, 1), z: normals(n, d, 2), t: repeated(0.3, n), score: wavy}
		dsm, other := b.rows(DSM{}), b.rows(o)
		b.score = gaussianScore([]float64{1, 1})
		change := minus(minus(dsm, b.rows(DSM{})), minus(other, b.rows(o)))
		require.Less(t, math.Abs(zScore(change)), 4.0, "%T", o)
		require.Greater(t, math.Abs(zScore(minus(dsm, b.rows(DSM{})))), 40.0)
	}
}

func TestLinearFitsFindTheCovariance(t *testing.T) {
	const n, d, at = 4000, 2, 0.4
	variances := []float64{1.5, 0.3}
	p := sde.VP{}
	α, σ := p.Kernel(at)
	k := ad.Param("K", d, d, 0)
	linear := func(x *ad.Expr, _ Batch) *ad.Expr { return ad.Neg(ad.MatMul(x, k)) }
	b := rig{process: p, x0: scaled(n, variances, 5), z: normals(n, d, 6), t: repeated(at, n), score: linear}
	for _, o := range []Objective{DSM{}, DDPM{}, NCSN{}, FlowMatching{}, ISM{}, SSM{}, SSMVR{}, FDSSM{}, SSM{Probes: Probes{N: 4, Gaussian: true}}} {
		leaf, values := b.leaves()
		build := nn.NewBuild(&nn.Params{})
		loss := ad.SumRows(o.Loss(build, b.fields(leaf), leaf))
		slope := func(theta ...float64) []float64 { // of a quadratic function: affine
			b.theta = theta
			return b.eval(ad.Grad(loss, k)[0], values)
		}
		g0 := slope(0, 0, 0, 0)
		hessian := mat.NewDense(d*d, d*d, nil)
		for i := range d * d {
			e := make([]float64, d*d)
			e[i] = 1
			hessian.SetCol(i, minus(slope(e...), g0))
		}
		var theta mat.VecDense
		require.NoError(t, theta.SolveVec(hessian, mat.NewVecDense(d*d, g0)))
		var off, whole float64
		for i := range d {
			for j := range d {
				want := 0.0
				if i == j {
					want = 1 / (α*α*variances[i] + σ*σ)
				}
				got := -theta.AtVec(i*d + j)
				off += (got - want) * (got - want)
				whole += want * want
			}
		}
		require.Less(t, math.Sqrt(off/whole), 8/math.Sqrt(n), "%T", o)
	}
}

// Checks score (18).
func TestFiniteDifferencesHaveABiasOfSecondOrder(t *testing.T) {
	const n = 200
	b := rig{process: sde.VP{}, x0: normals(n, 3, 1), z: normals(n, 3, 2), t: repeated(0.2, n), score: wavy}
	exact := b.rows(SSMVR{})
	last := 0.0
	for i, h := range []float64{0.4, 0.2, 0.1, 0.05} {
		bias := stat.Mean(minus(b.rows(FDSSM{Step: h}), exact), nil)
		if i > 0 {
			require.InDelta(t, 4, last/bias, 0.3, "step %v", h)
		}
		last = bias
	}
}

// Checks score (14).
func TestFlowMatchingIsTheDenoisingLoss(t *testing.T) {
	for name, p := range map[string]sde.SDE{"VP": sde.VP{}, "linear": sde.Linear{}, "cosine": sde.Cosine{}, "EDM": sde.EDM{}} {
		at := spread(p, 9)
		b := rig{process: p, x0: normals(9, 2, 1), z: normals(9, 2, 2), t: at, score: wavy, weight: velocityWeight{}}
		want, got := b.rows(DSM{}), b.rows(FlowMatching{})
		for i := range want {
			require.InEpsilon(t, want[i], got[i], 1e-4, "%s at %v", name, at[i])
		}
	}
}

// velocityWeight is that of the velocity's error, u = fx − ½g²s.
type velocityWeight struct{}

func (velocityWeight) At(p sde.SDE, t float64) float64 {
	α, σ := p.Kernel(t)
	_, g2 := p.Rates(t)
	return math.Pow(0.5*g2*α/(σ*σ), 2)
}

// Checks score (19).
func TestControlVariateKeepsTheMeanAndRemovesTheVariance(t *testing.T) {
	t.Parallel()
	const n = 20000
	for name, p := range processes {
		for _, level := range []float64{0.03, 1} {
			b := rig{process: p, x0: normals(n, 2, 1), z: normals(n, 2, 2), t: repeated(sde.TimeAt(p, -math.Log(level)), n), score: wavy, weight: EDMWeight{}}
			plain, better := b.rows(DSM{}), b.rows(ControlVariate{})
			require.Less(t, math.Abs(zScore(minus(plain, better))), 4.0, "%s at %v", name, level)
			if level < 0.1 {
				require.Less(t, stat.Variance(better, nil), 0.01*stat.Variance(plain, nil), name)
			}
		}
	}
}

// Over an antithetic pair the middle term of the control variate is zero, since
// both rows have the same ε̂₀.
func TestAntitheticPairsAreAControlVariate(t *testing.T) {
	const n = 50
	b := rig{process: sde.VP{}, x0: normals(n, 2, 1), z: normals(n, 2, 2), t: repeated(0.01, n), score: wavy, weight: Simple{}}
	plain, better := b.rows(DSM{}), b.rows(ControlVariate{})
	mirrored := mat.NewDense(n, 2, nil)
	mirrored.Scale(-1, b.z)
	z := b.z
	b.z = mirrored
	plainOther, betterOther := b.rows(DSM{}), b.rows(ControlVariate{})
	for i := range n {
		square := mat.Dot(mat.NewVecDense(2, z.RawRowView(i)), mat.NewVecDense(2, z.RawRowView(i)))
		require.InDelta(t, plain[i]+plainOther[i]-2*(square-2), better[i]+betterOther[i], 1e-9)
	}
}

// Checks score (20).
func TestLogVarianceIsLeastAtTheMeanLoss(t *testing.T) {
	b := rig{process: sde.VP{}, x0: normals(5, 2, 1), z: normals(5, 2, 2), t: repeated(0.3, 5), score: wavy}
	plain := b.rows(DSM{})
	at := func(u float64) float64 {
		return b.rows(LogVariance{Net: constantNet{u}})[0]
	}
	best := math.Log(plain[0])
	require.InDelta(t, 1+best, at(best), 1e-12)
	require.Greater(t, at(best+0.1), at(best))
	require.Greater(t, at(best-0.1), at(best))
}

type constantNet struct{ u float64 }

func (c constantNet) Apply(_ *nn.Build, x *ad.Expr) *ad.Expr { return ad.Shift(ad.Scale(0, x), c.u) }

func TestObjectivesThatDoNotSuitAreRefused(t *testing.T) {
	m, err := New(9, &Config{Net: small})
	require.NoError(t, err)
	for _, o := range []Objective{ISM{}, LogVariance{Objective: ISM{}}} {
		_, err = Fit(background, m, standard(9), &Settings{Objective: o, Steps: 1})
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, "at most 8 columns; the model has 9, take SSMVR")
	}
	_, err = Fit(background, m, standard(9), &Settings{Objective: ControlVariate{}, Steps: 1})
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "Settings.References: is 1024, want None, the plain target")
	for _, o := range []Objective{SSM{Probes: Probes{N: -1}}, SSMVR{Probes: Probes{N: -1}}, FDSSM{Probes: Probes{N: -1}}, FDSSM{Step: -1}, FDSSM{Step: math.NaN()}, LogVariance{Objective: FDSSM{Step: -1}}} {
		_, err = Fit(background, m, standard(9), &Settings{Objective: o, Steps: 1})
		require.ErrorIs(t, err, ErrRange, "%#v", o)
	}
}

// Every objective trains a network to the score of a Gaussian; the excess loss
// E‖ε̂ − ε̂*‖² starts at the power of what the network can explain.
func TestEveryObjectiveLearnsTheSameScore(t *testing.T) {
	long(t)
	variances := []float64{1.9, 0.1}
	data, err := Rows(scaled(4000, variances, 1), nil)
	require.NoError(t, err)
	excess := func(m *Model) float64 {
		const n = 500
		x0, z := scaled(n, variances, 7), normals(n, 2, 8)
		x, s := mat.NewDense(n, 2, nil), mat.NewDense(n, 2, nil)
		at, total := repeated(0.7, n), 0.0
		σ := at[0] // EDM; the data's rms is 1, and so is the model's scale
		x.Scale(σ, z)
		x.Add(x, x0)
		m.Unconditional().Score(s, x, at)
		for i := range n {
			for j, v := range variances {
				e := σ * (s.At(i, j) + x.At(i, j)/(v+σ*σ))
				total += e * e / n
			}
		}
		return total
	}
	for _, o := range []Objective{
		DSM{}, DDPM{}, NCSN{}, FlowMatching{}, ISM{}, SSM{}, SSMVR{}, SSMVR{Probes: Probes{Gaussian: true}}, FDSSM{}, ControlVariate{}, LogVariance{},
	} {
		m, err := New(2, &Config{Net: small, Process: sde.EDM{SigmaMin: 0.3, SigmaMax: 2}, Seed: 1})
		require.NoError(t, err)
		before := excess(m)
		fit(t, m, data, &Settings{Scaling: CommonScale, Objective: o, Steps: 400, Batch: 128, References: None, Times: LogUniform{}, Rate: optim.Constant(1e-2), EMA: 0.98, Seed: 2})
		require.Less(t, excess(m), 0.1*before, "%T", o)
	}
}
