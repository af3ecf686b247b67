package optim

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/pool"
)

// scattered are parameters of all kinds, of which a bias does not follow its weight.
func scattered() *nn.Params {
	var params nn.Params
	b := nn.NewBuild(&params)
	b.Gain("gain", 30, nn.Ones{})
	b.Param("other", 2, 3, nn.Ones{})
	w := b.Weight("w", 20, 30, nn.He{}) // from 36 on
	b.Gain("between", 4, nn.Ones{})     // 636
	v := b.Weight("v", 40, 8, nn.He{})  // 640
	b.Bias("w.bias", w, nn.Zeros{})     // 960
	b.Bias("v.bias", v, nn.Zeros{})     // 990
	b.Table("table", 3, stretch, nn.Zeros{})
	b.Weight("row", 1, 9, nn.He{})
	b.Weight("last", 64, 64, nn.He{})
	return &params
}

func TestBlocksCoverAllParameters(t *testing.T) {
	params := scattered()
	blocks := Blocks(params)
	require.Equal(t, []Block{
		{Rows: 1, Cols: 36, Offset: 0},
		{Rows: 21, Cols: 30, Offset: 36, Bias: 960, Matrix: true},
		{Rows: 1, Cols: 4, Offset: 636},
		{Rows: 41, Cols: 8, Offset: 640, Bias: 990, Matrix: true},
		{Rows: 1, Cols: stretch, Offset: 998},
		{Rows: 1, Cols: stretch, Offset: 998 + stretch},
		{Rows: 1, Cols: stretch, Offset: 998 + 2*stretch},
		{Rows: 1, Cols: 9, Offset: 998 + 3*stretch, Matrix: true},
		{Rows: 64, Cols: 64, Offset: 1007 + 3*stretch, Matrix: true},
	}, blocks)
	require.Equal(t, []int{36, 998, 998 + stretch, 998 + 2*stretch, 998 + 3*stretch, 1007 + 3*stretch}, Cuts(blocks))
	n := 0
	for _, b := range blocks {
		n += b.Len()
	}
	require.Equal(t, params.Len(), n)
	require.Empty(t, Blocks(new(nn.Params)))
	require.Empty(t, Cuts(nil))

	var many nn.Params
	b := nn.NewBuild(&many)
	for _, name := range []string{"a", "b", "c"} {
		b.Param(name, 1, stretch-1000, nn.Zeros{})
	}
	require.Equal(t, []int{stretch, 2 * stretch}, Cuts(Blocks(&many)))
}

func TestBlocksAreSharedWithTheSameBits(t *testing.T) {
	params := scattered()
	n := params.Len()
	rng := rand.New(rand.NewPCG(1, 2))
	vector := func() []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return v
	}
	start := vector()
	var grads [][]float32
	for range 7 {
		grads = append(grads, vector())
	}
	e := EMA[float32]{Decay: 0.9}
	for name, make := range map[string]func() Optimizer[float32]{
		"SOAP": func() Optimizer[float32] { return &SOAP[float32]{FactorEvery: 1, BasisEvery: 2, WeightDecay: 0.1} },
		"both": func() Optimizer[float32] { return &SOAP[float32]{BothSides: true, BasisEvery: 2, Largest: 50} },
		"Muon": func() Optimizer[float32] { return &Muon[float32]{WeightDecay: 0.1} },
		"grouped": func() Optimizer[float32] {
			return &GroupDecay[float32]{Optimizer: &SOAP[float32]{}, Groups: []Group{{"w", 0.5}, {"*", 0.1}}}
		},
		"twice": func() Optimizer[float32] {
			return &GroupDecay[float32]{Optimizer: &GroupDecay[float32]{Optimizer: &Muon[float32]{}}, Groups: []Group{{"v*", 0.5}}}
		},
	} {
		bind := func(o Optimizer[float32]) Optimizer[float32] {
			require.NoError(t, Bind(o, params))
			return o
		}
		o, theta, shadow := bind(make()), slices.Clone(start), slices.Clone(start)
		for step, g := range grads {
			g := slices.Clone(g)
			require.Greater(t, ClipNorm(g, 20), 100.)
			Step(o, theta, g, step, 0.01)
			e.Update(shadow, theta, step)
		}
		require.NotEmpty(t, cutsOf(o))
		for _, workers := range []int{1, 2, 7} {
			for _, o := range []Optimizer[float32]{bind(make()), wrapped{bind(make())}, whole{bind(make())}} {
				u := NewUpdater(o, e, pool.New(workers))
				got, average := slices.Clone(start), slices.Clone(start)
				for step, g := range grads {
					g := slices.Clone(g)
					u.Clip(g, 20)
					u.Step(got, g, average, step, 0.01)
				}
				require.True(t, slices.Equal(theta, got), "%s in %T, %d workers", name, o, workers)
				require.True(t, slices.Equal(shadow, average), "%s in %T, %d workers", name, o, workers)
			}
		}
	}
}

// parted is somebody's own optimiser of blocks.
type parted struct {
	cuts  []int
	moves func(theta []float32, from int)
}

func (p *parted) Begin(_, _ int, _ float64) bool      { return false }
func (p *parted) Cuts() []int                         { return p.cuts }
func (p *parted) State() [][]float32                  { return nil }
func (p *parted) Update(theta, _ []float32, from int) { p.moves(theta, from) }
func (p *parted) step(workers int, theta, shadow []float32) {
	NewUpdater[float32](p, EMA[float32]{}, pool.New(workers)).Step(theta, make([]float32, len(theta)), shadow, 0, 1)
}

func TestABlockwiseOptimiserOfOnesOwnRunsOnAllWorkers(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	theta := make([]float32, 10)
	p := &parted{[]int{3}, func(theta []float32, _ int) {
		both.Done()
		both.Wait()
		theta[0] = float32(len(theta))
	}}
	p.step(2, theta, nil)
	require.Equal(t, []float32{3, 0, 0, 7}, theta[:4])
}

func TestTheLargestBlocksComeFirst(t *testing.T) {
	var offsets []int
	p := &parted{[]int{1, 5, 6}, func(_ []float32, from int) { offsets = append(offsets, from) }}
	p.step(1, make([]float32, 10), make([]float32, 10))
	require.Equal(t, []int{1, 6, 0, 5}, offsets)
}

func TestBadCutsAreNamed(t *testing.T) {
	for _, cuts := range [][]int{{0}, {10}, {4, 4}, {5, 3}, {-1}, {11}} {
		u := NewUpdater[float32](&parted{cuts: cuts}, EMA[float32]{}, nil)
		for range 2 {
			require.Panics(t, func() { u.Step(make([]float32, 10), make([]float32, 10), nil, 0, 1) }, "%v", cuts)
		}
	}
	u := NewUpdater[float32](&parted{cuts: []int{4, 4}}, EMA[float32]{}, nil)
	require.PanicsWithValue(t, "optim: Updater.Step: *optim.parted has the cuts [4 4], want increasing ones between 0 and 10", func() {
		u.Step(make([]float32, 10), make([]float32, 10), nil, 0, 1)
	})
}
