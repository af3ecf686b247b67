package score

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// Diagnosis is one look of the detector of collapse. On fixed rows with σ/α
// log-uniform in [0.3, 1] and the target T of the EDM preconditioning, Explained is
//
//	R = 1 − E‖F − T‖² / E‖T‖²,
//
// the part of the target's power that the network explains: 0 for F = 0, the best
// answer that is linear in the row. StandardErrors is how far that is above 0, the
// mean improvement of a row in its standard errors. Explainable is the part that
// could be explained, the mean of T₁·T₂/d for posterior means T₁, T₂ over two sets
// of reference rows that have none in common; it is measured only when R gives
// reason to, for d ≤ 3, and from 1,000 distinct rows on.
//
// A run has collapsed when it explains less than 0.02, less than five standard
// errors above 0, of more than 0.02 that can be explained. A network whose
// preconditioning does not start it at F = 0 is far below 0 at first: while
// R < −0.02 it is given time, but not at the end. There is no Diagnosis of runs that do
// not learn the score there: of Progressive, and when less than a twentieth of the times
// have a σ/α within three times of these.
type Diagnosis struct {
	Step           int
	Explained      float64
	StandardErrors float64
	Explainable    float64 // NaN when not measured
}

// Thresholds of the detector. On data with structure R is at least 0.067 after
// 500 steps when training works and at most 0.0003 when it is stuck.
const (
	deadR, deadZ, deadGain = 0.02, 5, 0.02
	detectorReferences     = 2048
	firstCheck             = 500
	leastDistinct          = 1000 // with fewer the gain of Gaussian rows is off by up to the threshold
)

// detectorRows is the number of fixed rows: fewer where there are more than 256 columns,
// so that up to 2,048 a matrix of them is 8 MB at most.
func detectorRows(columns int) int { return min(4096, max(1<<20/columns, 512)) }

// detectedAtOnce is the number of rows that are evaluated at a time.
func detectedAtOnce(columns int) int { return max(1<<18/columns, 128) }

// detector holds the fixed rows. What is compared lives in VE coordinates:
// noisy = clean + σz.
type detector struct {
	noisy, clean *mat.Dense
	σ            []float64
	cond         *mat.Dense // of the rows; nil for a model without
	missing      *mat.Dense // the observations that leave out what is missing; nil when nothing is
}

// check looks for a dead run after certain steps.
func (t *trainer) check() error {
	last := t.step == t.s.Steps || t.stale()
	switch t.step {
	case firstCheck, 1000, 2000:
	default:
		if !last || t.step < firstCheck {
			return nil // before it is too early to tell a dead run from a young one
		}
	}
	if !t.judged() {
		return nil
	}
	if t.detector == nil {
		d, err := newDetector(t.batch)
		if err != nil {
			return err
		}
		t.detector = d
	}
	if err := t.publish(); err != nil {
		return err
	}
	c := Diagnosis{Step: t.step, Explainable: math.NaN()}
	c.Explained, c.StandardErrors = t.detector.explained(t.m)
	young := c.Explained < -deadR && !last
	dead := c.Explained < deadR && c.StandardErrors < deadZ && !young
	if dead && t.m.dim <= 3 {
		gain, err := t.detector.gain(t.batch)
		if err != nil {
			return err
		}
		c.Explainable = gain
	}
	t.result.Diagnoses = append(t.result.Diagnoses, c)
	t.diagnosed(c, young, dead)
	switch {
	case dead && c.Explainable > deadGain:
		return fmt.Errorf("score: Fit: %w after %d steps: the network explains %.4f of a target of which %.3f can be explained; try a lower rate, another initialisation, He weights, or features of x",
			ErrCollapsed, t.step, c.Explained, c.Explainable)
	case dead && last && math.IsNaN(c.Explainable):
		t.warn(fmt.Sprintf("no structure found beyond a Gaussian: after %d steps the network explains %.4f of what a linear denoiser does not", t.step, c.Explained))
	}
	return nil
}

// judged reports whether the run learns the score of the data at the levels of the fixed
// rows, or near them.
func (t *trainer) judged() bool {
	if _, other := t.s.Objective.(Progressive); other {
		return false
	}
	const looks = 200
	low, high, near := detectorLevel(t.m.process, 0)/3, 3*detectorLevel(t.m.process, 1), 0
	for i := range looks {
		at := t.s.Times.Quantile(t.m.process, (float64(i)+0.5)/looks)
		if σ := math.Exp(-sde.LogSNR(t.m.process, at)); low <= σ && σ <= high {
			near++
		}
	}
	return 20*near >= looks
}

// detectorLevel returns the σ/α below which the part u of the fixed rows lie. Levels that
// the process does not reach are moved to its own.
func detectorLevel(p sde.SDE, u float64) float64 {
	start, end := p.Span()
	return min(max(math.Pow(0.3, 1-u), math.Exp(-sde.LogSNR(p, start))), math.Exp(-sde.LogSNR(p, end)))
}

// newDetector draws the fixed rows.
func newDetector(b *batcher) (*detector, error) {
	n := detectorRows(b.m.dim)
	d := &detector{clean: mat.NewDense(n, b.m.dim, nil), noisy: mat.NewDense(n, b.m.dim, nil), σ: make([]float64, n)}
	d.cond = b.m.conditionsOf(n)
	if err := b.pairs(d.clean, d.cond, diagnosticStep, 0, noise.Data); err != nil {
		return nil, err
	}
	if _, _, some := firstNonFinite(d.clean); some {
		d.missing = leftOut(d.clean)
	}
	noise.White{Seed: b.s.Seed}.Normal(d.noisy, noise.Draw{Purpose: noise.Perturb, Slot: 1})
	for i := range d.σ {
		d.σ[i] = detectorLevel(b.m.process, (float64(i)+0.5)/float64(n))
		for j, z := range d.noisy.RawRowView(i) {
			d.noisy.Set(i, j, d.clean.At(i, j)+d.σ[i]*z)
		}
	}
	return d, nil
}

// target returns the regression target of F for a clean row and its noisy one.
func target(clean, noisy, σ float64) float64 {
	c := math.Sqrt(1 + σ*σ)
	return (clean - noisy/(c*c)) * c / σ
}

// explained returns R and its paired z-score.
func (d *detector) explained(m *Model) (r, z float64) {
	all, atOnce := len(d.σ), detectedAtOnce(m.dim)
	t := make([]float64, min(all, atOnce))
	x, s := mat.NewDense(len(t), m.dim, nil), mat.NewDense(len(t), m.dim, nil)
	var power, better, square float64
	for first := 0; first < all; first += atOnce {
		part := d.rows(first, min(first+atOnce, all))
		for i, σ := range part.σ {
			t[i] = sde.TimeAt(m.process, -math.Log(σ))
			α, _ := m.process.Kernel(t[i])
			for j, v := range part.noisy.RawRowView(i) {
				x.Set(i, j, α*v)
			}
		}
		k := len(part.σ)
		v := &View{m: m, cond: part.cond}
		if part.missing != nil {
			v = v.Observe(Observed{Values: part.missing})
		}
		v.Score(firstRows(s, k), firstRows(x, k), t[:k])
		for i, σ := range part.σ {
			α, σt := m.process.Kernel(t[i])
			var a, e float64
			for j, y := range part.noisy.RawRowView(i) {
				if math.IsNaN(y) {
					continue
				}
				T := target(part.clean.At(i, j), y, σ)
				F := target((x.At(i, j)+σt*σt*s.At(i, j))/α, y, σ)
				a += T * T
				e += (F - T) * (F - T)
			}
			power += a
			better += a - e
			square += (a - e) * (a - e)
		}
	}
	n := float64(all)
	variance := square/n - better*better/(n*n)
	if variance > 0 {
		z = better / math.Sqrt(variance*n)
	}
	return better / power, z
}

// rows returns the detector of the rows from first up to end.
func (d *detector) rows(first, end int) *detector {
	part := func(x *mat.Dense) *mat.Dense {
		if x == nil {
			return nil
		}
		return x.Slice(first, end, 0, x.RawMatrix().Cols).(*mat.Dense)
	}
	return &detector{noisy: part(d.noisy), clean: part(d.clean), σ: d.σ[first:end], cond: part(d.cond), missing: part(d.missing)}
}

// firstRows returns the first n rows of x.
func firstRows(x *mat.Dense, n int) *mat.Dense {
	return x.Slice(0, n, 0, x.RawMatrix().Cols).(*mat.Dense)
}

// references returns two sets of rows that have none in common. Fresh draws are
// that as they come; of a finite set every value goes to one of the two, however
// often it is there. ok is false when there are too few.
func (d *detector) references(b *batcher) (sets [2]*mat.Dense, ok bool, err error) {
	of := map[uint64]int{} // the set of a value
	var n [2]int
	for k := range sets {
		sets[k] = mat.NewDense(detectorReferences, b.m.dim, nil)
	}
	_, finite := b.data.(rows)
	drawn := mat.NewDense(detectorReferences, b.m.dim, nil)
	for k := 0; n[0] < detectorReferences || n[1] < detectorReferences; k++ {
		if err := b.rows(drawn, diagnosticStep, len(d.σ)+k*detectorReferences, noise.Reference); err != nil {
			return sets, false, err
		}
		if !finite {
			sets[k].Copy(drawn)
			n[k] = detectorReferences
			continue
		}
		for i := range detectorReferences {
			row := drawn.RawRowView(i)
			h := hashRow(0, row)
			set, seen := of[h]
			if !seen {
				set = len(of) % 2
				of[h] = set
			}
			if n[set] < detectorReferences {
				sets[set].SetRow(n[set], row)
				n[set]++
			}
		}
		if len(of) < leastDistinct && k > 0 {
			return sets, false, nil
		}
	}
	return sets, true, nil
}

// gain returns the explainable part of the target per coordinate, NaN when there
// are too few rows to tell, or values are missing.
func (d *detector) gain(b *batcher) (float64, error) {
	dim, n := b.m.dim, len(d.σ)
	if d.missing != nil {
		return math.NaN(), nil
	}
	sets, ok, err := d.references(b)
	if err != nil || !ok {
		return math.NaN(), err
	}
	p := newPosterior(dim, detectorReferences, n, 0, false)
	var mean [2]*mat.Dense
	for k, refs := range sets {
		p.load(refs, nil)
		b.crew.Each(n, func(_, i int) {
			y := d.noisy.RawRowView(i)
			p.set(i, y, d.σ[i], nearest(y, refs)/(2*d.σ[i]*d.σ[i]))
		})
		p.run(b.crew)
		mean[k] = mat.NewDense(n, dim, nil)
		for i := range n {
			p.mean(mean[k].RawRowView(i), i)
		}
	}
	total := 0.0
	for i := range n {
		if !p.good[i] {
			continue // far out: a row that adds next to nothing
		}
		for j, y := range d.noisy.RawRowView(i) {
			total += target(mean[0].At(i, j), y, d.σ[i]) * target(mean[1].At(i, j), y, d.σ[i])
		}
	}
	return total / float64(n*dim), nil
}

// nearest returns the squared distance from y to the nearest row.
func nearest(y []float64, rows *mat.Dense) float64 {
	n, _ := rows.Dims()
	least := math.Inf(1)
	for j := range n {
		square := 0.0
		for k, r := range rows.RawRowView(j) {
			square += (y[k] - r) * (y[k] - r)
		}
		least = min(least, square)
	}
	return least
}
