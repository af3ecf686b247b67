package score

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// rowsAt is the number of rows that a level asks for, as Pool says.
func rowsAt(σ, neighbours float64, own, rows int) int {
	m := min(max(1024, own), rows)
	for float64(m) < neighbours/(σ*σ) && m < rows {
		m = min(2*m, rows)
	}
	return m
}

// among returns the first m clean rows, those of a group when there is one.
func among(b *batcher, m, group int) *mat.Dense {
	var kept []float64
	n := 0
	for j := range m {
		if group < 0 || b.group[j] == group {
			kept, n = append(kept, b.clean.RawRowView(j)...), n+1
		}
	}
	return mat.NewDense(n, b.m.dim, kept)
}

func TestPoolTargetsAreAsDocumented(t *testing.T) {
	long(t)
	for name, s := range map[string]Settings{
		"default":         {Batch: 64, Pool: Pool{Rows: 4096}},
		"odd":             {Batch: 33, Pool: Pool{Rows: 1000}},
		"one row":         {Batch: 1, Pool: Pool{Rows: 500}},
		"small":           {Batch: 64, Pool: Pool{Rows: 3}},
		"no pairs":        {Batch: 600, Independent: true, Pool: Pool{Rows: 2000}},
		"more neighbours": {Batch: 64, Pool: Pool{Rows: 4096, Neighbours: 200}},
		"three workers":   {Batch: 64, Pool: Pool{Rows: 4096}, Workers: 3},
	} {
		for process, p := range processes {
			t.Run(name+" "+process, func(t *testing.T) {
				b := batchOf(t, newModel(t, 2, Config{Process: p}), moons(), s)
				require.NoError(t, b.fill(5))
				refs, _ := b.clean.Dims()
				require.Equal(t, max(b.own, b.s.Pool.Rows), refs)
				near := 20.0
				if b.s.Pool.Neighbours > 0 {
					near = b.s.Pool.Neighbours
				}
				for i := range b.s.Batch {
					k := i % b.own
					α, σ := p.Kernel(b.times[k])
					noisy, square := b.noisy.RawRowView(i), 0.0
					for j := range noisy {
						square = max(square, math.Abs(b.z.At(k, j)))
					}
					if square > 3 {
						continue // rows out of reach may matter
					}
					target := b.clean.RawRowView(k)
					if math.Hypot(noisy[0], noisy[1])/σ < 1<<14 {
						target = bruteForce(noisy, among(b, rowsAt(σ/α, near, b.own, refs), -1), α, σ)
					}
					for j := range noisy {
						require.InDelta(t, target[j], b.x0[2*i+j], 2e-3*min(σ/α, 1)+2e-6, "σ = %v", σ/α)
						require.InDelta(t, noisy[j], float32(α)*b.x0[2*i+j]+float32(σ)*b.zt[2*i+j], 1e-6*(1+σ*8), "Xt = αX0 + σZ")
					}
				}
			})
		}
	}
}

// The target x̄ has the conditional mean of the clean row: E (x̄ − x₀)·h(x_t) = 0, over
// many pools.
func TestPoolTargetIsUnbiased(t *testing.T) {
	long(t)
	for _, c := range []struct {
		s    Settings
		mean float64 // of ln σ
	}{
		{Settings{Batch: 16, Pool: Pool{Rows: 600}, Seed: 5}, -1},
		{Settings{Batch: 16, Pool: Pool{Rows: 300}, Seed: 6}, -3},
	} {
		c.s.Times = LogNormal{Mean: c.mean, Std: 0.7}
		b := batchOf(t, newModel(t, 2, Config{}), moons(), c.s)
		var sums [3][]float64
		for step := range 1500 {
			require.NoError(t, b.fill(step))
			var mean [3]float64
			for i := range b.s.Batch {
				σ, x := b.times[i%b.own], b.xt[2*i:]
				off := (float64(b.x0[2*i]) - b.clean.At(i%b.own, 0) + 2*float64(b.x0[2*i+1]) - 2*b.clean.At(i%b.own, 1)) / σ
				for h, probe := range []float64{1, float64(x[0]), math.Tanh(2 * float64(x[1]))} {
					mean[h] += off * probe
				}
			}
			for h := range sums {
				sums[h] = append(sums[h], mean[h])
			}
		}
		for _, v := range sums {
			require.Less(t, math.Abs(zScore(v)), 4.0)
		}
	}
}

// Of a finite set no row comes twice; a pool of all of them gives the mean over all,
// also where a batch has more rows than there are.
func TestPoolOfAFiniteSetHasNoRowTwice(t *testing.T) {
	for _, n := range []int{1, 5, 300, 2000} {
		x := normals(n, 2, 3)
		data, err := Rows(x, nil)
		require.NoError(t, err)
		for _, rows := range []int{100, 4096} {
			b := batchOf(t, newModel(t, 2, Config{}), data, Settings{Batch: 64, Independent: true, Pool: Pool{Rows: rows}})
			for _, step := range []int{4, 9} {
				require.NoError(t, b.fill(step))
				some := min(n, max(rows, b.own))
				seen := map[[2]float64]int{}
				for i := range b.clean.RawMatrix().Rows {
					r := b.clean.RawRowView(i)
					seen[[2]float64{r[0], r[1]}]++
				}
				require.Len(t, seen, some)
				least := b.clean.RawMatrix().Rows / some
				for _, times := range seen {
					require.GreaterOrEqual(t, times, least, "own rows go round")
				}
				if rows < n {
					continue
				}
				for i := range b.s.Batch {
					σ := b.times[i]
					if rowsAt(σ, 20, b.own, some) < n || σ < 1e-3 || math.Abs(b.z.At(i, 0)) > 3 || math.Abs(b.z.At(i, 1)) > 3 {
						continue
					}
					want := bruteForce(b.noisy.RawRowView(i), x, 1, σ)
					require.InDelta(t, want[0], b.x0[2*i], 2e-3*min(σ, 1))
				}
			}
		}
	}
}

// A step depends on its number only, and the set of rows is as it was.
func TestPoolBatchDependsOnItsStepAndSeedOnly(t *testing.T) {
	x := normals(900, 2, 3)
	data, err := Rows(x, nil)
	require.NoError(t, err)
	for _, d := range []Data{data, moons()} {
		make1 := func(workers int) *batcher {
			return batchOf(t, newModel(t, 2, Config{}), d, Settings{Batch: 40, Pool: Pool{Rows: 600}, Seed: 3, Workers: workers})
		}
		a := make1(1)
		for _, step := range []int{3, 0, 7, 3} {
			require.NoError(t, a.fill(step))
		}
		for _, workers := range []int{2, 3, 7} {
			b := make1(workers)
			require.NoError(t, b.fill(3))
			require.Equal(t, a.xt, b.xt)
			require.Equal(t, a.x0, b.x0)
		}
		require.NoError(t, a.fill(4))
		require.NotEqual(t, a.x0, make1(1).x0)
	}
}

func TestPoolTargetsAreOverRowsWithTheSameLabels(t *testing.T) {
	const n, classes = 3000, 5
	x, c := normals(n, 2, 3), mat.NewDense(n, 1, nil)
	for i := range n {
		c.Set(i, 0, float64(i%classes*(i%2))) // the first is more than half
		x.Set(i, 0, x.At(i, 0)/2+c.At(i, 0))
	}
	data, err := Rows(x, c)
	require.NoError(t, err)
	m := newModel(t, 2, Config{Cond: Conditions{Classes: []int{classes}}})
	b := batchOf(t, m, data, Settings{Batch: 128, Pool: Pool{Rows: 2048}, DropCond: 0.3})
	require.NoError(t, b.fill(2))
	kinds := map[bool]int{}
	for i := range b.s.Batch {
		k := i % b.own
		σ := b.times[k]
		if math.Abs(b.z.At(k, 0)) > 3 || math.Abs(b.z.At(k, 1)) > 3 || σ < 1e-3 {
			continue
		}
		group, near := -1, 20.0
		if !b.dropped[k] {
			group, near = int(b.cond.At(k, 0)), 20.0*classes
		}
		kinds[b.dropped[k]]++
		want := bruteForce(b.noisy.RawRowView(i), among(b, rowsAt(σ, near, b.own, 2048), group), 1, σ)
		for j := range want {
			require.InDelta(t, want[j], b.x0[2*i+j], 2e-3*min(σ, 1))
		}
	}
	require.Len(t, kinds, 2)
	for _, cond := range []Conditions{{Columns: 1}, {Classes: []int{classes}, Columns: 1}} {
		b := batchOf(t, newModel(t, 2, Config{Cond: cond}), standard(2+cond.count()).(*Drawn).WithConditions(cond.count()), Settings{Batch: 16, Pool: Pool{Rows: 2048}})
		require.Nil(t, b.pool, "continuous conditions have the plain target")
		require.Equal(t, b.own, b.clean.RawMatrix().Rows)
	}
}

// Every column has its own level; a row with a missing value counts where that is left
// out.
func TestPoolTargetsOfColumnLevels(t *testing.T) {
	data, err := Incomplete(holed(400), nil)
	require.NoError(t, err)
	m := newModel(t, 3, Config{ColumnLevels: true})
	m.shift, m.scale, m.calibrated = []float64{1e6, 0, 3}, []float64{10, 1e-3, 1}, true
	b := batchOf(t, m, m.withMissing(data), Settings{Batch: 256, Pool: Pool{Rows: 2000}, Patterns: Subsets{}})
	met := 0
	for step := range 4 {
		require.NoError(t, b.fill(step))
		for i := range b.s.Batch {
			q := &b.pool.rows[i]
			if q.from == nil || q.point.Shift > 4 {
				continue
			}
			sum, total := make([]float64, 3), 0.0
			for j := range b.clean.RawMatrix().Rows {
				r, e := b.clean.RawRowView(j), q.point.Shift
				for k, σ := range q.point.Sigma {
					if !math.IsInf(σ, 1) {
						e -= math.Pow((b.noisy.At(i, k)-r[k])/σ, 2) / 2
					}
				}
				if math.IsNaN(e) || e < -40 {
					continue
				}
				total += math.Exp(e)
				for k := range r {
					sum[k] += math.Exp(e) * r[k]
				}
			}
			if len(b.pool.tiers) > 1 && q.from != b.pool.tiers[len(b.pool.tiers)-1].all {
				continue // fewer rows than all
			}
			for k, σ := range q.point.Sigma {
				if !math.IsInf(σ, 1) && b.cols[i*blocks*3+blockWeight*3+k] != 0 {
					met++
					require.InDelta(t, sum[k]/total, b.x0[3*i+k], 2e-3*min(σ, 1)+1e-5)
				}
			}
		}
	}
	require.Greater(t, met, 50)
}

func TestPoolStepsDoNotAllocate(t *testing.T) {
	data, err := Rows(normals(3000, 2, 3), nil)
	require.NoError(t, err)
	for _, d := range []Data{data, moons()} {
		b := batchOf(t, newModel(t, 2, Config{}), d, Settings{Batch: 64, Pool: Pool{Rows: 2000}, Workers: 1})
		step := 0
		next := func() {
			require.NoError(t, b.fill(step))
			step++
		}
		next()
		require.Zero(t, testing.AllocsPerRun(10, next))
	}
}

func TestImpossiblePoolsAreRefused(t *testing.T) {
	for want, s := range map[string]Settings{
		"Settings.Pool.Rows: is -1":                                                  {Pool: Pool{Rows: -1}},
		"Settings.Pool.Rows: is 16777217, want a number up to 16777216":              {Pool: Pool{Rows: 1<<24 + 1}},
		"Settings.Pool.Neighbours: is -1":                                            {Pool: Pool{Rows: 9, Neighbours: -1}},
		"Settings.Pool.Neighbours: is NaN":                                           {Pool: Pool{Rows: 9, Neighbours: math.NaN()}},
		"Settings.Pool.Rows: is 0 with Neighbours 3":                                 {Pool: Pool{Neighbours: 3}},
		"Settings.References: is 64 with a Pool, want 0":                             {References: 64, Pool: Pool{Rows: 9}},
		"Settings.Pool.Rows: is 16777216 for a Batch of 16777216, want at most 1024": {Batch: 1 << 24, Pool: Pool{Rows: 1 << 24}},
		"Settings.Pool.Rows: is 9, want 0, and References None":                      {Objective: ControlVariate{}, Pool: Pool{Rows: 9}},
	} {
		_, err := Fit(t.Context(), newModel(t, 2, Config{}), moons(), &s)
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, want)
	}
}

// Whatever the rows are like: few, equal, far apart, of many units.
func TestFitWithAPoolOnOddRows(t *testing.T) {
	for name, x := range map[string]*mat.Dense{
		"five rows": normals(5, 2, 1),
		"one row":   normals(1, 3, 1),
		"constant":  mat.NewDense(60, 2, nil),
		"units": func() *mat.Dense {
			x := normals(200, 3, 2)
			x.Apply(func(_, j int, v float64) float64 { return 1e6 + math.Pow(1e3, float64(j-1))*v }, x)
			return x
		}(),
		"ties": func() *mat.Dense {
			x := normals(200, 2, 2)
			x.Apply(func(_, _ int, v float64) float64 { return math.Round(v) }, x)
			return x
		}(),
		"many columns": normals(100, 40, 2),
	} {
		t.Run(name, func(t *testing.T) {
			data, err := Rows(x, nil)
			require.NoError(t, err)
			var bits [2][]float32
			for i, workers := range []int{1, 3} {
				m := newModel(t, x.RawMatrix().Cols, Config{})
				s := &Settings{Steps: 6, Batch: 48, Pool: Pool{Rows: 512}, Rate: optim.Constant(1e-3), Workers: workers}
				r, err := Fit(t.Context(), m, data, s)
				require.NoError(t, err)
				require.Equal(t, Settings{Steps: 6, Batch: 48, Pool: Pool{Rows: 512}, Rate: optim.Constant(1e-3), Workers: workers}, *s)
				bits[i] = r.Raw
			}
			require.Equal(t, bits[0], bits[1])
		})
	}
}

// A run with a pool goes on from its checkpoint with the same bits, and a file from
// before there were pools fits a run without one.
func TestRunsWithAPoolResume(t *testing.T) {
	dir := t.TempDir()
	settings := func(steps int) *Settings {
		s := quick(steps)
		s.References, s.Pool = 0, Pool{Rows: 600}
		s.Rate, s.Checkpoints = optim.Constant(1e-3), Checkpoints{Dir: dir, Every: 3}
		return s
	}
	fit(t, newModel(t, 2, Config{}), moons(), settings(3))
	path, err := Latest(dir)
	require.NoError(t, err)
	m := newModel(t, 2, Config{})
	_, err = Resume(t.Context(), m, moons(), settings(6), path)
	require.NoError(t, err)
	dir = t.TempDir()
	whole := newModel(t, 2, Config{})
	fit(t, whole, moons(), settings(6))
	require.Equal(t, whole.theta, m.theta)

	dir = t.TempDir()
	s := quick(6)
	s.Checkpoints = Checkpoints{Dir: dir, Every: 3}
	fit(t, newModel(t, 2, Config{}), moons(), s)
	path = filepath.Join(dir, keptName(3))
	f, err := checkpoint.ReadFile(path)
	require.NoError(t, err)
	delete(f.Metadata, metaSettings+"Pool")
	require.NoError(t, checkpoint.WriteFile(path, f))
	_, err = Resume(t.Context(), newModel(t, 2, Config{}), moons(), s, path)
	require.NoError(t, err)
}
