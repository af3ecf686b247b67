package score

import (
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
)

// Coefficients of a row in a training batch, columns of one leaf.
const (
	colIn = iota
	colNoise
	colDenoiseX
	colDenoiseF
	colScoreX
	colScoreF
	colEpsX
	colEpsF
	colVelX
	colVelF
	colT
	colAlpha
	colSigma
	colG2
	colDAlpha
	colDSigma
	colWeight
	batchCols
)

// Coefficients of a row of a model with FlowMap, after the others.
const (
	colAngle     = batchCols + iota // θ_t
	colRate                         // dNoise/dθ
	colTurn                         // θ_t − θ_r
	colEnd                          // what the network is told of the noise at r
	colNear                         // θ_t − θ_s, s being a time a little below t
	colNearNoise                    // what the network is told of the noise at s
	mapCols
)

// columnNames are what errors call the columns.
var columnNames = [mapCols]string{
	"Coeffs.In", "Coeffs.Noise", "Coeffs.Skip", "Coeffs.Out", "the score's factor of x", "the score's factor of F",
	"the noise's factor of x", "the noise's factor of F", "the velocity's factor of x", "the velocity's factor of F",
	"the time", "α", "σ", "g²", "dα/dt", "dσ/dt", "the weight",
	"the angle", "the rate of Coeffs.Noise", "the turn", "Coeffs.Noise at the end", "the turn to the time before", "Coeffs.Noise at the time before",
}

// instant is a process whose kernel at one time is at hand: preconditioning and
// weight ask for it too.
type instant struct {
	sde.SDE
	t, α, σ float64
}

func newInstant(p sde.SDE, t float64) instant {
	α, σ := p.Kernel(t)
	return instant{p, t, α, σ}
}

// Kernel implements sde.SDE.
func (p *instant) Kernel(t float64) (alpha, sigma float64) {
	if t == p.t {
		return p.α, p.σ
	}
	return p.SDE.Kernel(t)
}

// columns fills the coefficients of an instant.
func (b *batcher) columns(c []float32, p *instant) {
	t, α, σ := p.t, p.α, p.σ
	f, g2 := p.Rates(t)
	k := b.m.precond.Coeffs(p, t)
	sx, sf := -k.Rest/(σ*σ), α*k.Out/(σ*σ)
	c = c[:batchCols]
	c[colIn], c[colNoise] = float32(k.In), float32(k.Noise)
	c[colDenoiseX], c[colDenoiseF] = float32(k.Skip), float32(k.Out)
	c[colScoreX], c[colScoreF] = float32(sx), float32(sf)
	c[colEpsX], c[colEpsF] = float32(k.Rest/σ), float32(-α*k.Out/σ)
	c[colVelX], c[colVelF] = float32(f-0.5*g2*sx), float32(-0.5*g2*sf)
	c[colT], c[colAlpha], c[colSigma] = float32(t), float32(α), float32(σ)
	c[colG2], c[colDAlpha], c[colDSigma] = float32(g2), float32(α*f), float32(g2/(2*σ)+f*σ)
	c[colWeight] = float32(b.s.Weight.At(p, t))
}

// leaves returns the inputs of the training program and what an Objective
// sees of them.
func (b *batcher) leaves() (in []*ad.Expr, leaf Batch, col func(i int) *ad.Expr) {
	d := b.m.dim
	if b.m.levels {
		return b.levelLeaves()
	}
	cols := ad.Input("columns", b.columnsOf())
	leaf = Batch{X0: ad.Input("x0", d), Xt: ad.Input("xt", d), Z: ad.Input("z", d)}
	col = func(i int) *ad.Expr { return ad.Slice(cols, i, i+1) }
	leaf.T, leaf.Alpha, leaf.Sigma, leaf.G2, leaf.Weight = col(colT), col(colAlpha), col(colSigma), col(colG2), col(colWeight)
	leaf.DAlpha, leaf.DSigma = col(colDAlpha), col(colDSigma)
	if b.m.maps {
		leaf.Jump = b.jump(col, leaf)
	}
	in = []*ad.Expr{leaf.X0, leaf.Xt, leaf.Z, cols}
	in, leaf.Cond = b.condLeaf(in)
	return in, leaf, col
}

// levelLeaves is leaves for a model with a level for every column, whose
// coefficients have as many columns as the data; there is all that DSM needs.
func (b *batcher) levelLeaves() (in []*ad.Expr, leaf Batch, col func(i int) *ad.Expr) {
	d := b.m.dim
	cols := ad.Input("columns", blocks*d)
	leaf = Batch{X0: ad.Input("x0", d), Xt: ad.Input("xt", d), Z: ad.Input("z", d)}
	col = func(i int) *ad.Expr { return ad.Slice(cols, i*d, (i+1)*d) }
	leaf.Weight = col(blockWeight)
	in = []*ad.Expr{leaf.X0, leaf.Xt, leaf.Z, cols}
	in, leaf.Cond = b.condLeaf(in)
	return in, leaf, col
}

// condLeaf adds the leaf of the conditions, and returns what an Objective sees of them.
func (b *batcher) condLeaf(in []*ad.Expr) (all []*ad.Expr, cond *ad.Expr) {
	if w := b.m.conditionWidth(); w > 0 {
		encoded := ad.Input("cond", w)
		values, present := b.m.cond.columns(encoded)
		return append(in, encoded), ad.Concat(values, present)
	}
	return in, nil
}

// fields builds the model's forms for training from the columns of a batch.
func (m *Model) fields(b *nn.Build, col func(i int) *ad.Expr) Fields {
	form := func(onX, onF int) func(x *ad.Expr) *ad.Expr {
		return func(x *ad.Expr) *ad.Expr {
			to := b.Share() // as often as the objective asks
			if to.Time = col(colNoise); m.maps {
				to = m.told(b, to.Time, to.Time)
			}
			f := m.net.Apply(to, ad.Mul(col(colIn), x))
			return ad.Add(ad.Mul(col(onX), x), ad.Mul(col(onF), f))
		}
	}
	all := Fields{
		Denoise: form(colDenoiseX, colDenoiseF), Score: form(colScoreX, colScoreF),
		Noise: form(colEpsX, colEpsF), Velocity: form(colVelX, colVelF),
	}
	if m.maps {
		all.Mean = func(y, level, end *ad.Expr) *ad.Expr { return m.told(b, level, end).Apply(m.net, y) }
	}
	return all
}
