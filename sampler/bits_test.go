package sampler_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// sameBits requires two matrices to be equal to the last bit.
func sameBits(t *testing.T, a, b *mat.Dense, msg ...any) {
	t.Helper()
	n, d := a.Dims()
	for i := range n {
		for j := range d {
			require.Equal(t, math.Float64bits(a.At(i, j)), math.Float64bits(b.At(i, j)), msg...)
		}
	}
}

// kinds are predictors and correctors of every sort.
var kinds = []struct {
	pred sampler.Predictor
	corr sampler.Corrector
}{
	{sampler.EulerMaruyama{}, sampler.Langevin{Steps: 2}},
	{sampler.DDIM{Eta: 1}, nil},
	{sampler.Heun{}, nil},
	{sampler.DPMpp2M{}, sampler.Langevin{}},
	{sampler.ReverseDiffusion{}, nil},
	{sampler.Ancestral{Upper: true}, nil},
	{sampler.DPMSolver{}, nil},
	{sampler.DEIS{}, nil},
	{sampler.UniPC{}, sampler.Renoise{}},
	{sampler.EulerMaruyama{}, sampler.Gibbs{Substeps: 2}},
	{sampler.DormandPrince{RTol: 1e-2, ATol: 1e-2}, nil},
}

func TestBitsDoNotDependOnWorkersOrBatches(t *testing.T) {
	rows := 1100 // more than two chunks
	procs := []struct{ procs, workers int }{{1, 0}, {1, 7}, {2, 2}, {3, 0}, {8, 1}, {8, 64}, {8, math.MaxInt}}
	if racing { // which sees two chunks side by side as well
		rows, procs = 600, procs[3:6]
	}
	ctx := context.Background()
	p := threeModes(t, sde.VP{})
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, k := range kinds {
		t.Run(fmt.Sprintf("%T", k.pred), func(t *testing.T) {
			settings := sampler.Settings{Grid: grid.Default(p, 6), Corrector: k.corr, Seed: 5, Workers: 1}
			want := mat.NewDense(rows, 2, nil)
			require.NoError(t, sampler.Sample(ctx, want, p, k.pred, &settings))
			for _, c := range procs {
				runtime.GOMAXPROCS(c.procs)
				s := settings
				s.Workers = c.workers
				x := mat.NewDense(rows, 2, nil)
				require.NoError(t, sampler.Sample(ctx, x, p, k.pred, &s))
				sameBits(t, want, x, "workers %d, GOMAXPROCS %d", c.workers, c.procs)
			}
			for _, batch := range []int{1, 7, 64, 512} {
				n := min(rows, 20*batch)
				s := settings
				for lo := 0; lo < n; lo += batch {
					x := mat.NewDense(min(batch, n-lo), 2, nil)
					s.FirstRow = lo
					require.NoError(t, sampler.Sample(ctx, x, p, k.pred, &s))
					sameBits(t, x, want.Slice(lo, lo+x.RawMatrix().Rows, 0, 2).(*mat.Dense), "batch %d", batch)
				}
			}
			// An observer makes one chunk of all rows.
			s := settings
			s.Observer = new(states)
			x := mat.NewDense(rows, 2, nil)
			require.NoError(t, sampler.Sample(ctx, x, p, k.pred, &s))
			sameBits(t, want, x, "observed")
		})
	}
}

func TestSeedsGiveOtherSamples(t *testing.T) {
	t.Parallel()
	p := standard(sde.VP{}).problem()
	a, b := mat.NewDense(4, 2, nil), mat.NewDense(4, 2, nil)
	require.NoError(t, sampler.Sample(context.Background(), a, p, sampler.DPMpp2M{}, &sampler.Settings{Seed: 1}))
	require.NoError(t, sampler.Sample(context.Background(), b, p, sampler.DPMpp2M{}, &sampler.Settings{Seed: 2}))
	for i := range 4 {
		require.NotEqual(t, a.At(i, 0), b.At(i, 0))
		require.NotEqual(t, a.At(i, 0), a.At((i+1)%4, 0))
	}
}

// The matrix to be filled may be a window on a larger one.
func TestResultsStayInsideTheRowsGiven(t *testing.T) {
	t.Parallel()
	p := standard(sde.VP{}).problem()
	big := mat.NewDense(6, 4, nil)
	require.NoError(t, sampler.Sample(context.Background(), big.Slice(1, 5, 1, 3).(*mat.Dense), p, sampler.Heun{}, nil))
	want := mat.NewDense(4, 2, nil)
	require.NoError(t, sampler.Sample(context.Background(), want, p, sampler.Heun{}, nil))
	for i := range 6 {
		for j := range 4 {
			if i >= 1 && i < 5 && j >= 1 && j < 3 {
				require.Equal(t, want.At(i-1, j-1), big.At(i, j))
			} else {
				require.Zero(t, big.At(i, j))
			}
		}
	}
}

func TestStepsDoNotAllocate(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates")
	}
	g := standard(sde.VP{})
	x := mat.NewDense(70, 2, nil)
	more := append(kinds[:len(kinds):len(kinds)], kinds[0], kinds[0], kinds[0])
	more[len(kinds)].corr = sampler.Langevin{BatchNorms: true}
	more[len(kinds)+1].corr = sampler.MALA{Acceptance: new(sampler.Acceptance)}
	more[len(kinds)+2].pred = sampler.AdaptiveSDE{RTol: 0.1}
	for _, k := range more {
		allocs := func(n int) float64 {
			s := &sampler.Settings{Grid: grid.Default(g, n), Corrector: k.corr, Workers: 1}
			return testing.AllocsPerRun(5, func() {
				require.NoError(t, sampler.Sample(context.Background(), x, g.problem(), k.pred, s))
			})
		}
		require.Equal(t, allocs(8), allocs(40), "%T: more steps, more allocations", k.pred)
	}
}

// counting counts the evaluations of a scorer, one goroutine at a time.
type counting struct {
	sde.Scorer
	calls int
	times map[float64]int
}

func (c *counting) Score(dst, x *mat.Dense, t []float64) {
	c.calls++
	c.times[t[0]]++
	c.Scorer.Score(dst, x, t)
}

func (c *counting) LogProb(dst []float64, x *mat.Dense, t []float64) {
	c.Scorer.(sde.LogProber).LogProb(dst, x, t)
}

func TestEvaluationsAreWhatTheTableSays(t *testing.T) {
	t.Parallel()
	g := standard(sde.EDM{})
	x := mat.NewDense(3, 2, nil)
	for _, c := range []struct {
		pred sampler.Predictor
		s    sampler.Settings
		want int
	}{
		{sampler.DPMpp2M{}, sampler.Settings{}, grid.DefaultPoints},
		{sampler.EulerMaruyama{}, sampler.Settings{Grid: grid.Default(g, 20)}, 20},
		{sampler.DDIM{}, sampler.Settings{Grid: grid.Default(g, 20), Final: sampler.FinalState}, 19},
		{sampler.Heun{}, sampler.Settings{Grid: grid.Default(g, 20)}, 39},
		{sampler.EulerMaruyama{}, sampler.Settings{Grid: grid.Default(g, 20), Corrector: sampler.Langevin{Steps: 3}}, 20 + 3*19},
		// A last point at σ = 0: no evaluation there, no denoise.
		{sampler.DPMpp2M{}, sampler.Settings{Grid: append(grid.Default(g, 20), 0)}, 20},
		{sampler.Heun{}, sampler.Settings{Grid: append(grid.Default(g, 20), 0)}, 39},
		{sampler.NoPredictor{}, sampler.Settings{Grid: append(grid.Default(g, 20), 0), Corrector: sampler.Langevin{}}, 19},
		{sampler.NoPredictor{}, sampler.Settings{Grid: append(grid.Default(g, 20), 0), Corrector: sampler.Langevin{}, CorrectorFirst: true}, 20},
		{sampler.EulerMaruyama{}, sampler.Settings{Grid: grid.Default(g, 20), Final: sampler.FinalMean}, 19},
		{sampler.DPMSolver{Order: 1}, sampler.Settings{Grid: grid.Default(g, 20)}, 20},
		{sampler.DPMSolver{Order: 2}, sampler.Settings{Grid: grid.Default(g, 20)}, 39},
		{sampler.DPMSolver{}, sampler.Settings{Grid: grid.Default(g, 20)}, 58},
		{sampler.DPMSolver{}, sampler.Settings{Grid: append(grid.Default(g, 20), 0)}, 58},
		{sampler.DEIS{}, sampler.Settings{Grid: append(grid.Default(g, 20), 0)}, 20},
		{sampler.UniPC{}, sampler.Settings{Grid: grid.Default(g, 20)}, 20},
		{sampler.NoPredictor{}, sampler.Settings{Grid: grid.Default(g, 20), Corrector: sampler.Renoise{Steps: 2}}, 1 + 2*19},
		{sampler.NoPredictor{}, sampler.Settings{Grid: grid.Default(g, 20), Corrector: sampler.MALA{Steps: 2}}, 1 + 3*19},
		{sampler.NoPredictor{}, sampler.Settings{Grid: grid.Default(g, 20), Corrector: sampler.Gibbs{Steps: 2, Substeps: 3}}, 1 + 6*19},
	} {
		score := &counting{Scorer: g, times: map[float64]int{}}
		c.s.Workers = 1
		spy := predictor(func(s *sampler.Step) error {
			err := c.pred.Predict(s)
			require.Equal(t, score.calls, s.Evaluations())
			return err
		})
		require.NoError(t, sampler.Sample(context.Background(), x, sde.Problem{SDE: g.SDE, Score: score}, spy, &c.s))
		require.Equal(t, c.want, score.calls, "%T %+v", c.pred, c.s)
		require.Zero(t, score.times[0])
	}
}
