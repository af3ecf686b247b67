package score

import (
	"math"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sde"
)

// answers are everything a model says about rows x.
type answers struct {
	score, again, jv *mat.Dense
	div              []float64
}

func ask(m *Model, x, v *mat.Dense, t []float64) answers {
	n, d := x.Dims()
	a := answers{score: mat.NewDense(n, d, nil), again: mat.NewDense(n, d, nil), jv: mat.NewDense(n, d, nil), div: make([]float64, n)}
	m.Unconditional().Divergence(a.again, a.div, x, t)
	m.Unconditional().JVP(a.again, a.jv, x, v, t)
	m.Unconditional().Score(a.score, x, t)
	return a
}

// rows returns the answers about some of the rows.
func (a answers) rows(from, to int) answers {
	_, d := a.score.Dims()
	part := func(x *mat.Dense) *mat.Dense { return mat.DenseCopyOf(x.Slice(from, to, 0, d)) }
	return answers{part(a.score), part(a.again), part(a.jv), a.div[from:to]}
}

// nets are networks of every kind that a model runs.
var nets = map[string]nn.Module{"mlp": small, "energy": spherical}

var dims = []int{1, 2, 3, 9, 20}

func TestCommonTimeAndRepeatedTimeHaveEqualBits(t *testing.T) {
	for name, net := range nets {
		for _, d := range dims {
			t.Run(name+strconv.Itoa(d), func(t *testing.T) {
				m := newModel(t, d, Config{Net: net, Process: sde.VP{}})
				x, v := normals(37, d, 1), normals(37, d, 2)
				for _, at := range []float64{0, 1e-4, 0.3, 1} {
					each := make([]float64, 37)
					for i := range each {
						each[i] = at
					}
					require.Equal(t, ask(m, x, v, each), ask(m, x, v, []float64{at}))
				}
			})
		}
	}
}

func TestRowsDoNotDependOnEachOther(t *testing.T) {
	const n = 600 // more than one worker's share
	for _, d := range []int{2, 9} {
		m := newModel(t, d, Config{})
		x, v, at := normals(n, d, 1), normals(n, d, 2), spread(sde.EDM{}, n)
		whole := ask(m, x, v, at)
		require.Equal(t, whole.score, whole.again)
		for _, cut := range []int{1, 2, 63, 64, 65, 301, 512} {
			sub := func(x *mat.Dense, from, to int) *mat.Dense { return x.Slice(from, to, 0, d).(*mat.Dense) }
			require.Equal(t, whole.rows(0, cut), ask(m, sub(x, 0, cut), sub(v, 0, cut), at[:cut]))
			require.Equal(t, whole.rows(cut, n), ask(m, sub(x, cut, n), sub(v, cut, n), at[cut:]))
		}
	}
}

func TestPartsOfLargerMatricesAreReadAndWrittenInPlace(t *testing.T) {
	m := newModel(t, 2, Config{})
	x, v := normals(10, 2, 1), normals(10, 2, 2)
	want := ask(m, x, v, []float64{0.5})

	inside := func(content *mat.Dense) (large, part *mat.Dense) {
		large = mat.NewDense(12, 5, nil)
		large.Apply(func(i, j int, _ float64) float64 { return float64(100*i + j) }, large)
		part = large.Slice(1, 11, 2, 4).(*mat.Dense)
		if content != nil {
			part.Copy(content)
		}
		return large, part
	}
	untouched := func(large *mat.Dense) {
		for i := range 12 {
			for j := range 5 {
				if i < 1 || i > 10 || j < 2 || j > 3 {
					require.Equal(t, float64(100*i+j), large.At(i, j))
				}
			}
		}
	}
	_, px := inside(x)
	_, pv := inside(v)
	large, dst := inside(nil)
	largeJ, jv := inside(nil)
	m.Unconditional().Score(dst, px, []float64{0.5})
	require.Equal(t, want.score, mat.DenseCopyOf(dst))
	div := make([]float64, 10)
	m.Unconditional().Divergence(dst, div, px, []float64{0.5})
	require.Equal(t, want.div, div)
	m.Unconditional().JVP(dst, jv, px, pv, []float64{0.5})
	require.Equal(t, want.score, mat.DenseCopyOf(dst))
	require.Equal(t, want.jv, mat.DenseCopyOf(jv))
	untouched(large)
	untouched(largeJ)
}

func TestGoroutinesMayShareAModel(t *testing.T) {
	m := newModel(t, 9, Config{})
	x, v := normals(50, 9, 1), normals(50, 9, 2)
	var all sync.WaitGroup
	got := make([]answers, 16)
	for i := range got {
		all.Add(1)
		go func() {
			defer all.Done()
			got[i] = ask(m, x, v, []float64{float64(1 + i%4)})
		}()
	}
	all.Wait()
	for i := range got {
		require.Equal(t, ask(m, x, v, []float64{float64(1 + i%4)}), got[i])
	}
}

func TestDivergenceIsTheTraceOfTheJacobian(t *testing.T) {
	for name, net := range nets {
		for _, d := range dims {
			t.Run(name+strconv.Itoa(d), func(t *testing.T) {
				const n, h = 5, 1e-5
				m := newModel(t, d, Config{Net: net}).Float64()
				x := normals(n, d, 1)
				at := spread(sde.EDM{}, n)
				got := ask(m, x, x, at)
				trace, central := make([]float64, n), make([]float64, n)
				for j := range d {
					unit := mat.NewDense(n, d, nil)
					step := make([]float64, n)
					up, down := mat.DenseCopyOf(x), mat.DenseCopyOf(x)
					for i := range n {
						unit.Set(i, j, 1)
						step[i] = h * at[i] // the score varies over distances of order σ
						up.Set(i, j, x.At(i, j)+step[i])
						down.Set(i, j, x.At(i, j)-step[i])
					}
					a, plus, minus := ask(m, x, unit, at), ask(m, up, unit, at), ask(m, down, unit, at)
					for i := range n {
						trace[i] += a.jv.At(i, j)
						central[i] += (plus.score.At(i, j) - minus.score.At(i, j)) / (up.At(i, j) - down.At(i, j))
					}
				}
				for i := range n {
					unit := float64(d)/(at[i]*at[i]) + math.Abs(trace[i])
					require.InDelta(t, trace[i], got.div[i], 1e-12*unit)
					require.InDelta(t, central[i], got.div[i], 1e-6*unit)
				}
			})
		}
	}
}

func TestFloat64ModelAgreesWithItsOriginal(t *testing.T) {
	for name, net := range nets {
		m := newModel(t, 3, Config{Net: net})
		double := m.Float64()
		x := normals(200, 3, 1)
		at := spread(sde.EDM{}, 200)
		a, b := ask(m, x, x, at), ask(double, x, x, at)
		require.NotEqual(t, a.score, b.score, name)
		for i := range 200 {
			require.InDelta(t, 0, mat.Norm(diff(a.score, b.score, i), 2)*at[i], 2e-5, "%s: score at σ = %v", name, at[i])
			require.InDelta(t, a.div[i]*at[i]*at[i], b.div[i]*at[i]*at[i], 5e-5, "%s: divergence at σ = %v", name, at[i])
		}
		before := ask(double, x, x, at)
		m.setWeights(make([]float32, len(m.theta)))
		require.Equal(t, before, ask(double, x, x, at), "%s: shares weights", name)
	}
}

func diff(a, b *mat.Dense, i int) *mat.VecDense {
	v := mat.VecDenseCopyOf(a.RowView(i))
	v.SubVec(v, b.RowView(i))
	return v
}

// Below σ_c the score of x' = x/α, which is α·s(αx'), is that at σ_c.
func TestScoreIsFrozenAtSmallNoise(t *testing.T) {
	for name, p := range map[string]sde.SDE{"VP": sde.VP{}, "EDM": sde.EDM{}, "EDM from high": sde.EDM{SigmaMin: 0.2}} {
		for _, freeze := range []float64{0, 0.05} {
			m := newModel(t, 2, Config{Process: p, MinNoise: freeze}).Float64()
			level := freeze
			if level == 0 {
				level = 0.005
			}
			x := normals(20, 2, 1)
			primed := func(t float64) *mat.Dense {
				α, _ := p.Kernel(t)
				y, s := mat.NewDense(20, 2, nil), mat.NewDense(20, 2, nil)
				y.Scale(α, x)
				m.Unconditional().Score(s, y, []float64{t})
				s.Scale(α, s)
				return s
			}
			c := sde.TimeAt(p, -math.Log(level))
			require.Equal(t, []float64{c}, m.Problem().Breakpoints)
			frozen := primed(c * (1 + 1e-9))
			size := mat.Norm(frozen, 2)
			for _, at := range []float64{c * (1 - 1e-9), c / 2, c / 100, 0} {
				s := primed(at)
				s.Sub(s, frozen)
				require.Less(t, mat.Norm(s, 2), 1e-6*size, "%s: t = %v", name, at)
			}
			moved := primed(c * 1.2)
			moved.Sub(moved, frozen)
			require.Greater(t, mat.Norm(moved, 2), 1e-2*size)
		}
		open := newModel(t, 2, Config{Process: p, MinNoise: None})
		require.Empty(t, open.Problem().Breakpoints)
		s, x := mat.NewDense(1, 2, nil), normals(1, 2, 1)
		open.Unconditional().Score(s, x, []float64{sde.TimeAt(p, -math.Log(1e-4))})
		require.Greater(t, math.Abs(s.At(0, 0)), 1e3*0.2, "without a freeze the score grows as 1/σ")
	}
}

// The denoiser is put together from the network, evaluated by itself.
//
// Checks score (6) and (7).
func TestScoreIsThatOfTheDenoiser(t *testing.T) {
	for name, p := range processes {
		for _, c := range []Precond{EDM{}, EDM{Variance: 2}, Epsilon{}, X0{}, V{}, halfway{}} {
			m := newModel(t, 2, Config{Process: p, Precond: c, MinNoise: None}).Float64()
			x := normals(20, 2, 1)
			s := mat.NewDense(20, 2, nil)
			at := spread(p, 20)
			m.Unconditional().Score(s, x, at)
			for i, at := range at {
				α, σ := p.Kernel(at)
				k := c.Coeffs(p, at)
				F := network(m, k.Noise, k.In*x.At(i, 0), k.In*x.At(i, 1))
				for j := range 2 {
					D := k.Skip*x.At(i, j) + k.Out*F[j]
					want := (α*D - x.At(i, j)) / σ
					require.InDelta(t, want, σ*s.At(i, j), 1e-9*(1+math.Abs(want))+1e-15/σ, "%s %T at t = %v", name, c, at)
				}
			}
		}
	}
}

func TestFrameIsACopy(t *testing.T) {
	m := newModel(t, 2, Config{})
	frame := m.Frame()
	shift, scale := frame.Shift, frame.Scale
	require.Equal(t, []float64{0, 0}, shift)
	require.Equal(t, []float64{1, 1}, scale)
	shift[0], scale[0] = 5, 5
	require.Zero(t, m.Frame().Shift[0])
}

func TestWrongShapesPanic(t *testing.T) {
	m := newModel(t, 2, Config{})
	e := newModel(t, 2, Config{Net: spherical})
	x, short, wide := normals(4, 2, 1), normals(3, 2, 1), normals(4, 3, 1)
	one, two := []float64{1}, []float64{1, 1}
	for name, call := range map[string]func(){
		"dst rows":      func() { m.Unconditional().Score(short, x, one) },
		"dst columns":   func() { m.Unconditional().Score(wide, x, one) },
		"other columns": func() { m.Unconditional().Score(wide, wide, one) },
		"empty":         func() { m.Unconditional().Score(&mat.Dense{}, &mat.Dense{}, one) },
		"no time":       func() { m.Unconditional().Score(x, x, nil) },
		"two times":     func() { m.Unconditional().Score(x, x, two) },
		"div":           func() { m.Unconditional().Divergence(x, make([]float64, 3), x, one) },
		"jv rows":       func() { m.Unconditional().JVP(x, short, x, x, one) },
		"v rows":        func() { m.Unconditional().JVP(x, short, x, short, one) },
		"v columns":     func() { m.Unconditional().JVP(x, x, x, wide, one) },
		"energy":        func() { e.Unconditional().Energy(make([]float64, 3), x, one) },
		"bound":         func() { _, _ = KLBound(m, wide, func(_, _ float64) Denoiser { return nil }, 0) },
	} {
		func() {
			defer func() { require.Contains(t, recover(), "score: dimension mismatch", name) }()
			call()
		}()
	}
	require.Panics(t, func() { m.Unconditional().Energy(make([]float64, 4), x, one) })
}

func TestEvaluationDoesNotAllocate(t *testing.T) {
	for _, n := range []int{1, 64, 512, 1500} {
		m := newModel(t, 9, Config{})
		x, v, s, jv := normals(n, 9, 1), normals(n, 9, 2), mat.NewDense(n, 9, nil), mat.NewDense(n, 9, nil)
		div, one, each := make([]float64, n), []float64{0.5}, spread(sde.EDM{}, n)
		for _, at := range [][]float64{one, each} {
			require.Zero(t, testing.AllocsPerRun(5, func() { m.Unconditional().Score(s, x, at) }), "Score of %d rows", n)
			require.Zero(t, testing.AllocsPerRun(5, func() { m.Unconditional().Divergence(s, div, x, at) }), "Divergence of %d rows", n)
			require.Zero(t, testing.AllocsPerRun(5, func() { m.Unconditional().JVP(s, jv, x, v, at) }), "JVP of %d rows", n)
		}
	}
}
