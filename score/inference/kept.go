package inference

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/score"
)

// metadata and jointMetadata are the keys of a model's Metadata under which a Posterior and a
// Joint keep what they know beside the network.
const (
	metadata      = "inference"
	jointMetadata = "inference.joint"
)

// kept is what stands there, in JSON: floating-point numbers come back with the same bits.
type kept struct {
	Version int
	Pairs   int // that were learned from
	keptAxes
	Center         []float64
	Root, Back     []float64 // row by row
	Trends         []keptTrend
	Sets           [][]int   `json:",omitempty"` // see sets
	Least          []float64 `json:",omitempty"`
	XLow, XHigh    []float64
	XShift, XScale []float64
	XTails         []*keptTails // null for a column that has none
	Mean           []float64    // of the parameters in w
	Covariance     []float64
}

// keptEnds are the ends of a parameter with bounds.
type keptEnds struct {
	Low, High, Under, Over float64
	From, To               *float64 `json:",omitempty"` // null where they are the bounds
}

// keptAxes are the axes of parameters.
type keptAxes struct {
	Low, High []*float64  // null where there is no bound
	Ends      []*keptEnds // null where nothing was measured
	Straight  []bool
	Tails     []*keptTails // null where there are none
}

func keptAxesOf(axes []axis) (k keptAxes) {
	for _, a := range axes {
		k.Low, k.High, k.Straight = append(k.Low, bound(a.low)), append(k.High, bound(a.high)), append(k.Straight, a.straight)
		var e *keptEnds
		if a.ends != nil {
			e = &keptEnds{Low: a.ends.low, High: a.ends.high, Under: a.ends.under, Over: a.ends.over}
			if from := a.ends.from; from != a.low {
				e.From = &from
			}
			if to := a.ends.to; to != a.high {
				e.To = &to
			}
		}
		k.Ends, k.Tails = append(k.Ends, e), append(k.Tails, keptTailsOf([]*tails{a.tails})...)
	}
	return k
}

// axes returns those of d parameters.
func (k *keptAxes) axes(d int) ([]axis, error) {
	if len(k.Low) != d || len(k.High) != d || len(k.Ends) != d || len(k.Straight) != d || len(k.Tails) != d {
		return nil, fmt.Errorf("has %d lower and %d upper bounds, %d Ends, %d Straight and %d Tails, want %d of each", len(k.Low), len(k.High), len(k.Ends), len(k.Straight), len(k.Tails), d)
	}
	axes := make([]axis, d)
	for j := range axes {
		a := axis{low: boundOf(k.Low[j], -1), high: boundOf(k.High[j], 1), straight: k.Straight[j]}
		if !apart(a.low, a.high) || a.straight && !(finite(a.low) && finite(a.high)) {
			return nil, fmt.Errorf("parameter %d has the bounds %v and %v", j, a.low, a.high)
		}
		if e := k.Ends[j]; e != nil {
			a.ends = &ends{e.Low, e.High, e.Under, e.Over, a.low, a.high}
			if e.From != nil {
				a.ends.from = *e.From
			}
			if e.To != nil {
				a.ends.to = *e.To
			}
			if from, to := a.formulas(); !(a.low <= from && from < to && to <= a.high) || (from == a.low) != (e.From == nil) || (to == a.high) != (e.To == nil) || finite(from) != finite(a.low) || finite(to) != finite(a.high) {
				return nil, fmt.Errorf("parameter %d has the ends %v", j, *e)
			}
			if _, _, width := a.kind(); !(e.Under >= 0 && e.Over >= 0) || finite(a.low) && finite(a.high) && !(finite(width) && e.Low <= e.High) {
				return nil, fmt.Errorf("parameter %d has the ends %v", j, *e)
			}
		}
		if a.tails = k.Tails[j].tails(); !a.tails.possible() || a.tails != nil && finite(a.low) && finite(a.high) {
			return nil, fmt.Errorf("parameter %d has the tails %v", j, *k.Tails[j])
		}
		axes[j] = a
	}
	return axes, nil
}

// version is that of what a Posterior and a Joint keep in a file.
const version = 2

// keep writes what the Posterior knows beside the network into the model's Metadata.
func (p *Posterior) keep(pairs int) error {
	c := p.at
	k := kept{
		Version: version, Pairs: pairs, keptAxes: keptAxesOf(c.axes), Center: c.center, Root: numbers(c.root), Back: numbers(c.back), Trends: keptTrendsOf(c.trends),
		Sets: c.sets.members, Least: c.sets.least,
		XLow: c.low, XHigh: c.high, XShift: c.shift, XScale: c.scale, XTails: keptTailsOf(c.tails), Mean: p.wide.mean, Covariance: numbers(p.wide.cov),
	}
	return write(p.model, metadata, k)
}

// write puts k, in JSON, into a model's Metadata.
func write(m *score.Model, key string, k any) error {
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if m.Metadata == nil {
		m.Metadata = map[string]string{}
	}
	m.Metadata[key] = string(text)
	return nil
}

// read fills k with what stands in a model's Metadata, which has to be what write makes of
// it: a name that stands there twice, or in other letters, has two meanings.
func read(all map[string]string, key, by string, k any) error {
	text, ok := all[key]
	if !ok {
		return fmt.Errorf("the model has no Metadata of the key %q, it was not saved by a %s: %w", key, by, ErrMismatch)
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(k); err != nil {
		return fmt.Errorf("metadata %q: %w", key, also{err, ErrMismatch})
	}
	if decoder.More() {
		return fmt.Errorf("metadata %q: goes on after its end: %w", key, ErrMismatch)
	}
	if again, err := json.Marshal(k); err != nil || string(again) != text {
		return fmt.Errorf("metadata %q: is not what a %s writes, but of the same meaning: %w", key, by, ErrMismatch)
	}
	return nil
}

func numbers(m mat.Matrix) []float64 {
	return append([]float64(nil), mat.DenseCopyOf(m).RawMatrix().Data...)
}

// bound returns what stands in JSON, which has no infinities, for a bound.
func bound(v float64) *float64 {
	if math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// boundOf returns the bound that stands in JSON, the infinity of a sign for null.
func boundOf(v *float64, sign int) float64 {
	if v == nil {
		return math.Inf(sign)
	}
	return *v
}

// coordinates checks what a file says, of d parameters.
func (k *kept) coordinates(d int) (*coordinates, moments, error) {
	fail := func(format string, args ...any) (*coordinates, moments, error) {
		return nil, moments{}, fmt.Errorf("metadata %q: %s: %w", metadata, fmt.Sprintf(format, args...), ErrMismatch)
	}
	columns := len(k.XShift)
	if k.Version != version {
		return fail("version is %d, want %d", k.Version, version)
	}
	if columns == 0 {
		return fail("has no columns of x")
	}
	same := &sets{columns: columns, members: k.Sets, least: k.Least}
	if fewestMembers*len(k.Sets) > columns {
		return fail("has %d Sets of %d columns", len(k.Sets), columns)
	}
	same.columns -= same.more()
	if err := same.check(); err != nil {
		return fail("%v", err)
	}
	for _, f := range []struct {
		name string
		v    []float64
		want int
	}{
		{"Center", k.Center, d}, {"Root", k.Root, d * d}, {"Back", k.Back, d * d}, {"XLow", k.XLow, columns},
		{"XHigh", k.XHigh, columns}, {"XScale", k.XScale, columns}, {"Mean", k.Mean, d}, {"Covariance", k.Covariance, d * d},
	} {
		if len(f.v) != f.want {
			return fail("%s has %d numbers, want %d", f.name, len(f.v), f.want)
		}
	}
	axes, err := k.axes(d)
	if err != nil {
		return fail("%v", err)
	}
	c := &coordinates{
		axes: axes, center: k.Center, root: mat.NewDense(d, d, k.Root), back: mat.NewDense(d, d, k.Back),
		sets: same, low: k.XLow, high: k.XHigh, shift: k.XShift, scale: k.XScale,
	}
	if c.tails, err = tailsIn(k.XTails, columns); err != nil {
		return fail("%v", err)
	}
	if c.trends, err = k.trends(axes, columns); err != nil {
		return fail("%v", err)
	}
	for j, v := range k.XScale {
		if !(v > 0 && finite(1/v)) {
			return fail("the scale of column %d is %v", j, v)
		}
		if !(k.XLow[j] <= k.XHigh[j]) {
			return fail("column %d goes from %v to %v", j, k.XLow[j], k.XHigh[j])
		}
	}
	if c.volume, _ = mat.LogDet(c.root); !finite(c.volume) {
		return fail("Root is singular")
	}
	var one mat.Dense
	one.Mul(c.back, c.root) // in this order whatever the units of the parameters
	for i := range d {
		one.Set(i, i, one.At(i, i)-1)
	}
	if !(mat.Norm(&one, 1) < 1e-6) {
		return fail("Back is not the inverse of Root")
	}
	var from mat.VecDense
	from.MulVec(c.back, mat.NewVecDense(d, c.center))
	if !(mat.Norm(&from, 1) < 1e60) {
		return fail("Center is too far away for its Root")
	}
	for j, a := range axes {
		if !finite(a.fromFree(k.Center[j])) {
			return fail("Center of parameter %d is %v, which is no parameter", j, k.Center[j])
		}
		if far := c.trends[j].furthest(); !finite(a.fromFree(k.Center[j]-far)) || !finite(a.fromFree(k.Center[j]+far)) {
			return fail("the Weights of parameter %d lead to what is no parameter", j)
		}
	}
	cov := mat.NewSymDense(d, nil)
	for i := range d {
		for j := i; j < d; j++ {
			if k.Covariance[i*d+j] != k.Covariance[j*d+i] {
				return fail("Covariance is not symmetric")
			}
			cov.SetSym(i, j, k.Covariance[i*d+j])
		}
	}
	wide := moments{k.Mean, cov}
	if !wide.possible() {
		return fail("Mean and Covariance are not those of parameters")
	}
	return c, wide, nil
}
