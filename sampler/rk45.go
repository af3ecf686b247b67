package sampler

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// field evaluates dy/dt into dst for some rows y, each at a time of its own.
// rows holds their indices in the matrix that is being integrated.
type field func(dst, y *mat.Dense, t []float64, rows []int) error

// rk45 integrates dy/dt = field(y, t) with the embedded 5(4) pair of Dormand
// and Prince (1980). Every row has a step and an error control of its own, as
// if it were alone; the rows on their way try their steps together, and those
// that have arrived leave them, so that no row pays for another's stiffness.
//
// A step is accepted when the root mean square over the row's coordinates of
// e/(atol + rtol max(|y|, |y'|)) is at most 1, e being the difference of the
// two solutions. The next is 0.85·err^{−0.7/5}·err_prev^{0.4/5} times as long:
// Gustafsson's PI control (1991), which on score fields saves a sixth of the
// evaluations that control by err alone makes, most of its rejections, and with
// them the steps that pass by luck and err by a hundred tolerances.
type rk45 struct {
	rtol, atol float64
	limit      int // evaluations a row may have
	field      field
	fail       func(i int, t float64, cause error)

	h     []float64 // by row: the step to try next, 0 when nothing is known
	off   []float64 // by row: the error of the last accepted step
	evals []int     // by row

	// The rows on their way, in order: indices, times, steps being tried.
	rows     []int
	t, try   []float64
	at       []float64 // times of a stage
	again    []bool    // the last try was rejected
	y, stage *mat.Dense
	k        [7]*mat.Dense
}

// newRK45 returns a solver for n rows of m columns.
func newRK45(n, m int, rtol, atol float64, limit int) *rk45 {
	o := &rk45{
		rtol: rtol, atol: atol, limit: limit,
		h: make([]float64, n), off: make([]float64, n), evals: make([]int, n),
		rows: make([]int, n), t: make([]float64, n), try: make([]float64, n), at: make([]float64, n), again: make([]bool, n),
		y: mat.NewDense(n, m, nil), stage: mat.NewDense(n, m, nil),
	}
	for i := range o.k {
		o.k[i] = mat.NewDense(n, m, nil)
	}
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
// another, later or earlier. A row that cannot go on is handed to fail.
func (o *rk45) cross(y *mat.Dense, from, to float64, skip []bool) error {
	o.rows = o.rows[:len(o.h)]
	o.resize()
	n := 0
	for i := range o.h {
		if !skip[i] {
			o.rows[n], o.t[n], o.again[n] = i, from, false
			copy(o.y.RawRowView(n), y.RawRowView(i))
			n++
		}
	}
	o.rows = o.rows[:n]
	o.resize()
	if n == 0 {
		return nil
	}
	if err := o.evaluate(o.k[0], o.y, o.t); err != nil {
		return err
	}
	if o.h[o.rows[0]] == 0 {
		if err := o.begin(to); err != nil {
			return err
		}
	}
	for o.aim(y, to); len(o.rows) > 0; o.aim(y, to) {
		for s := 1; s < len(o.k); s++ {
			o.advance(s)
			if err := o.evaluate(o.k[s], o.stage, o.at); err != nil {
				return err
			}
		}
		o.judge(to)
	}
	return nil
}

// resize gives the matrices as many rows as are on their way.
func (o *rk45) resize() {
	for _, m := range [...]*mat.Dense{o.y, o.stage, o.k[0], o.k[1], o.k[2], o.k[3], o.k[4], o.k[5], o.k[6]} {
		raw := m.RawMatrix()
		raw.Rows = len(o.rows)
		raw.Data = raw.Data[:raw.Rows*raw.Stride]
		m.SetRawMatrix(raw)
	}
}

// evaluate counts the evaluation for the rows that take part.
func (o *rk45) evaluate(dst, y *mat.Dense, t []float64) error {
	for _, i := range o.rows {
		o.evals[i]++
	}
	return o.field(dst, y, t[:len(o.rows)], o.rows)
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
	if err := o.evaluate(o.k[1], o.stage, o.at); err != nil {
		return err
	}
	for i, row := range o.rows {
		y, slope, change := o.y.RawRowView(i), o.k[0].RawRowView(i), o.k[1].RawRowView(i)
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

// aim sets the step that every row tries next, clipped to the end. Rows that
// have arrived there are written to y; they and those that cannot go on leave.
func (o *rk45) aim(y *mat.Dense, to float64) {
	n := 0
	for i, row := range o.rows {
		t, h, left := o.t[i], o.h[row], math.Abs(to-o.t[i])
		state, slope := o.y.RawRowView(i), o.k[0].RawRowView(i)
		rounding := math.Abs(math.Nextafter(t, to) - t)
		switch {
		case t == to:
			copy(y.RawRowView(row), state)
			continue
		case math.IsNaN(largest(slope)) || math.IsInf(largest(slope), 1):
			o.fail(row, t, fmt.Errorf("the slope is %g: %w", largest(slope), ErrNonFinite))
			continue
		case !(h >= min(10*rounding, left)):
			o.fail(row, t, fmt.Errorf("a step of %.3g asked for, expected at least %.3g: %w", h, 10*rounding, ErrStepUnderflow))
			continue
		case o.evals[row]+6 > o.limit:
			o.fail(row, t, fmt.Errorf("%d evaluations of at most %d made: %w", o.evals[row], o.limit, ErrLimit))
			continue
		}
		o.rows[n], o.t[n], o.again[n] = row, t, o.again[i]
		o.try[n] = math.Copysign(min(h, left), to-t)
		copy(o.y.RawRowView(n), state)
		copy(o.k[0].RawRowView(n), slope)
		n++
	}
	o.rows = o.rows[:n]
	o.resize()
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

// judge accepts or rejects the step of every row and chooses its next.
func (o *rk45) judge(to float64) {
	for i, row := range o.rows {
		y, next := o.y.RawRowView(i), o.stage.RawRowView(i)
		h := math.Abs(o.try[i])
		sum := 0.0
		for c := range y {
			e := 0.0
			for s := range o.k {
				e += dpE[s] * o.k[s].RawRowView(i)[c]
			}
			e *= h / (o.atol + o.rtol*max(math.Abs(y[c]), math.Abs(next[c])))
			sum += e * e
		}
		off := math.Sqrt(sum / float64(len(y)))
		if !(off <= 1) { // NaN too
			factor := max(0.2, 0.85*math.Pow(off, -0.2))
			if math.IsNaN(factor) {
				factor = 0.2
			}
			o.h[row], o.again[i] = h*factor, true
			continue
		}
		most := 5.0
		if o.again[i] {
			most = 1
		}
		wished := h * max(0.2, min(most, 0.85*math.Pow(off, -0.7/5)*math.Pow(o.off[row], 0.4/5)))
		if h < o.h[row] { // clipped to the end, where it says little
			wished = max(wished, o.h[row])
		}
		o.off[row] = max(off, 1e-4)
		if h < math.Abs(to-o.t[i]) {
			o.t[i] += o.try[i]
		} else {
			o.t[i] = to
		}
		o.h[row], o.again[i] = wished, false
		copy(y, next)
		copy(o.k[0].RawRowView(i), o.k[6].RawRowView(i))
	}
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
