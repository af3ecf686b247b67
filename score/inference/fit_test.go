package inference

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// shifted simulates x = θ + noise·N(0, I). Its posterior under N(0, I) is
// N(x/(1 + noise²), noise²/(1 + noise²) I).
type shifted struct{ noise float64 }

func (s shifted) Simulate(x, theta []float64, rng *rand.Rand) error {
	for j := range x {
		x[j] = theta[j] + s.noise*rng.NormFloat64()
	}
	return nil
}

var standard = Normal{Mean: []float64{0, 0}, Deviation: []float64{1, 1}}

// quick learns in a second.
func quick() *Settings {
	s := &Settings{Net: nn.MLP{Hidden: []int{16}}, Embed: nn.Linear{Out: 2}, Seed: 3, Workers: 1}
	s.Training = score.Settings{Steps: 150, Batch: 64}
	return s
}

// learned is the posterior of shifted{1}, learned once for all tests.
var learned = sync.OnceValues(func() (*Posterior, error) {
	return Infer(context.Background(), standard, shifted{1}, 2, 3000, quick())
})

func one(x ...float64) *mat.Dense { return mat.NewDense(1, len(x), x) }

func TestNormalPosteriorIsLearned(t *testing.T) {
	post, err := learned()
	require.NoError(t, err)
	require.Empty(t, post.Warnings)
	v, err := post.Given(one(1, -0.5))
	require.NoError(t, err)
	require.Empty(t, v.Warnings)
	theta := mat.NewDense(2000, 2, nil)
	require.NoError(t, v.Sample(t.Context(), theta, nil))
	m := momentsOf(theta)
	require.InDeltaSlice(t, []float64{0.5, -0.25}, m.mean, 0.06)
	require.InDelta(t, 0.5, m.cov.At(0, 0), 0.06)
	require.InDelta(t, 0.5, m.cov.At(1, 1), 0.06)

	logs := make([]float64, 2)
	at := mat.NewDense(2, 2, []float64{0.5, -0.25, 1.5, 0.5})
	_, err = v.LogProb(t.Context(), logs, at, nil)
	require.NoError(t, err)
	require.InDelta(t, -math.Log(math.Pi), logs[0], 0.12)
	require.InDelta(t, -math.Log(math.Pi)-1-0.5625, logs[1], 0.3)

	best, top, err := v.MAP(t.Context(), &MAPSettings{Draws: 64, Climbs: 4})
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{0.5, -0.25}, best, 0.15)
	require.GreaterOrEqual(t, top, logs[0]-0.05)
}

func TestSeveralObservationsAreOnePosterior(t *testing.T) {
	post, err := learned()
	require.NoError(t, err)
	x := mat.NewDense(5, 2, []float64{0.3, 1, -0.2, 0.5, 1, 0.4, 0.6, 0.9, 0.1, 0.2})
	for _, method := range []Method{GAUSS, FNPE} {
		v, err := post.GivenAll(t.Context(), x, &AllSettings{Method: method, Draws: 256})
		require.NoError(t, err)
		require.Empty(t, v.Warnings)
		theta := mat.NewDense(200, 2, nil)
		require.NoError(t, v.Sample(t.Context(), theta, nil))
		m := momentsOf(theta)
		// The network has seen 150 steps, and five observations add its errors up.
		require.InDelta(t, 1.8/6, m.mean[0], 0.25, method)
		require.InDelta(t, 3.0/6, m.mean[1], 0.25, method)
		require.InDelta(t, 1./6, m.cov.At(0, 0), 0.06, method)

		logs := make([]float64, 1)
		_, err = v.LogProb(t.Context(), logs, one(0.3, 0.5), nil)
		if method == GAUSS {
			require.NoError(t, err)
			require.InDelta(t, -math.Log(2*math.Pi/6), logs[0], 0.3)
		} else {
			require.ErrorIs(t, err, ErrUnsupported)
			require.ErrorContains(t, err, method.String())
		}
	}
	unknown := *post
	unknown.Prior = nil
	v, err := unknown.GivenAll(t.Context(), x, &AllSettings{Method: JAC})
	require.NoError(t, err)
	require.Contains(t, v.Warnings[0], "the prior is not known")
}

func TestWeightsCorrectWhatWasLearned(t *testing.T) {
	post, err := learned()
	require.NoError(t, err)
	x := one(1, -0.5)
	v, err := post.Given(x)
	require.NoError(t, err)
	theta := mat.NewDense(1000, 2, nil)
	likelihood := func(theta []float64) float64 {
		a, b := x.At(0, 0)-theta[0], x.At(0, 1)-theta[1]
		return -(a*a+b*b)/2 - math.Log(2*math.Pi)
	}
	w, err := v.Weigh(t.Context(), theta, likelihood, &sampler.FlowSettings{Workers: 1})
	require.NoError(t, err)
	require.Greater(t, w.Effective, 900.0)
	require.InDelta(t, -1.25/4-math.Log(4*math.Pi), w.LogEvidence, 4*w.StdErr+1e-3)
	mean := 0.0
	for i, p := range w.W {
		mean += p * theta.At(i, 0)
	}
	require.InDelta(t, 0.5, mean, 4*math.Sqrt(0.5/w.Effective))

	again := mat.NewDense(500, 2, nil)
	w.Resample(again, theta, 0.5)
	require.InDelta(t, 0.5, momentsOf(again).mean[0], 0.15)

	_, err = v.Weigh(t.Context(), theta, func([]float64) float64 { return math.NaN() }, nil)
	require.ErrorIs(t, err, ErrNonFinite)
	_, err = v.Weigh(t.Context(), theta, func([]float64) float64 { return math.Inf(-1) }, nil)
	require.ErrorIs(t, err, ErrRange)
}

func TestAFileIsThePosterior(t *testing.T) {
	post, err := learned()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "posterior")
	require.NoError(t, post.SaveFile(path))
	opened, err := Open(path, standard)
	require.NoError(t, err)
	require.Equal(t, post.at, opened.at)
	draw := func(p *Posterior) *mat.Dense {
		v, err := p.Given(one(0.3, 0.2))
		require.NoError(t, err)
		theta := mat.NewDense(8, 2, nil)
		require.NoError(t, v.Sample(t.Context(), theta, nil))
		return theta
	}
	require.True(t, mat.Equal(draw(post), draw(opened)))

	_, err = Open(path, Uniform{[]float64{0, 0}, []float64{1, 1}})
	require.ErrorIs(t, err, ErrMismatch)
	require.ErrorContains(t, err, "parameter 0")
	m, err := score.New(2, nil)
	require.NoError(t, err)
	require.NoError(t, m.SaveFile(path))
	_, err = Open(path, nil)
	require.ErrorIs(t, err, ErrMismatch)
	for _, text := range []string{"", "{}", "{", `{"Version":1,"XShift":[0,0]}`, `{"Version":2}`} {
		m, err := score.New(2, &score.Config{Cond: score.Conditions{Columns: 2}})
		require.NoError(t, err)
		m.Metadata = map[string]string{metadata: text}
		_, err = opened2(m)
		require.ErrorIs(t, err, ErrMismatch, text)
	}
}

// halved is a module of the user's own.
type halved struct{ nn.Linear }

func (h halved) Apply(b *nn.Build, x *ad.Expr) *ad.Expr { return ad.Scale(0.5, h.Linear.Apply(b, x)) }

func TestNetworksOfOnesOwnAreOpenedWithTheirSettings(t *testing.T) {
	for _, n := range []int{60, 300} {
		s := quick()
		s.Training.Steps, s.Embed = 20, halved{nn.Linear{Out: 2}}
		post, err := Infer(t.Context(), standard, shifted{1}, 2, n, s)
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "posterior")
		require.NoError(t, post.SaveFile(path))
		_, err = Open(path, standard)
		require.ErrorIs(t, err, score.ErrNotSerializable)
		require.ErrorContains(t, err, "OpenWith")
		opened, err := OpenWith(path, standard, s)
		require.NoError(t, err)
		a, b := mat.NewDense(4, 2, nil), mat.NewDense(4, 2, nil)
		for p, theta := range map[*Posterior]*mat.Dense{post: a, opened: b} {
			v, err := p.Given(one(0.3, 0.2))
			require.NoError(t, err)
			require.NoError(t, v.Sample(t.Context(), theta, nil))
		}
		require.True(t, mat.Equal(a, b))
		_, err = OpenWith(path, standard, nil)
		require.ErrorIs(t, err, score.ErrMismatch)
	}
	_, err := OpenWith(filepath.Join(t.TempDir(), "nothing"), standard, nil)
	require.Error(t, err)
}

// An edited file would have answered with other draws than densities, in silence.
func TestFilesThatContradictThemselvesAreRefused(t *testing.T) {
	post, err := learned()
	require.NoError(t, err)
	text := post.model.Metadata[metadata]
	for says, change := range map[string]func(k *kept){
		"Back is not":             func(k *kept) { k.Back[0] *= 1.1 },
		"the scale":               func(k *kept) { k.XScale[1] = 5e-324 },
		"column 0 goes":           func(k *kept) { k.XLow[0], k.XHigh[0] = k.XHigh[0], k.XLow[0] },
		"are not those":           func(k *kept) { k.Covariance[3] = -1 },
		"not those of parameters": func(k *kept) { k.Covariance[1], k.Covariance[2] = 2*k.Covariance[0], 2*k.Covariance[0] },
		"are not those of":        func(k *kept) { k.Covariance[0] = 1e308 },
		"not those of":            func(k *kept) { k.Mean[0] = -1e308 },
		"not symmetric":           func(k *kept) { k.Covariance[1]++ },
		"too far away":            func(k *kept) { k.Center[0] = 1e308 },
		"lead to what is no para": func(k *kept) { k.Low[0], k.Trends[0].Weights = new(float64), []float64{0, 1e18} },
	} {
		var k kept
		require.NoError(t, json.Unmarshal([]byte(text), &k))
		change(&k)
		_, _, err := k.coordinates(post.model.Dim())
		require.ErrorIs(t, err, ErrMismatch)
		require.ErrorContains(t, err, says)
	}
	m, err := score.New(2, &score.Config{Cond: score.Conditions{Columns: 2}})
	require.NoError(t, err)
	m.Metadata = map[string]string{metadata: text + "{}"}
	_, err = opened(m, nil)
	require.ErrorContains(t, err, "goes on")
}

// bursting is a faulty program.
type bursting struct{}

func (bursting) Simulate(_, _ []float64, _ *rand.Rand) error { panic("boom") }

func TestImpossiblePriorsAreNamed(t *testing.T) {
	for _, c := range []struct {
		prior Prior
		kind  error
		says  string
	}{
		{Normal{Mean: []float64{0, 0}, Deviation: []float64{1}}, ErrShape, "Mean has 2 numbers, Deviation 1"},
		{Normal{Mean: []float64{0}, Deviation: []float64{0}}, ErrRange, "parameter 0: has mean 0 and deviation 0"},
		{Normal{Mean: []float64{0}, Deviation: []float64{-1}}, ErrRange, "deviation -1"},
		{Uniform{Low: []float64{0, 0}, High: []float64{1}}, ErrShape, "Low has 2 numbers, High 1"},
	} {
		_, err := Simulate(t.Context(), c.prior, shifted{}, 1, 4, nil)
		require.ErrorIs(t, err, c.kind)
		require.ErrorContains(t, err, c.says)
	}
	_, err := Simulate(t.Context(), standard, shifted{}, 2, 4, &SimulateSettings{First: math.MaxInt - 3})
	require.ErrorContains(t, err, "First")
	require.PanicsWithValue(t, "boom", func() {
		_, _ = Simulate(t.Context(), standard, bursting{}, 1, 4, nil)
	})
}

func opened2(m *score.Model) (*Posterior, error) { return opened(m, nil) }

func TestObservationsOutsideTheSimulationsAreNamed(t *testing.T) {
	post, err := learned()
	require.NoError(t, err)
	v, err := post.Given(one(0, 40))
	require.NoError(t, err)
	require.Len(t, v.Warnings, 1)
	require.Contains(t, v.Warnings[0], "column 1 of x: row 0 is 40, the simulations lie from")
	theta := mat.NewDense(4, 2, nil)
	require.NoError(t, v.Sample(t.Context(), theta, nil))

	// However far it is, the network is not shown more than what is warned of.
	for _, x := range []float64{1e3, -1e6, 1e300} {
		far, err := post.Given(one(0, x))
		require.NoError(t, err)
		require.Regexp(t, "an extrapolation, of -?[5-9][.0-9]*, the nearest", far.Warnings[0])
		require.NoError(t, far.Sample(t.Context(), theta, nil))
		require.Less(t, math.Abs(theta.At(0, 1)), 20.0)
		_, _, err = far.MAP(t.Context(), &MAPSettings{Draws: 40, Climbs: 2})
		require.NoError(t, err)
	}

	_, err = post.Given(nil)
	require.ErrorIs(t, err, ErrShape)
	_, err = post.Given(one(1))
	require.ErrorIs(t, err, ErrShape)
	_, err = post.Given(one(1, math.NaN()))
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "row 0, column 1")
}

// fragile fails where the first parameter is positive, and gives NaN below −1.
type fragile struct{ shifted }

var errFragile = errors.New("no equilibrium")

func (f fragile) Simulate(x, theta []float64, rng *rand.Rand) error {
	if theta[0] > 0 {
		return errFragile
	}
	err := f.shifted.Simulate(x, theta, rng)
	if theta[0] < -1 {
		x[1] = math.NaN()
	}
	return err
}

func TestSimulationsThatFailAreLeftOutAndNamed(t *testing.T) {
	pairs, err := Simulate(t.Context(), standard, fragile{}, 2, 400, nil)
	require.NoError(t, err)
	n, _ := pairs.Theta.Dims()
	require.Equal(t, 400, n+pairs.Failed)
	require.InDelta(t, 400*0.34, n, 50)
	for i := range n {
		require.True(t, pairs.Theta.At(i, 0) <= 0 && pairs.Theta.At(i, 0) >= -1)
		require.Equal(t, pairs.Theta.At(i, 1), pairs.X.At(i, 1), "without noise x is θ")
	}
	require.Len(t, pairs.Warnings, 1)
	require.Regexp(t, `^\d+ of 400 simulations \(\d+ %\) failed and are left out, the first: simulation \d+, theta \[.*\]: `, pairs.Warnings[0])

	_, err = Simulate(t.Context(), Uniform{[]float64{1, 0}, []float64{2, 1}}, fragile{}, 2, 20, nil)
	require.ErrorIs(t, err, ErrSimulator)
	require.ErrorIs(t, err, errFragile)
	require.ErrorContains(t, err, "all of 20 simulations failed")
}

func TestSimulationsDoNotDependOnWorkersOrCalls(t *testing.T) {
	all, err := Simulate(t.Context(), standard, shifted{1}, 2, 300, &SimulateSettings{Workers: 1, Seed: 5})
	require.NoError(t, err)
	told := 0
	again, err := Simulate(t.Context(), standard, shifted{1}, 2, 300, &SimulateSettings{Workers: 7, Seed: 5, Progress: func(done, n int) {
		require.Greater(t, done, told)
		require.Equal(t, 300, n)
		told = done
	}})
	require.NoError(t, err)
	require.Equal(t, 300, told)
	require.True(t, mat.Equal(all.X, again.X))
	rest, err := Simulate(t.Context(), standard, shifted{1}, 2, 200, &SimulateSettings{Seed: 5, First: 100})
	require.NoError(t, err)
	require.Equal(t, all.X.RawRowView(100), rest.X.RawRowView(0))

	ctx, stop := context.WithCancel(t.Context())
	pairs, err := Simulate(ctx, standard, shifted{1}, 2, 300, &SimulateSettings{Workers: 1, Seed: 5, Progress: func(done, _ int) {
		if done >= 100 {
			stop()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, pairs.Done >= 100 && pairs.Done < 300)
	require.Equal(t, all.X.RawRowView(50), pairs.X.RawRowView(50))
}

func TestImpossibleTablesAreRefused(t *testing.T) {
	nan := math.NaN()
	unit := Uniform{[]float64{0, 0}, []float64{1, 1}}
	for _, c := range []struct {
		prior    Prior
		theta, x *mat.Dense
		kind     error
		text     string
	}{
		{nil, nil, one(1), ErrShape, "want at least one row"},
		{nil, one(1), mat.NewDense(2, 1, nil), ErrShape, "x: has 2 rows, want 1"},
		{nil, one(1), one(1), ErrShape, "at least 2"},
		{nil, mat.NewDense(2, 1, nil), mat.NewDense(2, 2, []float64{0, 1, 2, nan}), ErrNonFinite, "x: row 1, column 1: is NaN"},
		{nil, mat.NewDense(2, 1, []float64{0, math.Inf(1)}), mat.NewDense(2, 1, nil), ErrNonFinite, "theta: row 1, parameter 0: is +Inf"},
		{unit, mat.NewDense(2, 1, nil), mat.NewDense(2, 1, nil), ErrShape, "prior: has 2 parameters, want 1"},
		{unit, mat.NewDense(2, 2, []float64{0, 0, 0.5, 1.5}), mat.NewDense(2, 1, nil), ErrRange, "theta: row 1, parameter 1: is 1.5, outside the prior's bounds 0 and 1"},
		{Uniform{[]float64{1}, []float64{1}}, mat.NewDense(2, 1, nil), mat.NewDense(2, 1, nil), ErrRange, "parameter 0"},
	} {
		_, err := Fit(t.Context(), c.prior, c.theta, c.x, quick())
		require.ErrorIs(t, err, c.kind, c.text)
		require.ErrorContains(t, err, "inference: Fit: ")
		require.ErrorContains(t, err, c.text)
	}
	ctx, stop := context.WithCancel(t.Context())
	theta, x := pairsOf(50)
	s := quick()
	s.Training.Recorder = stopping{1, stop}
	post, err := Fit(ctx, nil, theta, x, s)
	require.ErrorIs(t, err, context.Canceled)
	require.NotNil(t, post, "what has been learned is not lost")
}

func TestOddTablesAreLearned(t *testing.T) {
	for _, n := range []int{2, 5, 60} {
		theta, x := pairsOf(n)
		s := quick()
		s.Training.Steps = 20
		post, err := Fit(t.Context(), nil, theta, x, s)
		require.NoError(t, err, n)
		v, err := post.Given(one(x.At(0, 0), x.At(0, 1)))
		require.NoError(t, err)
		draws := mat.NewDense(10, 3, nil)
		require.NoError(t, v.Sample(t.Context(), draws, nil))
		_, _, bad := firstNonFinite(draws)
		require.False(t, bad, n)
	}
}

func TestDrawsStayWithinTheBounds(t *testing.T) {
	prior := Uniform{[]float64{-1, 0}, []float64{1, 1e-3}}
	s := quick()
	s.Training.Steps = 100
	post, err := Infer(t.Context(), prior, shifted{0.3}, 2, 1000, s)
	require.NoError(t, err)
	v, err := post.Given(one(0.1, 0))
	require.NoError(t, err)
	draws := mat.NewDense(500, 2, nil)
	require.NoError(t, v.Sample(t.Context(), draws, nil))
	for i := range 500 {
		require.False(t, math.IsInf(prior.LogProb(draws.RawRowView(i)), -1), draws.RawRowView(i))
	}
	logs := make([]float64, 2)
	_, err = v.LogProb(t.Context(), logs, mat.NewDense(2, 2, []float64{0, 2, 0.5, 5e-4}), nil)
	require.NoError(t, err)
	require.True(t, math.IsInf(logs[0], -1))
	require.True(t, finite(logs[1]))

	// The density of what has been learned is normalised: ∫ p dθ = 1 on a lattice.
	const k = 24
	lattice, all := mat.NewDense(k*k, 2, nil), make([]float64, k*k)
	for i := range k * k {
		lattice.SetRow(i, []float64{-1 + 2*(float64(i%k)+0.5)/k, 1e-3 * (float64(i/k) + 0.5) / k})
	}
	_, err = v.LogProb(t.Context(), all, lattice, nil)
	require.NoError(t, err)
	sum := 0.0
	for _, l := range all {
		sum += math.Exp(l) * 2e-3 / (k * k)
	}
	require.InDelta(t, 1, sum, 0.05)
}

func TestMethodsHaveNames(t *testing.T) {
	require.Equal(t, "GAUSS JAC FNPE Method(7)", fmt.Sprint(GAUSS, JAC, FNPE, Method(7)))
}
