package sampler

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/gradlogp/gradlogp/sde"
)

func TestPartsAreEqualAndKeepAllWorkersBusy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := rapid.IntRange(1, 5000).Draw(t, "rows"), rapid.IntRange(1, 2000).Draw(t, "columns")
		workers := rapid.OneOf(rapid.IntRange(1, 40), rapid.Just(math.MaxInt)).Draw(t, "workers")
		least := rapid.SampledFrom([]int{leastChunk, leastEvaluation}).Draw(t, "least")
		c := cutOf(rows, cols, workers, least)
		at, size := 0, rows/c.parts
		for i := range c.parts {
			lo, hi := c.part(i)
			require.Equal(t, at, lo)
			require.Contains(t, []int{size, size + 1}, hi-lo)
			require.LessOrEqual(t, hi-lo, chunkRows)
			at = hi
		}
		require.Equal(t, rows, at)
		if busy := min(workers, rows, rows*cols/least); busy > 1 {
			require.Zero(t, c.parts%busy)
		} else {
			require.Equal(t, (rows+chunkRows-1)/chunkRows, c.parts)
		}
	})
}

// meeting is the score of a standard normal, of which so many evaluations wait for
// each other.
type meeting struct {
	expected int32
	inside   atomic.Int32
	most     atomic.Int32
	met      chan struct{}
	once     sync.Once
}

func (m *meeting) Score(dst, x *mat.Dense, _ []float64) {
	inside := m.inside.Add(1)
	defer m.inside.Add(-1)
	for was := m.most.Load(); inside > was && !m.most.CompareAndSwap(was, inside); was = m.most.Load() {
	}
	if inside == m.expected {
		m.once.Do(func() { close(m.met) })
	}
	select {
	case <-m.met:
	case <-time.After(5 * time.Second):
	}
	dst.Scale(-1, x)
}

// nothing watches a run.
type nothing struct{}

func (nothing) Observe(int, float64, mat.Matrix) error { return nil }

// Chunks were multiples of 64 rows, whatever the rows were: 64 pictures had one worker,
// and all pictures when somebody looked on.
func TestAFewPicturesKeepAllWorkersBusy(t *testing.T) {
	t.Parallel()
	for _, observer := range []Observer{nil, nothing{}} {
		for _, workers := range []int{1, 2, 3} {
			m := &meeting{expected: int32(workers), met: make(chan struct{})}
			p := sde.Problem{SDE: sde.VP{}, Score: m}
			require.NoError(t, Sample(t.Context(), mat.NewDense(7, 28*28, nil), p, DPMpp2M{}, &Settings{Grid: []float64{1, .5, 0}, Workers: workers, Observer: observer}))
			require.EqualValues(t, workers, m.most.Load(), "observer %T", observer)
		}
	}
}

// placedAt is the score of rows that have a mean each.
type placedAt struct {
	means   []float64
	selects *atomic.Int32
}

func (p placedAt) Score(dst, x *mat.Dense, t []float64) {
	if n, _ := x.Dims(); n != len(p.means) {
		panic("another number of rows")
	}
	for i, m := range p.means {
		alpha, sigma := sde.VP{}.Kernel(t[i%len(t)])
		for j, v := range x.RawRowView(i) {
			dst.Set(i, j, (alpha*m-v)/(.01*alpha*alpha+sigma*sigma))
		}
	}
}

func (p placedAt) Select(rows []int) sde.Scorer {
	p.selects.Add(1)
	s := placedAt{selects: p.selects}
	for _, r := range rows {
		s.means = append(s.means, p.means[r])
	}
	return s
}

// unselected hides that a score can be had for some rows.
type unselected struct{ sde.Scorer }

func TestBitsOfPicturesDoNotDependOnWorkersOrOnlookers(t *testing.T) {
	t.Parallel()
	const n, d = 37, 64
	own := placedAt{means: make([]float64, n), selects: new(atomic.Int32)}
	for i := range own.means {
		own.means[i] = float64(i)
	}
	conditional := sde.Problem{SDE: sde.VP{}, Score: own, Rows: n}
	hidden := conditional
	hidden.Score = unselected{own}
	alike := sde.Problem{SDE: sde.VP{}, Score: placedAtAny{3}}
	for _, pred := range []Predictor{Heun{}, EulerMaruyama{}, DormandPrince{RTol: 1e-3, ATol: 1e-3}, DPMAdaptive{BatchNorm: true}} {
		for i, p := range []sde.Problem{alike, conditional, hidden} {
			var want *mat.Dense
			for _, workers := range []int{1, 2, 3, 7} {
				for _, observer := range []Observer{nil, nothing{}} {
					x := mat.NewDense(n, d, nil)
					require.NoError(t, Sample(t.Context(), x, p, pred, &Settings{Seed: 2, Grid: []float64{1, .6, .3, .1}, Workers: workers, Observer: observer}))
					if want == nil {
						want = x
					}
					require.True(t, mat.Equal(want, x), "%T, problem %d, %d workers, observer %T", pred, i, workers, observer)
				}
			}
		}
	}
}

// placedAtAny is placedAt for any number of rows of one mean.
type placedAtAny struct{ mean float64 }

func (p placedAtAny) Score(dst, x *mat.Dense, t []float64) {
	n, _ := x.Dims()
	means := make([]float64, n)
	for i := range means {
		means[i] = p.mean
	}
	placedAt{means: means}.Score(dst, x, t)
}

// What a condition for every row is selected for is kept from evaluation to
// evaluation.
func TestSharedEvaluationsSelectOnce(t *testing.T) {
	t.Parallel()
	own := placedAt{means: make([]float64, 16), selects: new(atomic.Int32)}
	p := sde.Problem{SDE: sde.VP{}, Score: own, Rows: 16}
	require.NoError(t, Sample(t.Context(), mat.NewDense(16, 128, nil), p, Heun{}, &Settings{Workers: 2, Observer: nothing{}}))
	require.EqualValues(t, 1+2, own.selects.Load(), "all rows, and two halves")
}

func TestPanicsOfSharedEvaluationsReachTheCaller(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 2, 3} {
		bad := placedAt{means: make([]float64, 15)}
		p := sde.Problem{SDE: sde.VP{}, Score: bad}
		require.PanicsWithValue(t, "another number of rows", func() {
			_ = Sample(t.Context(), mat.NewDense(16, 128, nil), p, Heun{}, &Settings{Workers: workers, Observer: nothing{}})
		})
	}
}
