package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"

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

// normals returns n rows of standard normals.
func normals(n int, seed uint64) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 3))
	z := mat.NewDense(n, columns, nil)
	z.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, z)
	return z
}

// bounds prints the bounds of all patterns, in thousandths of a nat.
func (j *job) bounds(w io.Writer, nets []*network) error {
	clean, z := dataset.Sample(newLaw(rand.NewPCG(j.seed, 11)), j.rows), normals(j.rows, j.seed)
	subsets, withLeftOut := subsets(), withLeftOut()
	var exact, noisy []*question
	for _, p := range append(subsets, withLeftOut...) {
		q, err := pose(newLaw(nil), p, clean, z)
		if err != nil {
			return err
		}
		exact = append(exact, q)
	}
	for _, p := range subsets[1:] {
		q, err := poseNoisy(p, clean, z, normals(j.rows, j.seed+1))
		if err != nil {
			return err
		}
		noisy = append(noisy, q)
	}
	fmt.Fprintf(w, "bounds of the divergence, 10⁻³ nats\n\twhole row\tmean of 15 subsets\tworst\tone column\tcolumns left out\tknown ± %.1f\n", deviation)
	for _, n := range nets {
		given := n.given
		if given == nil {
			given = func(*mat.Dense) *score.View { return n.model.Unconditional() }
		}
		whole := exact[0].bound(n.model, given)
		fmt.Fprintf(w, "%s\t%.2f", n.name, 1e3*whole)
		if n.given != nil {
			var mean, worst, one, ones float64
			for i, q := range exact[:len(subsets)] {
				b := whole
				if i > 0 {
					b = q.bound(n.model, n.given)
				}
				mean += b / float64(len(subsets))
				worst = max(worst, b)
				if len(q.of()) == 1 {
					one, ones = one+b, ones+1
				}
			}
			fmt.Fprintf(w, "\t%.2f\t%.2f\t%.2f", 1e3*mean, 1e3*worst, 1e3*one/ones)
		}
		if n.leave {
			var left, within float64
			for _, q := range exact[len(subsets):] {
				left += q.bound(n.model, n.given) / float64(len(withLeftOut))
			}
			for _, q := range noisy {
				within += q.bound(n.model, func(o *mat.Dense) *score.View {
					return n.model.Observe(score.Observed{Values: o, Deviations: q.deviations()})
				}) / float64(len(noisy))
			}
			fmt.Fprintf(w, "\t%.2f\t%.2f", 1e3*left, 1e3*within)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	return nil
}
