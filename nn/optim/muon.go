package optim

import (
	"cmp"
	"errors"
	"math"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// Muon moves matrices by the orthogonal matrix next to their momentum (Jordan et al.
// 2024). A Weight with its Bias as a further row is a matrix W with the gradient G, r×c.
// With rate η,
//
//	M ← μM + (1−μ)G
//	X = μM + (1−μ)G                                        Nesterov's; M if Plain
//	X ← X/‖X‖,   Iterations times X ← aX + (bA + cA²)X,   A = XXᵀ
//	W ← W(1−ηλ) − η Scale √max(r, c) X
//
// where a, b, c = 3.4445, −4.7750, 2.0315 bring all singular values between about 0.7
// and 1.2, of X of any rank: those that are zero stay so. All else, a row and a column
// too, is moved by Adam. The factor in the last line makes the root mean square of a step
// Scale·η, about that of Adam, so that both can have the same rate (Liu et al. 2025).
//
// The zero value is ready for use, once Bind has told it the parameters. A step costs as
// many operations as the network's on 3.3 min(r, c) rows for long matrices, 5 for square.
type Muon[T ad.Float] struct {
	Momentum    float64 // μ on (0, 1); zero means 0.95
	Plain       bool    // without Nesterov's look ahead
	Iterations  int     // of Newton and Schulz, up to 100; zero means 5
	Scale       float64 // zero means 0.2
	Beta1       float64 // Adam's, on (0, 1); zero means 0.9
	Beta2       float64 // Adam's, on (0, 1); zero means 0.99
	Epsilon     float64 // Adam's, positive; zero means 1e-8
	WeightDecay float64 // λ on [0, 100], decoupled as Adam's

	params bound
	state  vectors[T] // m, and v of what Adam moves
	blocks []muonBlock[T]
	second int // length of v
	now    struct {
		adam           kernel.AdamStep
		keep           T
		momentum, rate float64
		iterations     int
	}
}

// muonBlock is a block with its places in m and, if it is Adam's, in v.
type muonBlock[T ad.Float] struct {
	Block
	at, second      int
	x, y            []T // scratch, rows×cols
	square, squared []T // of the shorter side
	space           []T // of a sum over rows
}

// Bind implements Binder.
func (o *Muon[T]) Bind(p *nn.Params) error {
	o.params.bind(p)
	o.blocks, o.second = nil, 0
	at := 0
	for _, b := range o.params.blocks {
		m := muonBlock[T]{Block: b, at: at, second: o.second}
		if side := min(b.Rows, b.Cols); b.Matrix && side > 1 {
			m.x, m.y = make([]T, b.Len()), make([]T, b.Len())
			m.square, m.squared = make([]T, side*side), make([]T, side*side)
			m.space = make([]T, kernel.MatTMulSpace[T](side, side))
		} else {
			o.second += b.Len()
		}
		at += b.Len()
		o.blocks = append(o.blocks, m)
	}
	return nil
}

// Begin implements Optimizer. It panics before Bind.
func (o *Muon[T]) Begin(n, step int, rate float64) (share bool) {
	o.params.mustSuit("Muon", n)
	o.state.begin(step, n, o.second)
	b := betasOf(o.Beta1, o.Beta2, o.Epsilon, o.WeightDecay)
	k := &o.now
	k.adam = b.step(step, rate)
	k.keep = keep[T](rate, b.decay)
	k.momentum, k.rate, k.iterations = cmp.Or(o.Momentum, 0.95), rate*cmp.Or(o.Scale, 0.2), cmp.Or(o.Iterations, 5)
	return false
}

// Cuts implements Blockwise.
func (o *Muon[T]) Cuts() []int { return o.params.cuts }

// Update implements Optimizer. It panics when a block is cut.
func (o *Muon[T]) Update(theta, grad []T, from int) {
	first, last := within(o.params.blocks, from, len(theta))
	for i := first; i < last; i++ {
		b := &o.blocks[i]
		m := o.state.of(0, b.at, b.Len())
		if b.x == nil {
			adam(b.Block, theta, m, o.state.of(1, b.second, b.Len()), grad, from, o.now.adam)
			continue
		}
		gather(b.Block, b.y, grad, from, limitOf[T]())
		kernel.EMA(m, b.y, o.now.momentum)
		copy(b.x, m)
		if !o.Plain {
			kernel.EMA(b.x, b.y, o.now.momentum)
		}
		b.orthogonalize(o.now.iterations)
		kernel.Scale(b.x, b.x, T(-o.now.rate*math.Sqrt(float64(max(b.Rows, b.Cols)))))
		move(b.Block, theta, b.x, from, o.now.keep)
	}
}

// orthogonalize brings the singular values of x near 1, but those of zero. An x that is
// zero, or as good as that, becomes zero.
func (b *muonBlock[T]) orthogonalize(iterations int) {
	norm := math.Sqrt(kernel.SumSquares(b.x))
	if norm < 0x1p-126 {
		clear(b.x)
		return
	}
	kernel.Scale(b.x, b.x, T(1/norm))
	r, c := b.Rows, b.Cols
	for range iterations {
		if r <= c {
			kernel.MatMulT(b.square, b.x, b.x, r, r, c)
			b.polynomial(r)
			kernel.MatMul(b.y, b.squared, b.x, nil, 0, r, r, c)
		} else {
			kernel.MatTMulRows(b.square, b.x, b.x, r, c, c, 0, c, true, b.space)
			b.polynomial(c)
			kernel.MatMul(b.y, b.x, b.squared, nil, 0, r, c, c)
		}
		b.x, b.y = b.y, b.x
	}
}

// polynomial makes squared a + bA + cA² of the n×n matrix A in square.
func (b *muonBlock[T]) polynomial(n int) {
	kernel.MatMul(b.squared, b.square, b.square, nil, 0, n, n, n)
	kernel.Scale(b.squared, b.squared, 2.0315)
	kernel.Scale(b.square, b.square, -4.7750)
	kernel.Add(b.squared, b.square)
	for i := 0; i < n*n; i += n + 1 {
		b.squared[i] += 3.4445
	}
}

// State implements Optimizer: the momenta, and the second moments of what Adam moves.
func (o *Muon[T]) State() [][]T { return o.state }

// mostIterations bounds Muon.Iterations: a step has to end.
const mostIterations = 100

// Validate implements Validator.
func (o *Muon[T]) Validate() error {
	return errors.Join(
		fractionError("Muon.Momentum", o.Momentum),
		rangeError(o.Iterations >= 0 && o.Iterations <= mostIterations, "Muon.Iterations", o.Iterations, "a number from 1 to 100, or 0 for the default"),
		sizeError[T]("Muon.Scale", o.Scale),
		betasError[T]("Muon", o.Beta1, o.Beta2, o.Epsilon, o.WeightDecay),
	)
}

var (
	_ Optimizer[float32] = (*Muon[float32])(nil)
	_ Binder             = (*Muon[float32])(nil)
	_ Blockwise          = (*Muon[float32])(nil)
	_ nn.Validator       = (*Muon[float32])(nil)
)
