package inference

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

const (
	// leastScatter is how far log s scatters at least where it is not left at 0. Differences of a few
	// times are small for a network, and not only those of deviations: two modes lie nearer or
	// further apart.
	leastScatter = 0.5
	// mostScattered is with how many columns of x that is looked for.
	mostScattered = 64
	// mostRounds is how often v and δ are measured in turn.
	mostRounds = 20
	// firmest is the share of the simulations whose δ counts as no less than that of the others.
	firmest = 0.02
	// meanLog is E log |N(0, 1)|.
	meanLog = -0.6351814227307391
)

// explainer is what parameters are explained by: z(x), nil for nothing, a ridge regression on it,
// nil where there are too few rows for one, and guesses of log δ.
type explainer struct {
	z      *mat.Dense
	ridge  *ridge
	starts [][]float64
	few    bool // parameters, up to three
}

// choose returns the trend of theta, whose coordinate on axis a is u, and its axis. The trend of a
// parameter between two bounds is that of its p when δ depends on x and less than half of the
// variance, that being the geometric mean over simulations, is then left; where δ is the same
// for all x, less than half of the variance makes the axis straight, and of few parameters no more.
func (e *explainer) choose(a axis, u, theta []float64) (axis, *fitted) {
	t := e.explain(u, false)
	if e.ridge == nil || !finite(a.low) || !finite(a.high) {
		return a, t
	}
	if s := e.explain(u, true); s.slopes != nil && s.size() < t.size()/math.Sqrt2 {
		return a, s
	}
	// Half of the variance that the other axis leaves, or, of few parameters, as much as that and
	// not more than seven tenths of all. Of many, bounds that cut wide posteriors are better far away.
	most := t.level - math.Ln2/2
	if e.few {
		most = min(t.level, -math.Ln2/4)
	}
	straight, of := axis{low: a.low, high: a.high, straight: true}, make([]float64, len(theta))
	straight.measure(theta)
	for i, v := range theta {
		of[i] = straight.toFree(v)
	}
	if s := e.explain(of, false); t.slopes == nil && s.slopes == nil && s.level < most {
		return straight, s
	}
	return a, t
}

// explain returns the trend of the coordinate u, or, inside, that of its p.
func (e *explainer) explain(u []float64, inside bool) *fitted {
	t := &fitted{u: u, of: slices.Clone(u)}
	t.inside = inside
	if inside {
		for i, v := range u {
			t.of[i] = axis{high: 1}.fromFree(v)
		}
	}
	t.center, t.deviation = spread(u)
	t.mid, t.unit = spread(t.of)
	floats.AddConst(-t.mid, t.of)
	floats.Scale(1/t.unit, t.of)
	t.left = t.of
	if e.ridge == nil {
		return t
	}
	if f := e.ridge.fit(t.of, nil); f != nil {
		t.weights, t.left = f.weights, f.rest
	}
	_, deviation := spread(t.left)
	t.level = math.Log(max(deviation, leastRest))
	if n, k := e.z.Dims(); n >= judgedPairs && k <= mostScattered {
		t = e.scattered(t)
	}
	return t
}

// scattered returns the best of the trends with slopes, t itself when there is none.
func (e *explainer) scattered(t *fitted) (best *fitted) {
	best = t
	for _, logs := range append([][]float64{nil}, e.starts...) {
		s := e.alternate(t, logs)
		if s != nil && (best == t || s.size() < best.size()) {
			best = s
		}
	}
	return best
}

// alternate measures log δ, by a regression of log |u − v|, and v, by least squares of weights
// 1/δ², in turn, from a guess of log δ, or, when that is nil, from v as of t. It returns nil
// where x explains too little.
func (e *explainer) alternate(t *fitted, logs []float64) *fitted {
	share := 0.0
	for range mostRounds {
		if logs != nil {
			t = e.weighted(t, logs)
		}
		logs = make([]float64, len(t.left))
		for i, v := range t.left {
			logs[i] = math.Log(max(math.Abs(v), leastRest)) - meanLog
		}
		s := *t
		s.level, _ = spread(logs)
		floats.AddConst(-s.level, logs)
		f := e.ridge.fit(logs, nil)
		if f == nil {
			return nil
		}
		floats.Sub(logs, f.rest)
		floats.AddConst(s.level, logs)
		s.slopes, s.low, s.high = f.weights, quantile(logs, firmest), floats.Max(logs)
		t = &s
		if math.Abs(f.share-share) < 0.01*f.share {
			break
		}
		share = f.share
	}
	left := make([]float64, len(logs))
	for i, l := range logs {
		var gain float64
		gain, logs[i] = measured(max(l, t.low))
		left[i] = t.of[i] - gain*(t.of[i]-t.left[i])
	}
	if _, scatter := spread(logs); scatter < leastScatter {
		return nil
	}
	t.left, t.logs = left, logs
	return t
}

// weighted returns t with the v of least squares of weights 1/δ².
func (e *explainer) weighted(t *fitted, logs []float64) *fitted {
	n, k := e.z.Dims()
	least := quantile(logs, firmest)
	root, sum := make([]float64, n), 0.0 // of the weights
	for i, l := range logs {
		root[i] = math.Exp(least - max(l, least))
		sum += root[i] * root[i]
	}
	floats.Scale(math.Sqrt(float64(n)/sum), root)
	mean, middle := 0.0, make([]float64, k)
	for i, v := range root {
		w := v * v / float64(n)
		mean += w * t.of[i]
		floats.AddScaled(middle, w, e.z.RawRowView(i))
	}
	scaled, target, own := mat.NewDense(n, k, nil), make([]float64, n), make([]float64, n)
	for i, v := range root {
		row := scaled.RawRowView(i)
		floats.SubTo(row, e.z.RawRowView(i), middle)
		floats.Scale(v, row)
		target[i] = v * (t.of[i] - mean)
		own[i] = v * v / float64(n)
	}
	s := *t
	s.weights, s.left = make([]float64, k), target
	if r := newRidge(scaled); r != nil {
		if f := r.fit(target, own); f != nil {
			s.weights, s.left = f.weights, f.rest
		}
	}
	floats.Div(s.left, root)
	s.offset = mean - floats.Dot(s.weights, middle)
	return &s
}

func quantile(v []float64, share float64) float64 {
	return slices.Sorted(slices.Values(v))[int(share*float64(len(v)))]
}
