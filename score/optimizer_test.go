package score

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
)

func TestGroupsOfWeightsDecayInTraining(t *testing.T) {
	// The gradient is that of a network whose output does not count.
	m := newModel(t, 2, Config{Net: killed{small}})
	before := append([]float32(nil), m.theta...)
	s := quick(3)
	s.Rate, s.EMA = optim.Constant(0.1), -1
	s.Optimizer = &optim.GroupDecay[float32]{Optimizer: &optim.SGD[float32]{}, Groups: []optim.Group{{Names: "hidden?.weight", WeightDecay: 1}}}
	fit(t, m, moons(), s)
	for _, name := range []string{"hidden0.weight", "hidden1.weight", "hidden0.bias", "output.weight"} {
		was, _, _ := nn.View(m.params, before, name)
		is, _, _ := nn.View(m.params, m.theta, name)
		keep := 1.
		if name[:3] == "hid" && name[len(name)-6:] == "weight" {
			keep = 0.9 * 0.9 * 0.9
		}
		for i := range was {
			require.InDelta(t, keep*float64(was[i]), is[i], 1e-6, name)
		}
	}
}

func TestTheAverageFollowsItsRule(t *testing.T) {
	const steps = 40
	last, averaged := newModel(t, 2, Config{}), newModel(t, 2, Config{})
	start := append([]float32(nil), averaged.theta...)
	s := quick(steps)
	s.Averaging = optim.PowerRamp{Start: steps} // the last weights
	r := fit(t, last, moons(), s)
	require.InDeltaSlice(t, asFloat64(r.Raw), asFloat64(last.theta), 1e-6)
	s.Averaging = optim.HalfLife{Steps: 1e9, Plain: true} // the first
	r = fit(t, averaged, moons(), s)
	require.InDeltaSlice(t, asFloat64(start), asFloat64(averaged.theta), 1e-6)
	require.NotEqual(t, start, r.Raw)
}

func asFloat64(v []float32) []float64 {
	w := make([]float64, len(v))
	for i, x := range v {
		w[i] = float64(x)
	}
	return w
}

func TestOptimisersOfMatricesHaveTheBitsOfAnyWorkers(t *testing.T) {
	for _, make := range []func() optim.Optimizer[float32]{
		func() optim.Optimizer[float32] { return &optim.SOAP[float32]{BothSides: true} },
		func() optim.Optimizer[float32] { return &optim.Muon[float32]{} },
	} {
		var want []float32
		for _, workers := range []int{1, 2, 7} {
			s := quick(25)
			s.Workers, s.Optimizer = workers, make()
			m := newModel(t, 2, Config{Net: small})
			fit(t, m, moons(), s)
			if want == nil {
				want = append(want, m.theta...)
			}
			require.Equal(t, want, m.theta, "%T, %d workers", s.Optimizer, workers)
		}
	}
}
