package calibration

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/boost"
)

func TestFaultsAreNamed(t *testing.T) {
	nan := math.NaN()
	at := func(x *mat.Dense, i, j int, v float64) *mat.Dense {
		y := mat.DenseCopyOf(x)
		y.Set(i, j, v)
		return y
	}
	tr := exact.trials(4, 3, 1)
	sbc := func(t Trials, s *Settings, q ...Quantity) error {
		_, err := SBC(&t, q, s)
		return err
	}
	bad := tr.Quantity("energy", func([]float64, []float64) float64 { return 1 })
	bad.Draws[5] = nan
	worse := tr.Quantity("energy", func([]float64, []float64) float64 { return 1 })
	worse.Truth[2] = nan
	own := errors.New("own")
	_, newErr := NewTrials(tr.Theta, tr.X, 2, func(_ *mat.Dense, i int) error {
		if i == 3 {
			return own
		}
		return nil
	})
	require.ErrorIs(t, newErr, own)
	_, nanErr := NewTrials(tr.Theta, tr.X, 2, func(dst *mat.Dense, i int) error { dst.Set(1, 0, nan); return nil })
	_, tarp := TARP(tr, func(dst, _ []float64, _ *rand.Rand) { dst[1] = nan }, nil)
	_, nearest := Nearest(tr.Theta, at(tr.X, 2, 1, math.Inf(1)))
	_, density := HighestDensity([]float64{0, nan}, []float64{1, 2, 3, 4}, nil)
	local := func(x, draws *mat.Dense, s *LocalSettings) error {
		_, err := LocalC2ST(tr, x, draws, s)
		return err
	}
	predictive := func(x []float64, draws *mat.Dense, s *PredictiveSettings) error {
		_, err := Predictive(x, draws, s)
		return err
	}
	for says, err := range map[string]error{
		"calibration: SBC: Theta: row 1, column 0 is NaN, want a number: not finite":                                                                sbc(Trials{Theta: at(tr.Theta, 1, 0, nan), Draws: tr.Draws}, nil),
		"calibration: SBC: Draws: row 7, column 1 is +Inf, want a number: not finite":                                                               sbc(Trials{Theta: tr.Theta, Draws: at(tr.Draws, 7, 1, math.Inf(1))}, nil),
		"calibration: SBC: X: row 0, column 1 is NaN, want a number: not finite":                                                                    sbc(Trials{Theta: tr.Theta, X: at(tr.X, 0, 1, nan), Draws: tr.Draws}, nil),
		"calibration: SBC: energy: is NaN at draw 2 of trial 1, want a number: not finite":                                                          sbc(*tr, nil, bad),
		"calibration: SBC: energy: is NaN at the truth of trial 2, want a number: not finite":                                                       sbc(*tr, nil, worse),
		"calibration: SBC: Settings.Bins: is 5, want from 2 to 4, one more than the draws of a trial, or 0: out of range":                           sbc(*tr, &Settings{Bins: 5}),
		"calibration: SBC: Settings.Bins: is 1, want from 2 to 4, one more than the draws of a trial, or 0: out of range":                           sbc(*tr, &Settings{Bins: 1}),
		"calibration: SBC: Settings.Confidence: is 1, want above 0 and below 1, or 0 for .95: out of range":                                         sbc(*tr, &Settings{Confidence: 1}),
		"calibration: SBC: Settings.Confidence: is NaN, want above 0 and below 1, or 0 for .95: out of range":                                       sbc(*tr, &Settings{Confidence: nan}),
		"calibration: SBC: Settings.Exchanges: is -1, want from 1 to 1000000, or 0 for 999: out of range":                                           sbc(*tr, &Settings{Exchanges: -1}),
		"calibration: SBC: Settings.Exchanges: is 2147483647, want from 1 to 1000000, or 0 for 999: out of range":                                   sbc(*tr, &Settings{Exchanges: math.MaxInt32}),
		"calibration: NewTrials: trial 3: own":                                                                                                      newErr,
		"calibration: NewTrials: Draws: row 1, column 0 is NaN, want a number: not finite":                                                          nanErr,
		"calibration: TARP: reference: row 0, column 1 is NaN, want a number: not finite":                                                           tarp,
		"calibration: Nearest: simulated: row 2, column 1 is +Inf, want a number: not finite":                                                       nearest,
		"calibration: HighestDensity: log density: is NaN at the truth of trial 1, want a number: not finite":                                       density,
		"calibration: LocalC2ST: x: row 3, column 1 is NaN, want a number: not finite":                                                              local(at(tr.X, 3, 1, nan), tr.Draws, nil),
		"calibration: LocalC2ST: draws: row 3, column 1 is NaN, want a number: not finite":                                                          local(tr.X, at(tr.Draws, 3, 1, nan), nil),
		"calibration: LocalC2ST: LocalSettings.Exchanges: is -1, want from 1 to 1000000, or 0 for 99: out of range":                                 local(tr.X, tr.Draws, &LocalSettings{Exchanges: -1}),
		"calibration: LocalC2ST: LocalSettings.Exchanges: is 2147483647, want from 1 to 1000000, or 0 for 99: out of range":                         local(tr.X, tr.Draws, &LocalSettings{Exchanges: math.MaxInt32}),
		"calibration: LocalC2ST: Settings.Trees: boost: Classification: Settings.Rate: is 2, want above 0 and at most 1, or 0 for .1: out of range": local(tr.X, tr.Draws, &LocalSettings{Trees: &boost.Settings{Rate: 2}}),
		"calibration: Predictive: observed: column 1 is NaN, want a number: not finite":                                                             predictive([]float64{0, nan}, tr.Draws, nil),
		"calibration: Predictive: draws: row 2, column 0 is NaN, want a number: not finite":                                                         predictive([]float64{0, 0}, at(tr.Draws, 2, 0, nan), nil),
		"calibration: Predictive: Settings.Rows: is -1, want at least 1, or 0 for 2000: out of range":                                               predictive([]float64{0, 0}, tr.Draws, &PredictiveSettings{Rows: -1}),
		"calibration: Predictive: Settings.Neighbours: is -1, want at least 1, or 0 for 5: out of range":                                            predictive([]float64{0, 0}, tr.Draws, &PredictiveSettings{Neighbours: -1}),
	} {
		require.EqualError(t, err, says)
		require.True(t, errors.Is(err, ErrNonFinite) || errors.Is(err, ErrRange) || errors.Is(err, boost.ErrRange) || errors.Is(err, own), says)
	}
}

func TestShapesThatDisagreePanic(t *testing.T) {
	tr, m := exact.trials(4, 3, 1), mat.NewDense
	for says, f := range map[string]func(){
		"calibration: SBC: Theta is 4×2 and Draws is 11×2, want at least one row, equal columns and a multiple of the rows":     func() { SBC(&Trials{Theta: tr.Theta, Draws: m(11, 2, nil)}, nil, nil) },
		"calibration: TARP: Theta is 4×2 and Draws is 12×3, want at least one row, equal columns and a multiple of the rows":    func() { TARP(&Trials{Theta: tr.Theta, Draws: m(12, 3, nil)}, nil, nil) },
		"calibration: Products: Theta is 4×2 and Draws is 0×0, want at least one row, equal columns and a multiple of the rows": func() { (&Trials{Theta: tr.Theta, Draws: &mat.Dense{}}).Products() },
		"calibration: SBC: X is 3×2, want the 4 rows of Theta":                                                                  func() { SBC(&Trials{Theta: tr.Theta, X: m(3, 2, nil), Draws: tr.Draws}, nil, nil) },
		"calibration: Quantity: X is 3×2, want the 4 rows of Theta":                                                             func() { (&Trials{Theta: tr.Theta, X: m(3, 2, nil), Draws: tr.Draws}).Quantity("q", logJoint) },
		"calibration: SBC: Names has 1 names, want 2, one a column of Theta":                                                    func() { SBC(&Trials{Theta: tr.Theta, Draws: tr.Draws, Names: []string{"a"}}, nil, nil) },
		"calibration: SBC: quantity \"q\" has 4 true values and 1 at draws, want 4 and 12":                                      func() { SBC(tr, []Quantity{{"q", make([]float64, 4), make([]float64, 1)}}, nil) },
		"calibration: NewTrials: perTrial is 0, want ≥ 1":                                                                       func() { NewTrials(tr.Theta, tr.X, 0, nil) },
		"calibration: NewTrials: theta is empty":                                                                                func() { NewTrials(&mat.Dense{}, nil, 1, nil) },
		"calibration: HighestDensity: truth has 2 values and draws 3, want at least one and a multiple":                         func() { HighestDensity(make([]float64, 2), make([]float64, 3), nil) },
		"calibration: Nearest: theta is 4×2 and simulated is 12×2, want equal numbers of rows and at least one":                 func() { Nearest(tr.Theta, tr.Draws) },
		"calibration: LocalC2ST: X is nil":                                                                                      func() { LocalC2ST(&Trials{Theta: tr.Theta, Draws: tr.Draws}, tr.X, tr.Draws, nil) },
		"calibration: LocalC2ST: x is 4×2 and draws is 11×2, want 2 and 2 columns, at least one row and a multiple of the rows": func() { LocalC2ST(tr, tr.X, m(11, 2, nil), nil) },
		"calibration: Predictive: observed has 1 values and draws is 12×2, want equal columns and at least one row":             func() { Predictive([]float64{1}, tr.Draws, nil) },
		"calibration: LowDensity: observed is NaN among 1 draws, want at least one draw and no NaN":                             func() { LowDensity(math.NaN(), []float64{1}) },
	} {
		require.PanicsWithValue(t, says, f)
	}
}

// Scales and offsets of columns change nothing, and neither does what is far out.
func TestResultsDoNotDependOnUnits(t *testing.T) {
	tr := tooNarrow.trials(30, 9, 1)
	moved := func(x *mat.Dense) *mat.Dense {
		y := mat.DenseCopyOf(x)
		y.Apply(func(_, j int, v float64) float64 {
			return []float64{math.Ldexp(v, -300), math.Ldexp(v, 20) + 0x1p30}[j]
		}, y)
		return y
	}
	other := &Trials{Theta: moved(tr.Theta), X: tr.X, Draws: moved(tr.Draws)}
	for _, f := range []func(*Trials) (*Result, error){
		func(t *Trials) (*Result, error) { return SBC(t, nil, nil) },
		func(t *Trials) (*Result, error) { return TARP(t, nil, nil) },
	} {
		want, err := f(tr)
		require.NoError(t, err)
		got, err := f(other)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	known := exact.trials(50, 1, 2)
	a, err := Nearest(known.Theta, known.X)
	require.NoError(t, err)
	b, err := Nearest(known.Theta, moved(known.X))
	require.NoError(t, err)
	u, v := make([]float64, 2), make([]float64, 2)
	for i := range 30 {
		a(u, tr.X.RawRowView(i), nil)
		b(v, moved(tr.X).RawRowView(i), nil)
		require.Equal(t, u, v)
	}
}

func TestResultsAreWrittenToJSONAndRead(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {5, 9}} {
		tr := exact.trials(size[0], size[1], 1)
		sbc, err := SBC(tr, nil, nil)
		require.NoError(t, err)
		text, err := json.Marshal(sbc)
		require.NoError(t, err)
		var back Result
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, *sbc, back)
		local, err := LocalC2ST(tr, tr.X, tr.Draws, nil)
		require.NoError(t, err)
		_, err = json.Marshal(local)
		require.NoError(t, err)
		predictive, err := Predictive([]float64{1, 1e300}, tr.Draws, nil)
		require.NoError(t, err)
		_, err = json.Marshal(predictive)
		require.NoError(t, err)
	}
}

// A posterior of one trial is no evidence, whatever it is.
func TestFewTrialsAreLittleEvidence(t *testing.T) {
	tr := ignoresX.trials(1, 1, 1)
	r, err := SBC(tr, nil, nil)
	require.NoError(t, err)
	require.Equal(t, 1., r.ECDFP)
	require.Equal(t, 1., r.ChiSquaredP)
	require.Equal(t, []float64{0}, r.Low)
	require.Equal(t, []float64{1}, r.High)
	_, err = TARP(tr, nil, nil)
	require.NoError(t, err)
	require.Contains(t, r.String(), "1 trials of 1 draws")
}

func TestNearestIsOfTheParametersOfTheTrials(t *testing.T) {
	trials := line(20, 5, 1)
	reference, err := Nearest(mat.NewDense(20, 3, nil), trials.X)
	require.NoError(t, err)
	require.PanicsWithValue(t, "calibration: Nearest: theta has 3 columns, the trials have 1 parameters, want as many", func() {
		_, _ = TARP(trials, reference, nil)
	})
}

func TestPredictiveResultsAreTables(t *testing.T) {
	r := &PredictiveResult{Draws: 99, P: 0.5, Distance: Test{1.25, 0.2, 0.4}, Columns: []Test{{0.5, 1, 1}}}
	require.Contains(t, r.String(), "99 draws, P 0.500\n")
	require.Contains(t, r.String(), "distance          1.250  0.200  0.400\n")
	require.Contains(t, r.String(), "column 0          0.500  1.000  1.000\n")
}

func TestTrialsThatAreNoneAreNamed(t *testing.T) {
	for _, of := range []*Trials{nil, {}, {Theta: mat.NewDense(2, 1, nil)}} {
		require.PanicsWithValue(t, "calibration: SBC: the Trials are nil, or have no Theta or no Draws, want both", func() { _, _ = SBC(of, nil, nil) })
	}
}
