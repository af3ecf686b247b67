package inference

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
)

// MAPSettings are the choices of MAP. The zero value, or a nil pointer, is ready to use.
type MAPSettings struct {
	// Draws is the number of draws among which the climbs start, and whose covariance scales
	// their steps: more than there are parameters; 0 is 512.
	Draws int
	// Climbs is the number of climbs, from the likeliest draws; 0 is 16.
	Climbs  int
	Seed    uint64
	Workers int
}

// MAP returns the most probable parameters given the observation of the View,
//
//	θ̂ = argmax log p(θ | x),
//
// and their log-density in nats. Of draws from the posterior those with the largest LogProb
// climb along the gradient of log p(θ | x), which is the score with little noise and that of
// the Jacobian, until it vanishes or no longer leads uphill; the noise is a share of the
// posterior's least deviation that falls to a hundredth, below which errors of a network
// are all that a score shows. The best of all by LogProb is the answer. It is the largest of the maxima as far as the draws know of it.
// A uniform density has no one maximum, and that of θ is not that of other parameters.
//
// Draws that fail are left out as long as there are others. Errors are those of Sample and
// LogProb, and one wrapping ErrRange for an impossible
// setting; a View of several observations, one a row, gives one too.
func (v *View) MAP(ctx context.Context, s *MAPSettings) (theta []float64, logProb float64, err error) {
	var c MAPSettings
	if s != nil {
		c = *s
	}
	const most = 1 << 20
	for _, f := range []struct {
		name  string
		value int
	}{{"Draws", c.Draws}, {"Climbs", c.Climbs}} {
		if f.value < 0 || f.value > most {
			return nil, 0, fmt.Errorf("inference: MAP: MAPSettings.%s: is %d, want from 1 to %d, or 0 for the default: %w", f.name, f.value, most, ErrRange)
		}
	}
	if d := len(v.at.axes); c.Draws > 0 && c.Draws <= d {
		return nil, 0, fmt.Errorf("inference: MAP: MAPSettings.Draws: is %d, want more than the %d parameters, or 0 for 512: %w", c.Draws, d, ErrRange)
	}
	if v.place.rows() > 1 {
		return nil, 0, fmt.Errorf("inference: MAP: the View has %d observations, one a row, want one: %w", v.place.rows(), ErrRange)
	}
	d := len(v.at.axes)
	draws := max(cmp.Or(c.Draws, 512), d+1)
	climbs := min(cmp.Or(c.Climbs, 16), draws)
	all := mat.NewDense(draws, d, nil)
	sampling := SampleSettings{}
	sampling.Seed, sampling.Workers = c.Seed, c.Workers
	var failed sampler.RowErrors // those are NaN, and left out
	if err := v.Sample(ctx, all, &sampling); err != nil {
		if !errors.As(err, &failed) || len(failed) == draws {
			return nil, 0, err
		}
		all = numbersOf(all)
	}
	flow := &sampler.FlowSettings{Workers: c.Workers}
	logs := make([]float64, all.RawMatrix().Rows)
	if _, err := v.LogProb(ctx, logs, all, flow); err != nil && !(errors.As(err, &failed) && len(failed) < len(logs)) {
		return nil, 0, err
	}
	var order []int
	for i, l := range logs {
		if !math.IsNaN(l) {
			order = append(order, i)
		}
	}
	climbs = min(climbs, len(order))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logs[b], logs[a]) })
	tops := mat.NewDense(climbs, d, nil)
	for i := range climbs {
		tops.SetRow(i, all.RawRowView(order[i]))
	}
	best, logProb := slices.Clone(all.RawRowView(order[0])), logs[order[0]]
	logs = logs[:climbs]
	for _, share := range []float64{0.3, 0.1, 0.03, 0.01} {
		before := mat.DenseCopyOf(tops)
		if err := v.climb(ctx, tops, all, share); err != nil {
			return nil, 0, err
		}
		for i := range climbs { // a network may know no top
			if !allFinite(tops.RawRowView(i)) {
				tops.SetRow(i, before.RawRowView(i))
			}
		}
		if _, err := v.LogProb(ctx, logs, tops, flow); err != nil && !errors.As(err, &failed) {
			return nil, 0, err
		}
		for i, l := range logs {
			if l > logProb {
				best, logProb = slices.Clone(tops.RawRowView(i)), l
			}
		}
	}
	return best, logProb, nil
}

// numbersOf returns the rows of x that are not NaN.
func numbersOf(x *mat.Dense) *mat.Dense {
	n, d := x.Dims()
	var whole []float64
	for i := range n {
		if row := x.RawRowView(i); !math.IsNaN(row[0]) {
			whole = append(whole, row...)
		}
	}
	return mat.NewDense(len(whole)/d, d, whole)
}

// climb moves the rows of theta uphill, at a noise level that is a share of the least
// deviation of the draws, in steps scaled by their covariance. A step ends before the slope
// along it has changed its sign.
func (v *View) climb(ctx context.Context, theta, draws *mat.Dense, share float64) error {
	const steps, least = 60, 1e-8
	n, d := theta.Dims()
	y, spreads := mat.NewDense(n, d, nil), mat.DenseCopyOf(draws)
	if err := v.FromParameters(y, theta); err != nil {
		return err
	}
	if err := v.FromParameters(spreads, draws); err != nil {
		return err
	}
	cov := momentsOf(spreads).cov
	var e mat.EigenSym
	if !e.Factorize(cov, false) {
		return fmt.Errorf("inference: MAP: the covariance of the draws has no eigenvalues: %w", ErrNonFinite)
	}
	level := share * math.Sqrt(max(e.Values(nil)[0], 1e-12)) / v.problem.Frame.Scale[0]
	t := sde.TimeAt(v.problem.SDE, -math.Log(level))
	if start, _ := v.problem.Span(); !(t > start) {
		t = start
	}
	here, there, next := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	pace := make([]float64, n)
	for i := range pace {
		pace[i] = 1
	}
	v.gradient(here, y, t)
	along := mat.NewDense(n, d, nil)
	for range steps {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("inference: MAP: %w", err)
		}
		moving := false
		for i := range n {
			to := along.RawRowView(i)
			clear(to)
			addProduct(to, pace[i], cov, here.RawRowView(i))
			for j := range to {
				next.Set(i, j, y.At(i, j)+to[j])
			}
		}
		v.gradient(there, next, t)
		for i := range n {
			before, after := 0.0, 0.0
			for j, a := range along.RawRowView(i) {
				before += a * here.At(i, j)
				after += a * there.At(i, j)
			}
			// before/pace is gᵀ Σ g: the rise in nats that a normal density promises, twice.
			if !(before/pace[i] > least) {
				continue
			}
			moving = true
			if !(after >= -before/2) || math.IsInf(after, 0) { // beyond the top
				pace[i] /= 2
				continue
			}
			y.SetRow(i, next.RawRowView(i))
			here.SetRow(i, there.RawRowView(i))
			pace[i] = min(1, 1.5*pace[i])
		}
		if !moving {
			break
		}
	}
	v.ToParameters(theta, y)
	return nil
}

// gradient writes ∂ log p(θ | x)/∂y at the rows of y into dst, as far as it is the score at
// time t.
func (v *View) gradient(dst, y *mat.Dense, t float64) {
	n, d := y.Dims()
	f := v.problem.Frame
	alpha, _ := v.problem.Kernel(t)
	m, w := mat.NewDense(n, d, nil), mat.DenseCopyOf(y)
	f.ToModel(m, y)
	m.Scale(alpha, m)
	v.problem.Score.Score(dst, m, []float64{t})
	dst.Scale(alpha, dst)
	v.place.toWide(w)
	u := mat.NewDense(n, d, nil)
	u.Mul(w, v.at.root.T())
	for i := range n {
		slopes := u.RawRowView(i)
		for j, a := range v.at.axes {
			_, slopes[j] = a.logSlope(slopes[j] + v.at.center[j])
		}
		row := dst.RawRowView(i)
		for j := range row {
			row[j] /= f.Scale[j]
		}
		v.place.along(slopes, i)
		for j := range row {
			for k, s := range slopes {
				row[j] += v.at.root.At(k, j) * s
			}
		}
	}
}
