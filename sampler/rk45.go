package sampler

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// field evaluates dy/dt into dst for some rows y, each at a time of its own.
// rows holds their indices in the matrix that is being integrated. Slopes of
// columns on which the field does not depend, integrals, may be left 0 where
// they are not wanted.
type field func(dst, y *mat.Dense, t []float64, rows []int, integrals bool) error

// rk45 integrates dy/dt = field(y, t) with the embedded 5(4) pair of Dormand
// and Prince (1980), with an error control for each row.
//
// A step is accepted when the root mean square over the row's coordinates of
// e/(atol + rtol max(|y|, |y'|)) is at most 1, e being the difference of the
// two solutions. The next is 0.85·err^{−(1−¾β)/5}·err_prev^{β/5} times as long:
// Gustafsson's PI control (1991). The rougher a field, the more it is worth to
// remember: with β = 0.4 score fields in a process's own time take a sixth of
// the evaluations less at 1e-5 than by err alone, which makes many rejections,
// and among them few steps that pass by luck and err by a hundred tolerances.
type rk45 struct {
	rowSteps
	rtol, atol float64
	beta       float64
	field      field
	// also, when set, judges a step's errors in tolerances of its own; taken is
	// told those of the accepted steps.
	also  func(i int, e []float64) float64
	taken func(i int, e []float64)
	e     []float64
	off   []float64 // by row: the error of the last accepted step, in tolerances
	at    []float64 // times of a stage
	stage *mat.Dense
	k     [7]*mat.Dense // k[0], the slope at the state, is carried
}

// newRK45 returns a solver for n rows of m columns.
func newRK45(n, m int, rtol, atol float64, limit int) *rk45 {
	o := &rk45{
		rowSteps: newRowSteps(n, m, 7, 6, limit), rtol: rtol, atol: atol, beta: 0.4,
		e: make([]float64, m), off: make([]float64, n), at: make([]float64, n),
	}
	o.stage, o.k[0] = o.more[0], o.carried
	copy(o.k[1:], o.more[1:])
	return o
}

// The tableau: stage s is taken at t + c_s h with the weights a_s. The last
// stage is the new state; its slope is the first of the next step.
var (
	dpC = [7]float64{0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1}
	dpA = [7][6]float64{
		{},
		{1. / 5},
		{3. / 40, 9. / 40},
		{44. / 45, -56. / 15, 32. / 9},
		{19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
		{9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
		{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84},
	}
	// dpE is the difference to the weights of the embedded fourth order.
	dpE = [7]float64{71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40}
)

// cross carries the rows of y, but for those to skip, from one time to
// another. A row that cannot go on is handed to fail.
func (o *rk45) cross(y *mat.Dense, from, to float64, skip []bool) error {
	o.depart(y, from, skip)
	if len(o.rows) == 0 {
		return nil
	}
	if err := o.evaluate(0, o.y, o.t); err != nil {
		return err
	}
	if o.h[o.rows[0]] == 0 {
		if err := o.begin(to); err != nil {
			return err
		}
	}
	for o.aim(y, to) {
		for s := 1; s < len(o.k); s++ {
			o.advance(s)
			if err := o.evaluate(s, o.stage, o.at); err != nil {
				return err
			}
		}
		for i := range o.rows {
			o.judge(i, to)
		}
	}
	return nil
}

// evaluate evaluates the slopes of stage s. Those of the second have no weight in
// the result, nor in the error; they only lead to further stages.
func (o *rk45) evaluate(s int, y *mat.Dense, t []float64) error {
	o.charge()
	return o.field(o.k[s], y, t[:len(o.rows)], o.rows, s != 1)
}

// begin chooses the first step of every row (Hairer, Nørsett and Wanner 1993,
// II.4), for one evaluation.
func (o *rk45) begin(to float64) error {
	for i, row := range o.rows {
		y, slope, next := o.y.RawRowView(i), o.k[0].RawRowView(i), o.stage.RawRowView(i)
		h := 1e-6
		if size, rate := o.norm(y, y), o.norm(y, slope); size >= 1e-5 && rate >= 1e-5 {
			h = 0.01 * size / rate
		}
		o.h[row] = min(h, math.Abs(to-o.t[i]))
		o.try[i] = math.Copysign(o.h[row], to-o.t[i])
		o.at[i] = o.t[i] + o.try[i]
		for c := range next {
			next[c] = y[c] + o.try[i]*slope[c]
		}
	}
	if err := o.evaluate(2, o.stage, o.at); err != nil {
		return err
	}
	for i, row := range o.rows {
		y, slope, change := o.y.RawRowView(i), o.k[0].RawRowView(i), o.k[2].RawRowView(i)
		for c := range change {
			change[c] -= slope[c]
		}
		h := max(1e-6, 1e-3*o.h[row])
		if most := max(o.norm(y, slope), o.norm(y, change)/o.h[row]); most > 1e-15 {
			h = math.Pow(0.01/most, 0.2)
		}
		o.h[row], o.off[row] = min(100*o.h[row], h), 1
	}
	return nil
}

// advance sets the stage s of every row and its time.
func (o *rk45) advance(s int) {
	for i := range o.rows {
		h := o.try[i]
		o.at[i] = o.t[i] + dpC[s]*h
		stage := o.stage.RawRowView(i)
		copy(stage, o.y.RawRowView(i))
		for j, a := range dpA[s][:s] {
			for c, k := range o.k[j].RawRowView(i) {
				stage[c] += h * a * k
			}
		}
	}
}

// judge accepts or rejects the step of row i and chooses its next.
func (o *rk45) judge(i int, to float64) {
	y, next := o.y.RawRowView(i), o.stage.RawRowView(i)
	clear(o.e)
	for s, w := range dpE {
		for c, k := range o.k[s].RawRowView(i) {
			o.e[c] += w * k
		}
	}
	sum := 0.0
	for c, e := range o.e {
		r := e * (o.try[i] / (o.atol + o.rtol*max(math.Abs(y[c]), math.Abs(next[c]))))
		sum += r * r
	}
	off := math.Sqrt(sum / float64(len(y)))
	if o.also != nil {
		for c := range o.e {
			o.e[c] *= o.try[i]
		}
		off = max(off, o.also(i, o.e))
	}
	if !(off <= 1) { // NaN too
		o.reject(i, 0.85*math.Pow(off, -0.2))
		return
	}
	if o.taken != nil {
		o.taken(i, o.e)
	}
	last := &o.off[o.rows[i]]
	factor := 0.85 * math.Pow(off, (0.75*o.beta-1)/5) * math.Pow(*last, o.beta/5)
	*last = max(off, 1e-4)
	o.accept(i, next, max(0.2, min(5, factor)), to)
	copy(o.k[0].RawRowView(i), o.k[6].RawRowView(i))
}

// norm is the root mean square of v in units of the tolerance at y.
func (o *rk45) norm(y, v []float64) float64 {
	sum := 0.0
	for c := range v {
		r := v[c] / (o.atol + o.rtol*math.Abs(y[c]))
		sum += r * r
	}
	return math.Sqrt(sum / float64(len(v)))
}
