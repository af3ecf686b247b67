package optim

import (
	"cmp"
	"errors"
	"math"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// SOAP is Adam in the eigenbasis of Shampoo's factors (Vyas et al. 2024). A Weight with
// its Bias as a further row is a matrix W with the gradient G, r inputs × c outputs. At
// step t = 1, 2, … with rate η,
//
//	L ← βL + (1−β)GGᵀ,   L = Q Λ Qᵀ
//	M ← β₁M + (1−β₁)G
//	V ← β₂V + (1−β₂)(QᵀG)²
//	W ← W(1−ηλ) − η Q[(QᵀM/(1−β₁ᵗ)) / (√(V/(1−β₂ᵗ)) + ε)]
//
// with BothSides likewise R ← βR + (1−β)GᵀG = P Λ' Pᵀ, and QᵀGP for QᵀG. L learns every
// FactorEvery-th step, from the first one on, with β = min(FactorBeta^FactorEvery,
// (1+k)/(10+k)) at the time k = 0, 1, …. Q holds the eigenvectors at t = 1 and 10, and is
// orthonormalised anew, Q ← orth(LQ), in every BasisEvery-th step after the first one; that
// is all there is of the former in more than 256 dimensions. V stays as it is; an element
// of QᵀM is then brought to the largest that there could be with its V and a basis that
// stands still, (1−β₁)/√((1−β₂)(1−β₁²/β₂)) √V. At t = 1 W does not move but
// for its decay: in the basis of a single gradient most of that is zero, and what
// rounding leaves there would become whole steps. All else is Adam's, as is a side of one
// dimension, or of more than Largest.
//
// The zero value is ready for use, once Bind has told it the parameters. It takes a higher
// rate than Adam, often twice as high. A step costs about as many operations as the
// network's on 0.8r rows, or 0.8(r+c) with BothSides; turning the basis of 1,000 dimensions
// takes half a second. The state is M and V, both in the basis, L and Q. Beside it there
// are three matrices of each side in float64.
type SOAP[T ad.Float] struct {
	Beta1       float64 // on (0, 1); zero means 0.9
	Beta2       float64 // on (0, 1); zero means 0.99
	Epsilon     float64 // positive; zero means 1e-8
	WeightDecay float64 // λ on [0, 100], decoupled as Adam's
	BothSides   bool
	FactorBeta  float64 // on (0, 1); zero means 0.99
	FactorEvery int     // zero means 4
	BasisEvery  int     // zero means 20
	Largest     int     // dimensions that get a factor, up to 16,384; zero means 2048

	params bound
	state  vectors[T] // moments m and v, factors, eigenvectors
	blocks []soapBlock[T]
	placed bool // in the state
	sizes  [4]int
	now    struct {
		adam         kernel.AdamStep
		keep         T
		beta, most   float64
		learn, first bool
		turn, settle bool // towards eigenvectors; all the way
	}
}

// soapBlock is a block with the factors of its sides, nil for none, and its place among
// the moments.
type soapBlock[T ad.Float] struct {
	Block
	at          int
	left, right *basis[T]
	x, y        []T // scratch
	space       []T // of sums over rows
}

// Bind implements Binder.
func (o *SOAP[T]) Bind(p *nn.Params) error {
	o.params.bind(p)
	o.blocks, o.placed, o.sizes = nil, false, [4]int{p.Len(), p.Len()}
	at, largest := 0, cmp.Or(o.Largest, 2048)
	for _, b := range o.params.blocks {
		s := soapBlock[T]{Block: b, at: at}
		if b.Matrix {
			s.left = newBasis[T](b.Rows, largest)
		}
		if b.Matrix && o.BothSides {
			s.right = newBasis[T](b.Cols, largest)
		}
		if s.left != nil || s.right != nil {
			s.x, s.y = make([]T, b.Len()), make([]T, b.Len())
			s.space = make([]T, kernel.MatTMulSpace[T](max(b.Rows, b.Cols), b.Cols))
		}
		o.sizes[2] += s.left.size() + s.right.size()
		at += b.Len()
		o.blocks = append(o.blocks, s)
	}
	o.sizes[3] = o.sizes[2]
	return nil
}

// Begin implements Optimizer. It panics before Bind.
func (o *SOAP[T]) Begin(n, step int, rate float64) (share bool) {
	o.params.mustSuit("SOAP", n)
	o.state.begin(step, o.sizes[:]...)
	if step == 0 || !o.placed {
		o.place(step == 0)
	}
	b := betasOf(o.Beta1, o.Beta2, o.Epsilon, o.WeightDecay)
	k := &o.now
	k.adam = b.step(step, rate)
	k.keep = keep[T](rate, b.decay)

	k.most = (1 - b.beta1) / math.Sqrt((1-b.beta2)*max(0, 1-b.beta1*b.beta1/b.beta2))

	every := cmp.Or(o.FactorEvery, 4)
	times := float64(step / every)
	k.learn, k.first = step%every == 0, step == 0
	k.beta = min(math.Pow(cmp.Or(o.FactorBeta, 0.99), float64(every)), (1+times)/(10+times))
	k.settle = step == 0 || step == 9
	k.turn = k.settle || step%cmp.Or(o.BasisEvery, 20) == 0
	return false
}

// place gives the bases their places in the state, and starts them.
func (o *SOAP[T]) place(start bool) {
	o.placed = true
	factors, vectors := o.state[2], o.state[3]
	for _, b := range o.blocks {
		for _, s := range [...]*basis[T]{b.left, b.right} {
			if n := s.size(); n > 0 {
				s.factor, s.vectors = factors[:n], vectors[:n]
				if start {
					s.start()
				}
				factors, vectors = factors[n:], vectors[n:]
			}
		}
	}
}

// Cuts implements Blockwise.
func (o *SOAP[T]) Cuts() []int { return o.params.cuts }

// Update implements Optimizer. It panics when a block is cut.
func (o *SOAP[T]) Update(theta, grad []T, from int) {
	first, last := within(o.params.blocks, from, len(theta))
	for i := first; i < last; i++ {
		o.update(&o.blocks[i], theta, grad, from)
	}
}

// update moves a block.
func (o *SOAP[T]) update(b *soapBlock[T], theta, grad []T, from int) {
	n := b.Len()
	m, v := o.state.of(0, b.at, n), o.state.of(1, b.at, n)
	if b.left == nil && b.right == nil {
		adam(b.Block, theta, m, v, grad, from, o.now.adam)
		return
	}
	gather(b.Block, b.x, grad, from, limitOf[T]())
	if o.now.learn {
		b.learn(o.now.beta)
	}
	if o.now.turn {
		b.turn(m, o.now.settle)
		bring(m, v, o.now.most)
	}
	g, u := b.into(b.x, b.y)
	clear(u)
	kernel.Adam(u, m, v, g, o.now.adam) // u is zero: nothing decays
	if u, _ = b.back(u, g); o.now.first {
		clear(u)
	}
	move(b.Block, theta, u, from, o.now.keep)
}

// bring makes no |m| larger than most √v, as large as it can be with a basis that does
// not turn: v, which cannot turn with it, may be that of directions without a gradient.
func bring[T ad.Float](m, v []T, most float64) {
	if math.IsInf(most, 1) { // β₁² ≥ β₂
		return
	}
	for i, x := range v {
		if limit := T(most * math.Sqrt(float64(x))); !(m[i] <= limit && m[i] >= -limit) {
			m[i] = max(-limit, min(limit, m[i]))
		}
	}
}

// learn moves the factors by the gradient in x.
func (b *soapBlock[T]) learn(beta float64) {
	r, c := b.Rows, b.Cols
	if b.left != nil {
		kernel.MatMulT(b.left.square, b.x, b.x, r, r, c)
		b.left.learn(beta)
	}
	if b.right != nil {
		kernel.MatTMulRows(b.right.square, b.x, b.x, r, c, c, 0, c, true, b.space)
		b.right.learn(beta)
	}
}

// turn moves the bases, and m with them.
func (b *soapBlock[T]) turn(m []T, all bool) {
	x, _ := b.back(m, b.y)
	copy(b.y, x)
	if b.left != nil {
		b.left.turn(all)
	}
	if b.right != nil {
		b.right.turn(all)
	}
	x, _ = b.into(b.y, m)
	copy(m, x)
}

// into returns QᵀxP. The result is in x or y, of which the other is spare.
func (b *soapBlock[T]) into(x, y []T) (result, spare []T) {
	r, c := b.Rows, b.Cols
	if b.left != nil {
		kernel.MatMul(y, b.left.vectors, x, nil, 0, r, r, c)
		x, y = y, x
	}
	if b.right != nil {
		kernel.MatMulT(y, x, b.right.vectors, r, c, c)
		x, y = y, x
	}
	return x, y
}

// back returns QxPᵀ. The result is in x or y, of which the other is spare.
func (b *soapBlock[T]) back(x, y []T) (result, spare []T) {
	r, c := b.Rows, b.Cols
	if b.left != nil {
		kernel.MatTMulRows(y, b.left.vectors, x, r, r, c, 0, r, true, b.space)
		x, y = y, x
	}
	if b.right != nil {
		kernel.MatMul(y, x, b.right.vectors, nil, 0, r, c, c)
		x, y = y, x
	}
	return x, y
}

// State implements Optimizer: the moments m, in the basis, and v, the factors and the
// eigenvectors.
func (o *SOAP[T]) State() [][]T { return o.state }

// Validate implements Validator.
func (o *SOAP[T]) Validate() error {
	return errors.Join(
		betasError[T]("SOAP", o.Beta1, o.Beta2, o.Epsilon, o.WeightDecay),
		fractionError("SOAP.FactorBeta", o.FactorBeta),
		countError("SOAP.FactorEvery", o.FactorEvery),
		countError("SOAP.BasisEvery", o.BasisEvery),
		rangeError(o.Largest >= 0 && o.Largest <= mostFactor, "SOAP.Largest", o.Largest, "a positive number up to 16,384, or 0 for the default"),
	)
}

// mostFactor is the largest number of dimensions that there may be a factor of: 2²⁸
// numbers.
const mostFactor = 1 << 14

// countError wants a number of which 0 is the default.
func countError(field string, n int) error {
	return rangeError(n >= 0, field, n, "a positive number, or 0 for the default")
}

var (
	_ Optimizer[float32] = (*SOAP[float32])(nil)
	_ Binder             = (*SOAP[float32])(nil)
	_ Blockwise          = (*SOAP[float32])(nil)
	_ nn.Validator       = (*SOAP[float32])(nil)
)
