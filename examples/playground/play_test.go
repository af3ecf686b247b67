package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/examples/internal/toy"
	"github.com/gradlogp/gradlogp/score"
)

func learned(t *testing.T, of task) *play {
	p, err := newPlay(of)
	require.NoError(t, err)
	require.NoError(t, p.train(func(score.Metrics) error { return nil }))
	return p
}

func TestEveryToyHasTwoClasses(t *testing.T) {
	for _, toy := range toy.All() {
		l, err := open(toy.Name, nil, rand.NewPCG(1, 2))
		require.NoError(t, err)
		share := mat.Sum(some(l, 2000).ColView(2)) / 2000
		require.Greater(t, share, 0.3, toy.Name)
		require.Less(t, share, 0.7, toy.Name)
	}
}

// The arcs of the moons in their own coordinates are those of dataset.Moons.
func TestMoonsAreToldApart(t *testing.T) {
	for _, c := range []struct {
		u, v float64
		want int
	}{{1, 0, 0}, {0, 1, 0}, {-1, 0, 0}, {0.8, 0.6, 0}, {0, 0.5, 1}, {1, -0.5, 1}, {2, 0.5, 1}, {0.2, -0.1, 1}, {0.95, 0.31, 0}, {-1, -0.05, 0}} {
		require.Equal(t, c.want, moon([]float64{1.5 * (c.u - 0.5), 1.5 * (c.v - 0.25)}), "%v", c)
	}
}

// A link shows everybody the same picture: what the page posts depends on the task alone,
// not on when it looked.
func TestTheSameTaskGivesTheSamePicture(t *testing.T) {
	of := task{data: "ring", seed: 3, steps: 20}
	picture := func(p *play) []float64 {
		w, err := p.samples(view{class: 1, guidance: 2}, 20)
		require.NoError(t, err)
		return append(p.energies(view{class: -1}, 0.3, 1, 8), w.at[len(w.at)-1].RawMatrix().Data...)
	}
	p, err := newPlay(of)
	require.NoError(t, err)
	require.NoError(t, p.train(func(m score.Metrics) error {
		require.NoError(t, m.Publish())
		picture(p)
		return nil
	}))
	require.Equal(t, picture(learned(t, of)), picture(p))
	of.seed = 4
	require.NotEqual(t, picture(learned(t, of)), picture(p))
}

// The arrows are the slope of the map, for one class with guidance too.
func TestArrowsPointDownTheEnergy(t *testing.T) {
	p := learned(t, task{data: "moons", seed: 1, steps: 30})
	const n, σ, zoom = 160, 0.8, 1.3
	for _, v := range []view{{class: -1}, {class: 0, guidance: 1}, {class: 1, guidance: 2.5}} {
		e := p.energies(v, σ, zoom, n)
		s, err := p.arrows(v, σ, zoom, n)
		require.NoError(t, err)
		step := 2 * extent * zoom / n
		for i := 5; i < n-5; i += 13 {
			for j := 5; j < n-5; j += 13 {
				slope := (e[i*n+j+1] - e[i*n+j-1]) / (2 * step)
				require.InDelta(t, -σ*slope, s.At(i*n+j, 0), 0.02*(1+math.Abs(σ*slope)))
				slope = (e[(i-1)*n+j] - e[(i+1)*n+j]) / (2 * step)
				require.InDelta(t, -σ*slope, s.At(i*n+j, 1), 0.02*(1+math.Abs(σ*slope)))
			}
		}
	}
}

func TestPathsEndInTheData(t *testing.T) {
	p := learned(t, task{data: drawn, points: [][]float64{{1, 1, 0}, {-1, -1, 1}}, steps: 400})
	w, err := p.samples(view{class: -1}, 200)
	require.NoError(t, err)
	require.Len(t, w.at, pathPoints+1)
	require.Len(t, w.σ, pathPoints+1)
	for k := 1; k < len(w.σ); k++ {
		require.Less(t, w.σ[k], w.σ[k-1])
	}
	for class, at := range []float64{1, -1} {
		w, err := p.samples(view{class: class, guidance: 1}, 100)
		require.NoError(t, err)
		end := w.at[len(w.at)-1]
		require.InDelta(t, at, mat.Sum(end)/200, 0.5)
	}
	one, err := p.trace(view{class: -1}, 3, 3, 1.5)
	require.NoError(t, err)
	require.InDelta(t, 1.5, one.σ[0], 1e-6)
	require.InDelta(t, 3, one.at[0].At(0, 0), 1e-6)
	end := one.at[len(one.at)-1].RawRowView(0)
	require.Less(t, floats.Distance(end, []float64{1, 1}, 2), 0.8)
}

func TestSolversRaceAtEqualEvaluations(t *testing.T) {
	p := learned(t, task{data: "moons", steps: 100})
	for _, budget := range []int{4, 9, 40} {
		for _, s := range solvers {
			r, err := p.race(s, budget)
			require.NoError(t, err, s.name)
			spent := r.evaluations[len(r.evaluations)-1]
			require.LessOrEqual(t, spent, budget, s.name)
			require.Greater(t, spent, budget-s.cost, s.name)
			require.Len(t, r.evaluations, len(r.at))
			require.Greater(t, r.distance, 0.0)
		}
	}
	_, err := p.race(solvers[2], 2)
	require.ErrorContains(t, err, "Heun wants at least 3")
}

// Whoever draws one point, or all at one place, sees it learned.
func TestOddDrawingsAreLearned(t *testing.T) {
	for _, points := range [][][]float64{{{2.8, -2.8, 1}}, {{0, 0, 0}, {0, 0, 0}}, {{-2.8, 0, 0}, {2.8, 0, 1}}} {
		p := learned(t, task{data: drawn, points: points, steps: 20})
		w, err := p.samples(view{class: -1}, 10)
		require.NoError(t, err)
		for _, x := range w.at {
			require.False(t, floats.HasNaN(x.RawMatrix().Data))
		}
	}
}

func TestImpossibleTasksAreRefused(t *testing.T) {
	for _, c := range []struct {
		task
		want string
	}{
		{task{data: "moon", steps: 1}, `unknown dataset "moon"`},
		{task{data: drawn, steps: 1}, "draw some"},
		{task{data: drawn, steps: 1, points: [][]float64{{0, 0, 2}}}, "point 0"},
		{task{data: drawn, steps: 1, points: [][]float64{{0, 0, 1}, {math.NaN(), 0, 1}}}, "point 1"},
		{task{data: "moons"}, "0 steps"},
	} {
		_, err := newPlay(c.task)
		require.ErrorContains(t, err, c.want)
	}
}

func TestTheDownloadOpens(t *testing.T) {
	p := learned(t, task{data: "spirals", steps: 5})
	b, err := p.file()
	require.NoError(t, err)
	m, err := newPlay(p.task)
	require.NoError(t, err)
	require.NoError(t, m.model.Load(bytes.NewReader(b)))
	require.Equal(t, p.energies(view{class: -1}, 1, 1, 5), m.energies(view{class: -1}, 1, 1, 5))
}

func TestTheSamplerIsExported(t *testing.T) {
	p := learned(t, task{data: "moons", steps: 5})
	for _, v := range []view{{class: -1}, {class: 1, guidance: 1}, {class: 0, guidance: 2.5}} {
		b, err := p.graph(v)
		require.NoError(t, err)
		require.Greater(t, len(b), 1000)
	}
}
