package posterior

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sde"
)

// normal returns the normal distribution of a covariance, a mixture of one.
func normal(t testing.TB, mean []float64, cov *mat.SymDense) *dataset.Mixture {
	m, err := dataset.NewMixture([]float64{1}, mat.NewDense(1, len(mean), mean), []*mat.SymDense{cov}, nil)
	require.NoError(t, err)
	return m
}

// identity returns c I.
func identity(d int, c float64) *mat.SymDense {
	s := mat.NewSymDense(d, nil)
	for j := range d {
		s.SetSym(j, j, c)
	}
	return s
}

// covarianceMatrix returns Σ as a matrix.
func covarianceMatrix(t testing.TB, e Noise, m int) *mat.SymDense {
	c, err := e.of(m)
	require.NoError(t, err)
	s := mat.NewSymDense(m, nil)
	c.addTo(s)
	return s
}

// exact returns the score of the posterior of a mixture of the model's coordinates.
func exact(t testing.TB, p sde.SDE, prior *dataset.Mixture, f sde.Frame, o Observation, i int) sde.Scorer {
	a := mat.DenseCopyOf(o.Operator.(Linear).Matrix())
	m, d := a.Dims()
	y := append([]float64(nil), o.Y.RawRowView(i)...)
	for k := range m {
		for j := range d {
			if f.Shift != nil {
				y[k] -= a.At(k, j) * f.Shift[j]
			}
			if f.Scale != nil {
				a.Set(k, j, a.At(k, j)*f.Scale[j])
			}
		}
	}
	posterior, err := prior.Observe(a, y, covarianceMatrix(t, o.Noise, m), nil)
	require.NoError(t, err)
	return sde.Analytic(p, posterior.Diffuse)
}

// timesOf returns n times over the whole span, evenly in log(α/σ).
func timesOf(p sde.SDE, n int) []float64 {
	start, end := p.Span()
	from, to := sde.LogSNR(p, start), sde.LogSNR(p, end)
	t := make([]float64, n)
	for i := range t {
		t[i] = min(max(sde.TimeAt(p, from+(to-from)*float64(i)/float64(n-1)), start), end)
	}
	return t
}

// noised returns rows where the process has them, a time each.
func noised(p sde.SDE, clean *mat.Dense, t []float64) *mat.Dense {
	n, d := clean.Dims()
	x := normals(n, d, 99)
	for i := range n {
		α, σ := p.Kernel(t[i])
		for j := range d {
			x.Set(i, j, α*clean.At(i, j)+σ*x.At(i, j))
		}
	}
	return x
}

// differences returns, for each row, the error of the score of a method relative to
// the exact one.
func differences(got, want *mat.Dense) []float64 {
	n, _ := got.Dims()
	e := make([]float64, n)
	for i := range n {
		num, den := 0.0, 0.0
		for j, v := range want.RawRowView(i) {
			num += (got.At(i, j) - v) * (got.At(i, j) - v)
			den += v * v
		}
		e[i] = math.Sqrt(num / den)
	}
	return e
}

// On normal data each method is exact where it says that it is.
//
// Checks sde/posterior (2), (3) and (5) to (7).
func TestMethodsAreExactOnNormalData(t *testing.T) {
	const d, n = 4, 12
	frame := sde.Frame{Shift: []float64{10, -3, 0, 1e4}, Scale: []float64{10, 1, .1, 1e3}}
	some := Matrix{mat.NewDense(2, d, []float64{1, 1, 0, 0, .1, 0, -2, 1e-3})}
	picked := Mask{d, []int{2, 0}}
	y := mat.NewDense(1, 2, []float64{3, -1})
	type c struct {
		method Method
		prior  *dataset.Mixture
		frame  sde.Frame
		o      Observation
	}
	mean := []float64{.3, -.5, 1, 0}
	wide, any := normal(t, mean, identity(d, 2)), normal(t, mean, covarianceOf(d, 8))
	unit := normal(t, mean, identity(d, 1))
	columns := mat.NewSymDense(d, nil)
	for j, v := range []float64{1e-3, 1, 20, .5} {
		columns.SetSym(j, j, v)
	}
	full := Noise{Cov: covarianceOf(2, 11)}
	for name, c := range map[string]c{
		"PiGDM, unit variances":      {PiGDM{}, unit, sde.Frame{}, Observation{some, y, Noise{Deviation: .1}}},
		"PiGDM, variance of columns": {PiGDM{Variance: []float64{1e-3, 1, 20, .5}}, normal(t, mean, columns), frame, Observation{some, y, full}},
		"TMPD, a mask":               {TMPD{}, wide, frame, Observation{picked, y, Noise{Deviations: []float64{.01, 2}}}},
		"TMPD, correlated noise":     {TMPD{}, wide, frame, Observation{picked, y, full}},
		"MMPS, a mask":               {MMPS{}, any, frame, Observation{picked, y, Noise{Deviations: []float64{.01, 20}}}},
		"MMPS, any matrix":           {MMPS{}, any, frame, Observation{some, y, Noise{Deviation: .3}}},
		"MMPS, correlated noise":     {MMPS{}, any, frame, Observation{some, y, full}},
		"MMPS, a row each":           {MMPS{}, any, frame, Observation{some, normals(n, 2, 4), full}},
		"MMPS, more than columns":    {MMPS{Iterations: 6}, any, frame, Observation{Matrix{normals(6, d, 3)}, normals(1, 6, 4), Noise{Deviation: 10}}},
	} {
		for _, p := range []sde.SDE{sde.VP{}, sde.EDM{}, sde.Cosine{}} {
			t.Run(fmt.Sprintf("%s/%T", name, p), func(t *testing.T) {
				problem := sde.Problem{SDE: p, Score: sde.Analytic(p, c.prior.Diffuse), Frame: c.frame}
				q, err := c.method.Given(problem, c.o)
				require.NoError(t, err)
				require.NoError(t, q.Validate(n, d))
				times := timesOf(p, n)
				x := noised(p, normals(n, d, 5), times)
				got, want := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
				q.Score.Score(got, x, times)
				for i := range n {
					at := min(i, c.o.Y.RawMatrix().Rows-1)
					exact(t, p, c.prior, c.frame, c.o, at).Score(want.Slice(i, i+1, 0, d).(*mat.Dense), x.Slice(i, i+1, 0, d).(*mat.Dense), times[i:i+1])
				}
				for i, e := range differences(got, want) {
					require.Less(t, e, 1e-8, "t = %v: %v, want %v", times[i], got.RawRowView(i), want.RawRowView(i))
				}
			})
		}
	}
}

// threeModes is a mixture of correlated columns.
func threeModes(t testing.TB, src rand.Source) *dataset.Mixture {
	m, err := dataset.NewMixture([]float64{1, 2, 1}, mat.NewDense(3, 3, []float64{-1, 0, 1, 1, .5, -1, 0, -1, 0}),
		[]*mat.SymDense{identity(3, .04), identity(3, .09), covarianceOf(3, 2)}, src)
	require.NoError(t, err)
	return m
}

// Where there is little noise or nearly all, whatever method knows the posterior's score;
// between, MMPS is nearer to it than PiGDM, and DPS not far from that.
func TestMethodsOnAMixtureAreAsGoodAsTheirCovariance(t *testing.T) {
	const d, n = 3, 400
	p, prior := sde.EDM{}, threeModes(t, rand.NewPCG(1, 2))
	problem := sde.Problem{SDE: p, Score: sde.Analytic(p, prior.Diffuse)}
	o := Observation{Matrix{mat.NewDense(1, d, []float64{1, 1, 1})}, mat.NewDense(1, 1, []float64{.2}), Noise{Deviation: .3}}
	s, posterior := exact(t, p, prior, sde.Frame{}, o, 0), func() *dataset.Mixture {
		m, err := prior.Observe(o.Operator.(Linear).Matrix(), []float64{.2}, identity(1, .09), rand.NewPCG(3, 4))
		require.NoError(t, err)
		return m
	}()
	clean := dataset.Sample(posterior, n)
	of := func(m Method, at float64) float64 {
		q, err := m.Given(problem, o)
		require.NoError(t, err)
		times := make([]float64, n)
		for i := range times {
			times[i] = at
		}
		x, got, want := noised(p, clean, times), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
		q.Score.Score(got, x, times[:1])
		s.Score(want, x, times[:1])
		got.Sub(got, want)
		return at * mat.Norm(got, 2) / math.Sqrt(n)
	}
	for _, m := range []Method{MMPS{}, TMPD{}, PiGDM{}, DPS{}} {
		require.Less(t, of(m, .003), .05, "%T", m)
	}
	for _, at := range []float64{.3, 1, 3} {
		require.Less(t, of(MMPS{}, at), of(PiGDM{}, at))
		require.Less(t, of(DPS{}, at), 2*of(PiGDM{}, at))
	}
	require.Less(t, of(MMPS{}, 30), .01)
}

func TestPosteriorScoreDependsOnItsRowOnly(t *testing.T) {
	const d, n = 3, 7
	p, prior := sde.VP{}, threeModes(t, nil)
	problem := sde.Problem{SDE: p, Score: sde.Analytic(p, prior.Diffuse)}
	x, times := normals(n, d, 1), timesOf(p, n)
	for _, m := range []Method{DPS{}, DPS{Step: 1}, PiGDM{}, TMPD{}, MMPS{}, MMPS{Iterations: 1}} {
		for name, o := range map[string]Observation{
			"one": {Matrix{normals(2, d, 2)}, normals(1, 2, 3), Noise{Deviation: .4}}, "each": {squares{d}, normals(n, d-1, 3), Noise{Cov: covarianceOf(d-1, 4)}},
		} {
			q, err := m.Given(problem, o)
			require.NoError(t, err)
			whole, common := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
			q.Score.Score(whole, x, times)
			for i := range n {
				row := mat.NewDense(1, d, nil)
				q.Select([]int{i}).Score(row, x.Slice(i, i+1, 0, d).(*mat.Dense), times[i:i+1])
				require.Equal(t, whole.RawRowView(i), row.RawRowView(0), "%T %s", m, name)
				q.Score.Score(common, x, times[i:i+1])
				require.Equal(t, whole.RawRowView(i), common.RawRowView(i), "%T %s: a common time", m, name)
			}
		}
	}
}

// What a method calls its density has its score as gradient.
//
// Checks sde/posterior (3), (4) and (5).
func TestDensitiesOfPosteriorsHaveTheirScores(t *testing.T) {
	const d, h = 3, 1e-5
	p, prior := sde.VP{}, threeModes(t, nil)
	problem := sde.Problem{SDE: p, Score: sde.Analytic(p, prior.Diffuse)}
	linear := Observation{Matrix{normals(2, d, 2)}, normals(1, 2, 3), Noise{Deviation: .4}}
	curved := Observation{squares{d}, normals(1, d-1, 3), Noise{Deviation: .4}}
	for _, c := range []struct {
		Method
		Observation
	}{{DPS{Step: 2}, linear}, {DPS{Step: 2}, curved}, {PiGDM{}, linear}} {
		q, err := c.Given(problem, c.Observation)
		require.NoError(t, err)
		l, ok := sde.As[sde.LogProber](q.Score)
		require.True(t, ok)
		x, s := normals(1, d, 6), mat.NewDense(1, d, nil)
		q.Score.Score(s, x, []float64{.4})
		for j := range d {
			at := func(v float64) float64 {
				y, logp := mat.DenseCopyOf(x), make([]float64, 1)
				y.Set(0, j, x.At(0, j)+v)
				l.LogProb(logp, y, []float64{.4})
				return logp[0]
			}
			require.InEpsilon(t, (at(h)-at(-h))/(2*h), s.At(0, j), 1e-6, "%T", c.Method)
		}
	}
	for _, c := range []struct {
		Method
		Observation
	}{{DPS{}, linear}, {PiGDM{}, curved}, {TMPD{}, linear}, {MMPS{}, linear}} {
		q, err := c.Given(problem, c.Observation)
		require.NoError(t, err)
		_, ok := sde.As[sde.LogProber](q.Score)
		require.False(t, ok, "%T is no gradient", c.Method)
		_, ok = sde.As[sde.Divergencer](q.Score)
		require.False(t, ok)
	}
}

// plain is a score without anything else.
type plain struct{ of sde.Scorer }

func (p plain) Score(dst, x *mat.Dense, t []float64) { p.of.Score(dst, x, t) }

func TestMethodsRefuseWhatTheyCannotDo(t *testing.T) {
	p, prior := sde.VP{}, threeModes(t, nil)
	good := sde.Problem{SDE: p, Score: sde.Analytic(p, prior.Diffuse)}
	o := Observation{Mask{3, []int{1}}, mat.NewDense(1, 1, []float64{1}), Noise{Deviation: .1}}
	each := o
	each.Y = mat.NewDense(2, 1, nil)
	exactly := o
	exactly.Noise = Noise{}
	left := good
	left.Observed = mat.NewDense(1, 3, []float64{math.NaN(), math.Inf(1), 1})
	for says, c := range map[string]struct {
		m  Method
		p  sde.Problem
		o  Observation
		is error
	}{
		"MMPS: Problem.Score: is a posterior.plain": {MMPS{}, sde.Problem{SDE: p, Score: plain{good.Score}}, o, ErrRange},
		"DPS: Noise: is 0":                          {DPS{}, good, exactly, ErrRange},
		"DPS.Step: is NaN":                          {DPS{Step: math.NaN()}, good, o, ErrRange},
		"PiGDM.Variance: has length 1":              {PiGDM{Variance: []float64{1}}, good, o, ErrShape},
		"PiGDM.Variance[2]: is 0":                   {PiGDM{Variance: []float64{1, 1, 0}}, good, o, ErrRange},
		"MMPS.Iterations: is -1":                    {MMPS{Iterations: -1}, good, o, ErrRange},
		"TMPD: Problem.SDE: is nil":                 {TMPD{}, sde.Problem{Score: good.Score}, o, ErrRange},
		"TMPD: Problem.Score: is nil":               {TMPD{}, sde.Problem{SDE: p}, o, ErrRange},
		"the frame has 2 shifts":                    {TMPD{}, sde.Problem{SDE: p, Score: good.Score, Frame: sde.Frame{Shift: []float64{1, 2}}}, o, ErrShape},
		"Y: has 2 rows, the score conditions f":     {TMPD{}, sde.Problem{SDE: p, Score: good.Score, Rows: 3}, each, ErrShape},
		"which does not know products":              {TMPD{}, sde.Problem{SDE: p, Score: good.Score, Rows: 2}, each, ErrRange},
		"row 0, column 1 is left out":               {TMPD{}, left, o, ErrRange},
	} {
		_, err := c.m.Given(c.p, c.o)
		require.ErrorIs(t, err, c.is, says)
		require.ErrorContains(t, err, says)
	}
	_, err := DPS{Step: 1}.Given(good, exactly)
	require.NoError(t, err)
	q, err := MMPS{}.Given(good, each)
	require.NoError(t, err)
	require.Equal(t, 2, q.Rows)
	require.True(t, q.Conditional)
	require.ErrorContains(t, q.Validate(3, 3), "the run has 3 rows")
	q.Frame = sde.Frame{Scale: []float64{1, 1, 2}}
	require.ErrorContains(t, q.Validate(2, 3), "Problem.Frame")
	require.Panics(t, func() { q.Score.Score(mat.NewDense(3, 3, nil), mat.NewDense(3, 3, nil), []float64{1}) })
}

// What the iterations that MMPS makes by default leave to solve is small beside the
// error that its covariance makes.
func TestDefaultIterationsAreEnough(t *testing.T) {
	const d, m, n = 12, 8, 40
	covs := make([]*mat.SymDense, 3)
	for k := range covs {
		covs[k] = covarianceOf(d, uint64(k))
		covs[k].ScaleSym(1./d, covs[k])
	}
	prior, err := dataset.NewMixture([]float64{1, 1, 1}, normals(3, d, 1), covs, rand.NewPCG(5, 6))
	require.NoError(t, err)
	problem := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, prior.Diffuse)}
	o := Observation{Matrix{normals(m, d, 9)}, mat.NewDense(1, m, nil), Noise{Deviation: .1}}
	o.Operator.Apply(o.Y, dataset.Sample(prior, 1))
	for _, σ := range []float64{.03, .3, 1, 3} {
		x, scores := normals(n, d, 2), map[int]*mat.Dense{}
		x.Scale(σ, x)
		x.Add(x, dataset.Sample(prior, n))
		for _, iterations := range []int{0, 1, m} {
			q, err := MMPS{Iterations: iterations}.Given(problem, o)
			require.NoError(t, err)
			scores[iterations] = mat.NewDense(n, d, nil)
			q.Score.Score(scores[iterations], x, []float64{σ})
		}
		term := mat.NewDense(n, d, nil)
		problem.Score.Score(term, x, []float64{σ})
		term.Sub(scores[m], term)
		scores[0].Sub(scores[0], scores[m])
		scores[1].Sub(scores[1], scores[m])
		require.Less(t, mat.Norm(scores[0], 2), .05*mat.Norm(term, 2))
		require.Less(t, mat.Norm(scores[0], 2), .2*mat.Norm(scores[1], 2))
	}
}

// In units of σ/α a posterior's score is the same for every process.
func TestMethodsDoNotDependOnTheProcess(t *testing.T) {
	const d, n = 3, 20
	prior := threeModes(t, nil)
	o := Observation{Matrix{normals(2, d, 2)}, normals(1, 2, 3), Noise{Deviation: .4}}
	for _, m := range []Method{DPS{}, PiGDM{}, TMPD{}, MMPS{}} {
		for _, level := range []float64{.01, .3, 2, 40} {
			var scores []*mat.Dense
			for _, p := range []sde.SDE{sde.EDM{}, sde.VP{}, sde.Cosine{}} {
				at := []float64{sde.TimeAt(p, -math.Log(level))}
				α, _ := p.Kernel(at[0])
				q, err := m.Given(sde.Problem{SDE: p, Score: sde.Analytic(p, prior.Diffuse)}, o)
				require.NoError(t, err)
				x, s := normals(n, d, 4), mat.NewDense(n, d, nil)
				x.Scale(α*math.Hypot(1, level), x)
				q.Score.Score(s, x, at)
				s.Scale(α, s)
				scores = append(scores, s)
			}
			for _, s := range scores[1:] {
				s.Sub(s, scores[0])
				require.Less(t, mat.Norm(s, 2), 1e-7*mat.Norm(scores[0], 2), "%T at %v", m, level)
			}
		}
	}
}

// watched is a wrapper that counts.
type watched struct {
	sde.Scorer
	n *int
}

func (w watched) Unwrap() sde.Scorer { return w.Scorer }

func TestMethodsSeeThroughWrappersAndRows(t *testing.T) {
	const d, n = 3, 4
	p := sde.VP{}
	a, b := threeModes(t, nil), normal(t, []float64{1, 2, 3}, covarianceOf(3, 5))
	rows := perRow{[]sde.Scorer{sde.Analytic(p, a.Diffuse), sde.Analytic(p, b.Diffuse), sde.Analytic(p, a.Diffuse), sde.Analytic(p, b.Diffuse)}}
	x, at := normals(n, d, 1), []float64{.3}
	for _, y := range []*mat.Dense{normals(1, 2, 3), normals(n, 2, 3)} {
		o := Observation{Matrix{normals(2, d, 2)}, y, Noise{Deviation: .4}}
		q, err := MMPS{}.Given(sde.Problem{SDE: p, Score: watched{rows, new(int)}, Rows: n}, o)
		require.NoError(t, err)
		require.Equal(t, n, q.Rows)
		whole := mat.NewDense(n, d, nil)
		q.Score.Score(whole, x, at)
		for i := range n {
			row, want := mat.NewDense(1, d, nil), mat.NewDense(1, d, nil)
			q.Select([]int{i}).Score(row, x.Slice(i, i+1, 0, d).(*mat.Dense), at)
			require.Equal(t, whole.RawRowView(i), row.RawRowView(0))
			o.Y = mat.DenseCopyOf(y.Slice(min(i, y.RawMatrix().Rows-1), min(i, y.RawMatrix().Rows-1)+1, 0, 2))
			one, err := MMPS{}.Given(sde.Problem{SDE: p, Score: rows.scores[i]}, o)
			require.NoError(t, err)
			one.Score.Score(want, x.Slice(i, i+1, 0, d).(*mat.Dense), at)
			require.Equal(t, want, row)
		}
	}
}

// perRow has a score for each row.
type perRow struct{ scores []sde.Scorer }

func (p perRow) Score(dst, x *mat.Dense, t []float64) { p.VJP(dst, mat.DenseCopyOf(x), x, x, t) }

func (p perRow) VJP(dst, jtu, x, u *mat.Dense, t []float64) {
	for i, s := range p.scores {
		row := func(m *mat.Dense) *mat.Dense { return m.Slice(i, i+1, 0, 3).(*mat.Dense) }
		s.(sde.Pullback).VJP(row(dst), row(jtu), row(x), row(u), t[min(i, len(t)-1):][:1])
	}
}

func (p perRow) Select(rows []int) sde.Scorer {
	var some perRow
	for _, r := range rows {
		some.scores = append(some.scores, p.scores[r])
	}
	return some
}

// What a caller does with his matrices after Given has no effect.
func TestProblemsKeepWhatTheyWereGiven(t *testing.T) {
	t.Parallel()
	law := threeModes(t, nil)
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse)}
	x := mat.NewDense(2, 3, []float64{1, -2, .5, 0, .3, 4})
	score := func(q sde.Problem) *mat.Dense {
		dst := mat.NewDense(2, 3, nil)
		q.Score.Score(dst, x, []float64{0.7})
		return dst
	}
	a, columns, variance := mat.NewDense(1, 3, []float64{1, 2, 3}), []int{1}, []float64{1, 2, 3}
	cells, weights := [][]int{{0, 2}}, [][]float64{{1, .5}}
	for _, op := range []Operator{Matrix{a}, Mask{3, columns}, Sparse{3, cells, weights}} {
		y, τ := mat.NewDense(1, 1, []float64{.4}), []float64{.1}
		for _, m := range []Method{PiGDM{variance}, MMPS{}, TMPD{}, DPS{}} {
			q, err := m.Given(p, Observation{op, y, Noise{Deviations: τ}})
			require.NoError(t, err)
			want := score(q)
			change := func(by float64) {
				a.Set(0, 0, a.At(0, 0)+by)
				y.Set(0, 0, y.At(0, 0)+by)
				columns[0] += int(by)
				variance[0] += by
				cells[0][0] += int(by)
				weights[0][0] += by
				τ[0] += by
			}
			change(1)
			require.Equal(t, want, score(q), "%T %T", op, m)
			change(-1)
		}
	}
}
