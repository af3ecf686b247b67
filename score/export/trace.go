package export

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// trace is what a run on a fixed grid does to its rows, whatever the score is: every row
// at which the score is evaluated, and the result, is a sum
//
//	x_k = Σ_i a_ki q_i
//
// of what there was before: the start, the scores and the normals drawn. The numbers a_ki
// are found by a run in which these are the unit vectors of a space of their own.
type trace struct {
	times []float64   // of the evaluations
	draws int         // normals
	rows  [][]float64 // x_k by q: start, scores, draws
}

// unit returns the sizes of start and of the score at a time: with them the numbers of a
// trace are near 1.
func unit(p sde.SDE, t float64) (start, score float64) {
	alpha, sigma := p.Kernel(t)
	return math.Hypot(alpha, sigma), 1 / sigma
}

// recorder is the score and the noise of a traced run.
type recorder struct {
	process sde.SDE
	answer  func(q int, size float64, dst []float64) // fills what q is
	scores  int                                      // among the q: their number
	times   []float64
	args    [][]float64
	draws   map[noise.Draw]int
	err     error
}

// Score implements sde.Scorer.
func (r *recorder) Score(dst, x *mat.Dense, t []float64) {
	if n, _ := x.Dims(); n != 1 {
		r.err = errors.New("evaluates the score at several rows for one of a run")
	}
	_, size := unit(r.process, t[0])
	r.args = append(r.args, mat.Row(nil, 0, x))
	r.times = append(r.times, t[0])
	r.answer(len(r.times), size, dst.RawRowView(0))
}

// Normal implements noise.Source. What is drawn at one address is one draw.
func (r *recorder) Normal(dst *mat.Dense, at noise.Draw) {
	if n, _ := dst.Dims(); n != 1 {
		r.err = errors.New("draws normals for several rows for one of a run")
	}
	k, ok := r.draws[at]
	if !ok {
		k = len(r.draws)
		r.draws[at] = k
	}
	r.answer(1+r.scores+k, 1, dst.RawRowView(0))
}

// traced runs the sampler on one row of d columns, in which q is what answer says.
func traced(p sde.Problem, pred sampler.Predictor, s sampler.Settings, d, scores int, answer func(q int, size float64, dst []float64)) (*recorder, error) {
	r := &recorder{process: p.SDE, answer: answer, scores: scores, draws: make(map[noise.Draw]int)}
	s.Noise, s.Workers, s.FirstRow, s.TotalRows, s.Observer = r, 1, 0, 0, nil
	x := mat.NewDense(1, d, nil)
	start, _ := unit(p.SDE, s.Grid[0])
	answer(0, start, x.RawRowView(0))
	run := sde.Problem{SDE: p.SDE, Score: r, Conditional: p.Conditional, Breakpoints: p.Breakpoints, UnitRoundoff: p.UnitRoundoff}
	err := sampler.Continue(context.Background(), x, run, pred, &s)
	if rows := (sampler.RowErrors)(nil); errors.As(err, &rows) || errors.Is(err, sampler.ErrUnset) {
		return nil, fmt.Errorf("%T needs more than a score, or fails where scores are random numbers: %w: %w", pred, err, ErrUnsupported)
	}
	if err != nil {
		return nil, err
	}
	if r.err != nil {
		return nil, fmt.Errorf("%T: %w: %w", pred, r.err, ErrUnsupported)
	}
	r.args = append(r.args, mat.Row(nil, 0, x))
	return r, nil
}

// mostEvaluations of a run that is exported.
const mostEvaluations = 4096

// newTrace traces a run. The error says why it is not the same sum for all scores.
func newTrace(p sde.Problem, pred sampler.Predictor, s sampler.Settings) (*trace, error) {
	random := func(seed uint64) func(q int, size float64, dst []float64) {
		return func(q int, size float64, dst []float64) {
			rng := rand.New(rand.NewPCG(seed, uint64(q)))
			for j := range dst {
				dst[j] = size * rng.NormFloat64()
			}
		}
	}
	count, err := traced(p, pred, s, 1, mostEvaluations, random(1))
	if err != nil {
		return nil, err
	}
	scores := len(count.times)
	if scores == 0 || scores > mostEvaluations {
		return nil, fmt.Errorf("evaluates the score %d times, want 1 to %d: %w", scores, mostEvaluations, ErrUnsupported)
	}
	r, err := traced(p, pred, s, 1+scores+len(count.draws), scores, func(q int, size float64, dst []float64) {
		clear(dst)
		if q < len(dst) {
			dst[q] = size
		}
	})
	if err != nil {
		return nil, err
	}
	tr := &trace{times: r.times, draws: len(r.draws), rows: r.args}
	for _, seed := range []uint64{2, 3} {
		const d = 3
		look, err := traced(p, pred, s, d, scores, random(seed))
		if err != nil {
			return nil, err
		}
		if !tr.explains(look, random(seed), d) {
			return nil, fmt.Errorf("%T: what it does to a row depends on the scores other than by sums with fixed weights, as adaptive steps and norms do: %w", pred, ErrUnsupported)
		}
	}
	return tr, nil
}

// explains reports whether another run has the rows that the trace says.
func (tr *trace) explains(look *recorder, answer func(int, float64, []float64), d int) bool {
	if len(look.args) != len(tr.rows) || len(look.draws) != tr.draws {
		return false
	}
	q := make([][]float64, len(tr.rows[0]))
	for i := range q {
		q[i] = make([]float64, d)
		answer(i, 1, q[i]) // the sizes are those of the trace's rows
	}
	for k, row := range tr.rows {
		if k < len(tr.times) && look.times[k] != tr.times[k] {
			return false
		}
		for j := range d {
			sum, size := 0.0, 0.0
			for i, a := range row {
				sum, size = sum+a*q[i][j], size+math.Abs(a*q[i][j])
			}
			if !(math.Abs(sum-look.args[k][j]) <= 1e-9*size) {
				return false
			}
		}
	}
	return true
}
