package inference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/score"
)

// metadata is the key of a model's Metadata under which a Posterior keeps what it knows
// beside the network.
const metadata = "inference"

// kept is what stands there, in JSON: floating-point numbers come back with the same bits.
type kept struct {
	Version        int
	Low, High      []*float64 // of the parameters; null where there is no bound
	Straight       []bool
	Center         []float64
	Root, Back     []float64 // row by row
	Weights        []float64
	Sets           [][]int   `json:",omitempty"` // see sets
	Least          []float64 `json:",omitempty"`
	XLow, XHigh    []float64
	XShift, XScale []float64
	Mean           []float64 // of the parameters in w
	Covariance     []float64
}

const version = 1

// keep writes what the Posterior knows beside the network into the model's Metadata.
func (p *Posterior) keep() error {
	c := p.at
	k := kept{
		Version: version, Center: c.center, Root: numbers(c.root), Back: numbers(c.back), Weights: numbers(c.weights),
		Sets: c.sets.members, Least: c.sets.least,
		XLow: c.low, XHigh: c.high, XShift: c.shift, XScale: c.scale, Mean: p.wide.mean, Covariance: numbers(p.wide.cov),
	}
	for _, a := range c.axes {
		k.Low, k.High, k.Straight = append(k.Low, bound(a.low)), append(k.High, bound(a.high)), append(k.Straight, a.straight)
	}
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if p.model.Metadata == nil {
		p.model.Metadata = map[string]string{}
	}
	p.model.Metadata[metadata] = string(text)
	return nil
}

func numbers(m mat.Matrix) []float64 {
	return append([]float64(nil), mat.DenseCopyOf(m).RawMatrix().Data...)
}

func bound(v float64) *float64 {
	if math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// Save writes the Posterior to w: the file of its Model, whose Metadata hold the rest under
// the key "inference". The Prior is not in it. Errors are those of score.Model.Save.
func (p *Posterior) Save(w io.Writer) error { return p.model.Save(w) }

// SaveFile saves the Posterior at path in one step, as score.Model.SaveFile does.
func (p *Posterior) SaveFile(path string) error { return p.model.SaveFile(path) }

// Open returns the Posterior in the file at path. The prior is the one that the simulations
// were drawn from, or nil, with which Weigh has nothing to weigh by and GivenAll takes a
// normal one.
//
// Errors are those of score.Open, and one wrapping ErrMismatch for a file that holds no
// Posterior or one whose parameters have other bounds than the prior.
func Open(path string, p Prior) (*Posterior, error) {
	m, err := score.Open(path)
	if err != nil {
		return nil, fmt.Errorf("inference: Open: %w", err)
	}
	post, err := opened(m, p)
	if err != nil {
		return nil, fmt.Errorf("inference: Open: %s: %w", path, err)
	}
	return post, nil
}

func opened(m *score.Model, p Prior) (*Posterior, error) {
	text, ok := m.Metadata[metadata]
	if !ok {
		return nil, fmt.Errorf("the model has no Metadata of the key %q, it was not saved by a Posterior: %w", metadata, ErrMismatch)
	}
	var k kept
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&k); err != nil {
		return nil, fmt.Errorf("metadata %q: %w", metadata, also{err, ErrMismatch})
	}
	if decoder.More() {
		return nil, fmt.Errorf("metadata %q: goes on after its end: %w", metadata, ErrMismatch)
	}
	c, wide, err := k.coordinates(m)
	if err != nil {
		return nil, err
	}
	if p != nil {
		low, high, err := boundsOf(p, m.Dim())
		if err != nil {
			return nil, err
		}
		for j, a := range c.axes {
			if a.low != low[j] || a.high != high[j] {
				return nil, fmt.Errorf("parameter %d: the prior has the bounds %v and %v, the file %v and %v: %w", j, low[j], high[j], a.low, a.high, ErrMismatch)
			}
		}
	}
	return &Posterior{Prior: p, model: m, at: c, wide: wide}, nil
}

// coordinates checks what a file says against its model.
func (k *kept) coordinates(m *score.Model) (*coordinates, moments, error) {
	fail := func(format string, args ...any) (*coordinates, moments, error) {
		return nil, moments{}, fmt.Errorf("metadata %q: %s: %w", metadata, fmt.Sprintf(format, args...), ErrMismatch)
	}
	d, columns := m.Dim(), len(k.XShift)
	if k.Version != version {
		return fail("version is %d, want %d", k.Version, version)
	}
	if columns == 0 || m.CheckGiven(mat.NewDense(1, columns, nil)) != nil {
		return fail("has %d columns of x, which are not the model's", columns)
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
		{"Center", k.Center, d}, {"Root", k.Root, d * d}, {"Back", k.Back, d * d}, {"Weights", k.Weights, d * columns}, {"XLow", k.XLow, columns},
		{"XHigh", k.XHigh, columns}, {"XScale", k.XScale, columns}, {"Mean", k.Mean, d}, {"Covariance", k.Covariance, d * d},
	} {
		if len(f.v) != f.want {
			return fail("%s has %d numbers, want %d", f.name, len(f.v), f.want)
		}
	}
	if len(k.Low) != d || len(k.High) != d || len(k.Straight) != d {
		return fail("has %d and %d bounds of %d axes, want %d of each", len(k.Low), len(k.High), len(k.Straight), d)
	}
	c := &coordinates{
		center: k.Center, root: mat.NewDense(d, d, k.Root), back: mat.NewDense(d, d, k.Back), weights: mat.NewDense(d, columns, k.Weights),
		sets: same, low: k.XLow, high: k.XHigh, shift: k.XShift, scale: k.XScale,
	}
	for j := range d {
		a := axis{math.Inf(-1), math.Inf(1), k.Straight[j]}
		if k.Low[j] != nil {
			a.low = *k.Low[j]
		}
		if k.High[j] != nil {
			a.high = *k.High[j]
		}
		if !(a.low < a.high) {
			return fail("parameter %d has the bounds %v and %v", j, a.low, a.high)
		}
		c.axes = append(c.axes, a)
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
	cov := mat.NewSymDense(d, nil)
	for i := range d {
		if v := k.Covariance[i*d+i]; !(v >= 0) {
			return fail("the variance of parameter %d is %v", i, v)
		}
		for j := i; j < d; j++ {
			cov.SetSym(i, j, k.Covariance[i*d+j])
		}
	}
	return c, moments{k.Mean, cov}, nil
}
