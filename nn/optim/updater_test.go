package optim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/stretchr/testify/require"
)

// wrapped is somebody's own optimiser, which can share its steps.
type wrapped struct{ Optimizer[float32] }

// whole is one that cannot.
type whole struct{ Optimizer[float32] }

func (w whole) Begin(n, step int, rate float64) bool {
	w.Optimizer.Begin(n, step, rate)
	return false
}

// still is an Adam with an Update of its own.
type still struct{ *Adam[float32] }

func (still) Update(_, _ []float32, _ int) {}

// ours are optimisers of parameters of several stretches.
func ours(n int) []func() Optimizer[float32] {
	group := func(o Optimizer[float32]) Optimizer[float32] {
		var params nn.Params
		b := nn.NewBuild(&params)
		b.Param("a", 1, stretch+3, nn.Zeros{}) // ends in the second stretch
		b.Param("b", 1, 40, nn.Zeros{})
		b.Param("c", 1, n-stretch-43, nn.Zeros{})
		g := &GroupDecay[float32]{Optimizer: o, Groups: []Group{{"b", 0}, {"a", 0.5}, {"c", 0.1}}}
		if err := g.Bind(&params); err != nil {
			panic(err)
		}
		return g
	}
	return []func() Optimizer[float32]{
		func() Optimizer[float32] { return &Adam[float32]{WeightDecay: 0.1} },
		func() Optimizer[float32] { return &SGD[float32]{} },
		func() Optimizer[float32] { return &SGD[float32]{Momentum: 0.9, Nesterov: true} },
		func() Optimizer[float32] { return &AMSGrad[float32]{} },
		func() Optimizer[float32] { return &RAdam[float32]{} },
		func() Optimizer[float32] { return &NAdam[float32]{} },
		func() Optimizer[float32] { return &RMSprop[float32]{Momentum: 0.5, Centered: true} },
		func() Optimizer[float32] { return &Adagrad[float32]{} },
		func() Optimizer[float32] { return group(new(Adam[float32])) },
		func() Optimizer[float32] { return group(new(NAdam[float32])) },
		func() Optimizer[float32] { return group(whole{new(Adam[float32])}) },
	}
}

func TestAnUpdaterHasTheBitsOfItsParts(t *testing.T) {
	const n = 3*stretch + 77
	rng := rand.New(rand.NewPCG(1, 2))
	vector := func() []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return v
	}
	start := vector()
	grads := [][]float32{vector(), vector(), vector(), vector(), vector()}
	e := EMA[float32]{Decay: 0.9}

	for _, make := range ours(n) {
		o, theta, shadow := make(), slices.Clone(start), slices.Clone(start)
		for step, g := range grads {
			g := slices.Clone(g)
			require.Greater(t, ClipNorm(g, 20), 100.)
			Step(o, theta, g, step, 0.01)
			e.Update(shadow, theta, step)
		}
		require.NotEqual(t, theta, shadow)

		for _, workers := range []int{1, 2, 7} {
			for _, averaged := range []bool{true, false} {
				for _, o := range []Optimizer[float32]{make(), wrapped{make()}, whole{make()}} {
					u := NewUpdater(o, e, pool.New(workers))
					got, average := slices.Clone(start), slices.Clone(start)
					if !averaged {
						average = nil
					}
					for step, g := range grads {
						g := slices.Clone(g)
						u.Clip(g, 20)
						u.Step(got, g, average, step, 0.01)
					}
					require.True(t, slices.Equal(theta, got), "%T, %d workers", o, workers)
					require.True(t, !averaged || slices.Equal(shadow, average), "%T, %d workers", o, workers)
				}
			}
		}
		u := NewUpdater(o, e, nil)
		want := func(what string) string {
			return fmt.Sprintf("optim: Updater.Step: %s has length %d, want %d", what, n-1, n)
		}
		require.PanicsWithValue(t, want("shadow"), func() { u.Step(theta, grads[0], shadow[1:], 5, 0.01) })
		require.PanicsWithValue(t, want("grad"), func() { u.Step(theta, grads[0][1:], shadow, 5, 0.01) })
	}
}

// signs moves each element by the rate, against its gradient's sign. Two of its
// updates wait for each other.
type signs struct {
	both sync.WaitGroup
	rate float32
}

func (s *signs) Begin(_, _ int, rate float64) bool {
	s.rate = float32(rate)
	return true
}

func (s *signs) Update(theta, grad []float32, _ int) {
	s.both.Done()
	s.both.Wait()
	for i, g := range grad {
		if theta[i] -= s.rate; g < 0 {
			theta[i] += 2 * s.rate
		}
	}
}

func (s *signs) State() [][]float32 { return nil }

func TestAnOptimiserOfOnesOwnRunsOnAllWorkers(t *testing.T) {
	grad, theta := make([]float32, 2*stretch), make([]float32, 2*stretch)
	grad[stretch] = -1
	o := new(signs)
	o.both.Add(2)
	NewUpdater(o, EMA[float32]{}, pool.New(2)).Step(theta, grad, nil, 0, 0.5)
	require.Equal(t, []float32{-0.5, 0.5, -0.5}, theta[stretch-1:stretch+2])
}

func TestWhatEmbedsAnOptimiserHasItsOwnUpdate(t *testing.T) {
	theta, shadow := []float32{1}, []float32{3}
	for _, o := range []Optimizer[float32]{still{new(Adam[float32])}, wrapped{still{new(Adam[float32])}}} {
		u := NewUpdater(o, EMA[float32]{}, nil)
		u.Step(theta, []float32{1}, shadow, 0, 0.1)
		require.Equal(t, []float32{1}, theta)
		require.Less(t, shadow[0], float32(3))
	}
}
