package main

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
)

// The noise levels of the bound, evenly spaced in their logarithm.
const (
	low, high = 0.003, 20
	levels    = 30
)

// question is what models are asked of a pattern, with the exact answers: noisy
// rows, what is known of them, and the denoised columns.
type question struct {
	pattern
	observed *mat.Dense
	noisy    [levels]*mat.Dense
	answer   [levels]*mat.Dense
}

func levelAt(k int) float64 { return low * math.Pow(high/low, float64(k)/(levels-1)) }

// pose poses the question of a pattern for clean rows of the law, with noise z.
func pose(law *dataset.Mixture, p pattern, clean, z *mat.Dense) (*question, error) {
	q := &question{pattern: p, observed: p.observed(clean)}
	return q, q.answers(clean, z, func(i int) (*dataset.Mixture, error) { return given(law, q.observed.RawRowView(i), nil) })
}

// poseNoisy is pose for known columns whose values have noise, that of the rows of off.
func poseNoisy(p pattern, clean, z, off *mat.Dense) (*question, error) {
	law, err := p.both(newComponents(), nil)
	if err != nil {
		return nil, err
	}
	q := &question{pattern: subsets()[0], observed: p.observed(clean)}
	observation := make([]float64, 0, law.Dim())
	return q, q.answers(clean, z, func(i int) (*dataset.Mixture, error) {
		observation = observation[:0]
		for range columns {
			observation = append(observation, math.NaN())
		}
		row := q.observed.RawRowView(i)
		for j, v := range row {
			if !math.IsNaN(v) {
				row[j] = v + deviation*off.At(i, j)
				observation = append(observation, row[j])
			}
		}
		return given(law, observation, nil)
	})
}

// deviations are those of the values that are observed with noise.
func (q *question) deviations() *mat.Dense {
	n, d := q.observed.Dims()
	x := mat.NewDense(n, d, nil)
	x.Apply(func(_, _ int, _ float64) float64 { return deviation }, x)
	return x
}

// answers finds the denoised columns of all rows and levels, law being the law of the
// drawn columns of a row.
func (q *question) answers(clean, z *mat.Dense, law func(i int) (*dataset.Mixture, error)) error {
	n, d := clean.Dims()
	for k := range levels {
		q.noisy[k], q.answer[k] = mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	}
	meant := q.of()
	sub, mean := make([]float64, len(meant)), make([]float64, len(meant))
	for i := range n {
		g, err := law(i)
		if err != nil {
			return err
		}
		for k := range levels {
			σ := levelAt(k)
			for j := range d {
				q.noisy[k].Set(i, j, clean.At(i, j)+σ*z.At((i+7*k)%n, j))
			}
			for a, j := range meant {
				sub[a] = q.noisy[k].At(i, j)
			}
			g.Noised(1, σ).Denoise(mean, sub)
			for a, j := range meant {
				q.answer[k].Set(i, j, mean[a])
			}
		}
	}
	return nil
}

// view is the score of a model given what is known, one row a row.
type view func(observed *mat.Dense) *score.View

// bound returns ∫E‖D − D*‖²/σ² d ln σ over the drawn columns, in nats: it bounds the
// Kullback–Leibler divergence of the reverse-time SDE from the exact conditional law.
func (q *question) bound(m *score.Model, of view) float64 {
	n, d := q.observed.Dims()
	f, p := m.Frame(), m.Process()
	y, s := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	v := of(q.observed)
	step, total := math.Log(high/low)/(levels-1), 0.0
	for k := range levels {
		σ := levelAt(k)
		f.ToModel(y, q.noisy[k])
		t := sde.TimeAt(p, -math.Log(σ/f.Scale[0])) // α = 1
		v.Score(s, y, []float64{t})
		sum := 0.0
		for i := range n {
			for _, j := range q.of() {
				D := q.noisy[k].At(i, j) + σ*σ/f.Scale[0]*s.At(i, j)
				off := D - q.answer[k].At(i, j)
				sum += off * off
			}
		}
		weight := step
		if k == 0 || k == levels-1 {
			weight /= 2
		}
		total += weight * sum / float64(n) / (σ * σ)
	}
	return total
}
