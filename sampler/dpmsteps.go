package sampler

import (
	"math"

	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

// dpmSteps is an interval being crossed by DPMAdaptive: the time of its rows is
// λ, their state y = x/α, and y_low of the last accepted step is carried along.
type dpmSteps struct {
	rowSteps
	DPMAdaptive
	s        *Step
	pid      pid
	end      float64      // λ there
	inverse  [][3]float64 // by row: the controller's memory
	accepted []int        // by row

	// For the rows on their way.
	down, times              []float64  // where the flow is followed to; of an evaluation
	x, eps, inner, low, high *mat.Dense // eps and inner are ε̂ at the start and later
	z                        *mat.Dense // one row
}

func newDPMSteps(p DPMAdaptive, s *Step) *dpmSteps {
	order := float64(p.Order)
	if p.Eta > 0 {
		order = 1.5
	}
	n, d := s.X.Dims()
	o := &dpmSteps{
		rowSteps: newRowSteps(n, d, 5, p.Order, p.MaxEvaluations), DPMAdaptive: p, s: s,
		pid:     newPID(p.P, p.I, p.D, order, p.Threshold),
		inverse: make([][3]float64, n), accepted: make([]int, n),
		down: make([]float64, n), times: make([]float64, n), z: mat.NewDense(1, d, nil),
	}
	o.x, o.eps, o.inner, o.low, o.high = o.more[0], o.more[1], o.more[2], o.more[3], o.more[4]
	o.fail = func(row int, lambda float64, cause error) { s.Fail(row, timeAt(s.SDE, lambda), cause) }
	for i := range o.h {
		o.h[i] = p.FirstStep
	}
	return o
}

// cross carries the rows from T to U.
func (o *dpmSteps) cross() error {
	s := o.s
	at, _ := s.Kernel(s.T)
	au, _ := s.Kernel(s.U)
	o.end = sde.LogSNR(s, s.U)
	s.X.Scale(1/at, s.X)
	o.depart(s.X, sde.LogSNR(s, s.T), s.bad)
	o.carried.Copy(o.y)
	for o.aim(s.X, o.end) {
		for i := range o.rows {
			o.down[i] = o.target(i)
			if o.Eta > 0 {
				down, _ := split(o.Eta, math.Exp(-o.t[i]), math.Exp(-o.target(i)))
				o.down[i] = min(o.end, -math.Log(down))
			}
		}
		if err := o.solve(); err != nil {
			return err
		}
		o.judge()
	}
	s.X.Scale(au, s.X)
	s.Mean.Copy(s.X)
	return nil
}

// target returns λ after the step that the i-th row tries.
func (o *dpmSteps) target(i int) float64 { return min(o.end, o.t[i]+o.try[i]) }

// solve makes the steps of all rows on their way, sharing their evaluations.
func (o *dpmSteps) solve() error {
	if err := o.noise(o.eps, stage{0, none}); err != nil {
		return err
	}
	stages := dpmStages(o.Order)
	for i, stage := range stages[:o.Order-1] {
		if err := o.noise(o.inner, stage); err != nil {
			return err
		}
		if i == 0 {
			o.reach(o.low, dpmLower(o.Order))
		}
	}
	o.reach(o.high, stages[o.Order-1])
	return nil
}

// reach sets the rows of dst to a stage of their steps.
func (o *dpmSteps) reach(dst *mat.Dense, stage stage) {
	for i := range o.rows {
		h := o.down[i] - o.t[i]
		e, c := math.Expm1(stage.at*h), stage.c(h)
		level := math.Exp(-(o.t[i] + stage.at*h))
		y, out := o.y.RawRowView(i), dst.RawRowView(i)
		eps, inner := o.eps.RawRowView(i), o.inner.RawRowView(i)
		for j := range out {
			out[j] = y[j]
			if e != 0 {
				out[j] -= level * (e - c) * eps[j]
			}
			if c != 0 {
				out[j] -= level * c * inner[j]
			}
		}
	}
}

// noise evaluates ε̂ at a stage into dst.
func (o *dpmSteps) noise(dst *mat.Dense, stage stage) error {
	o.reach(o.x, stage)
	times := o.times[:len(o.rows)]
	for i := range times {
		t := timeAt(o.s.SDE, o.t[i]+stage.at*(o.down[i]-o.t[i]))
		times[i] = max(o.s.U, min(o.s.T, t)) // rounding is not to cross where a score jumps
		alpha, _ := o.s.Kernel(times[i])
		x := o.x.RawRowView(i)
		for j := range x {
			x[j] *= alpha
		}
	}
	o.charge()
	if err := o.s.ScoreSome(dst, o.x, times, o.rows); err != nil {
		return err
	}
	for i, t := range times {
		_, onScore := sde.Between(o.s, t, sde.Score, sde.Noise)
		out := dst.RawRowView(i)
		for j := range out {
			out[j] *= onScore
		}
	}
	return nil
}

// judge takes the steps whose error allows it and sets the length of the next.
func (o *dpmSteps) judge() {
	sum, finite := 0.0, 0
	for i := range o.rows {
		if e := o.square(i); !math.IsNaN(e - e) {
			sum += e
			finite++
		}
	}
	for i, row := range o.rows {
		e := o.square(i)
		if math.IsNaN(e - e) { // the row leaves when next it is to aim
			o.carried.RawRowView(i)[0] = e
			continue
		}
		if o.BatchNorm {
			e = sum / float64(finite)
		}
		factor, accepted := o.pid.judge(&o.inverse[row], math.Sqrt(e))
		h := o.h[row] * factor
		if accepted {
			o.take(i, row)
		}
		o.h[row] = h
	}
}

// square returns e² of the i-th row.
func (o *dpmSteps) square(i int) float64 {
	low, high, last := o.low.RawRowView(i), o.high.RawRowView(i), o.carried.RawRowView(i)
	sum := 0.0
	for j := range low {
		d := (low[j] - high[j]) / max(o.ATol, o.RTol*max(math.Abs(low[j]), math.Abs(last[j])))
		sum += d * d
	}
	return sum / float64(len(low))
}

// take accepts the step of the i-th row and adds its noise.
func (o *dpmSteps) take(i, row int) {
	y := o.high.RawRowView(i)
	if level, down := math.Exp(-o.target(i)), math.Exp(-o.down[i]); down < level {
		std := o.SNoise * math.Sqrt((level-down)*(level+down))
		o.s.pathOf(row, o.z, o.accepted[row], math.Exp(2*o.t[i]), math.Exp(2*o.target(i)))
		for j, z := range o.z.RawRowView(0) {
			y[j] += std * z
		}
	}
	copy(o.carried.RawRowView(i), o.low.RawRowView(i))
	o.accepted[row]++
	o.accept(i, y, 1, o.end)
}
