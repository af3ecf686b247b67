package score

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/pool"
)

// posterior computes means of reference rows r_j under the weights
//
//	w_j ∝ exp(−‖y − r_j‖²/(2σ²)),
//
// the expectation of the clean row given the noisy one y = x_t/α, at the level
// σ = σ_t/α, when the data are the reference rows. The exponent is affine in
// what depends on j,
//
//	shift − ‖y − r_j‖²/(2σ²) = (y/σ², −1/(2σ²), shift − ‖y‖²/(2σ²)) · (r_j, ‖r_j‖², 1),
//
// so that all rows and references are one matrix product, an exponential and a
// second product, with (r_j, 1), for numerator and denominator. Exponents below
// the floor are raised to it: what e^−floor times a full weight would add is lost
// in rounding, and weights too small for a float32 with all its digits would
// make the processor a hundred times slower.
//
// References may belong to groups. A row of a group has one more term in its
// exponents, −(floor + shift) for references of another group, as much as the
// largest exponent can be.
//
// When every column c has a level of its own, infinite for those left out, the terms
// are Σ_c (2h_c y_c r_jc − h_c r_jc²) with h_c = 1/(2σ_c²): there is a square for each
// column. A reference without a value in a column that is not left out has no weight:
// one more term for each column, which tells of that, lowers its exponent like
// another group does.
//
// The program runs in float32, in which exponents are off by about 2⁻²⁴‖y‖²/σ².
// A row for which that is too much, because σ is very small for where y lies,
// has no mean here: whoever asks takes the clean row, whose expectation given y
// is the same.
type posterior struct {
	dim     int
	columns bool // a level for every column
	squares int  // 1, or 2d for a level for every column: the squares, and what is missing
	width   int  // d + squares + 1 + groups
	program *ad.Program[float32]
	weights ad.Weights[float32]
	theta   []float32 // the two matrices of the references
	rows    []float32 // width numbers a row
	sums    []float32 // d+1 numbers a row: Σ w_j r_j and Σ w_j
	good    []bool    // rows whose exponents are exact enough
	in, out [][]float32
}

func newPosterior(dim, references, rows, groups int, byColumn bool) *posterior {
	squares := 1
	if byColumn {
		squares = 2 * dim
	}
	width := dim + squares + 1 + groups
	exponents, averaged := width*references, references*(dim+1)
	x := ad.Input("rows", width)
	w := ad.Exp(ad.ReLU(ad.MatMul(x, ad.Param("exponents", width, references, 0))))
	sums := ad.MatMul(w, ad.Param("averaged", references, dim+1, exponents))
	p := &posterior{
		dim: dim, columns: byColumn, squares: squares, width: width, program: ad.Compile[float32]([]*ad.Expr{sums}, []*ad.Expr{x}), theta: make([]float32, exponents+averaged),
		rows: make([]float32, rows*width), sums: make([]float32, rows*(dim+1)), good: make([]bool, rows),
	}
	p.in, p.out = [][]float32{p.rows}, [][]float32{p.sums}
	return p
}

// load sets the references and, when there are groups, the group of each.
func (p *posterior) load(refs *mat.Dense, group []int) {
	n, d := refs.Dims()
	averaged := p.theta[p.width*n:]
	one := d + p.squares
	clear(p.theta[(one+1)*n : p.width*n])
	for j, g := range group {
		p.theta[(one+1+g)*n+j] = 1
	}
	for j := range n {
		square := 0.0
		for k, r := range refs.RawRowView(j) {
			if p.columns {
				missing := math.IsNaN(r)
				p.theta[(2*d+k)*n+j] = 0
				if missing {
					r, p.theta[(2*d+k)*n+j] = 0, 1
				}
				p.theta[(d+k)*n+j] = float32(r * r)
			}
			square += r * r
			p.theta[k*n+j] = float32(r)
			averaged[j*(d+1)+k] = float32(r)
		}
		if !p.columns {
			p.theta[d*n+j] = float32(square)
		}
		p.theta[one*n+j] = 1
		averaged[j*(d+1)+d] = 1
	}
	p.program.Pack(&p.weights, p.theta, nil)
}

// set sets row i. The shift cancels; with it the largest exponent has to lie
// between 0, more or less, and 40.
func (p *posterior) set(i int, y []float64, σ, shift float64) {
	row := p.rows[i*p.width : (i+1)*p.width]
	clear(row[p.dim+2:])
	h := 1 / (2 * σ * σ)
	square := 0.0
	for k, v := range y {
		square += v * v
		row[k] = float32(2 * h * v)
	}
	row[p.dim], row[p.dim+1] = float32(-h), float32(floor+shift-h*square)
	if p.good[i] = h*square < worstExponent && shift < worstExponent; !p.good[i] {
		clear(row)
	}
}

// setByColumn is set for a level for every column, +Inf for those whose y does not
// matter.
func (p *posterior) setByColumn(i int, y, σ []float64, shift float64) {
	row, d := p.rows[i*p.width:(i+1)*p.width], p.dim
	clear(row)
	size := 0.0
	for k, v := range y {
		if h := 1 / (2 * σ[k] * σ[k]); h > 0 {
			row[k], row[d+k], row[2*d+k] = float32(2*h*v), float32(-h), -float32(floor+shift)
			size += h * v * v
		}
	}
	row[d+p.squares] = float32(floor + shift - size)
	if p.good[i] = size < worstExponent && shift < worstExponent; !p.good[i] {
		clear(row)
	}
}

// skip says that row i has no mean here.
func (p *posterior) skip(i int) {
	p.good[i] = false
	clear(p.rows[i*p.width : (i+1)*p.width])
}

// within makes row i, which has been set with this shift, average over the
// references of a group: it lowers the exponents of all others to 0.
func (p *posterior) within(i, group int, shift float64) {
	if !p.good[i] {
		return
	}
	row := p.rows[i*p.width : (i+1)*p.width]
	row[p.dim+p.squares] -= float32(floor + shift)
	row[p.dim+p.squares+1+group] = float32(floor + shift)
}

// floor is what exponents are raised by, so that those below it become 0.
const floor = 40

// worstExponent is the size of terms at which their sum is off by about 0.1.
const worstExponent = 1 << 20

// run evaluates all rows.
func (p *posterior) run(crew *pool.Crew) {
	p.program.Run(len(p.rows)/p.width, &p.weights, nil, p.out, p.in, crew)
}

// mean writes the mean of row i into dst and reports whether it is exact
// enough; otherwise dst is not changed.
func (p *posterior) mean(dst []float64, i int) bool {
	s := p.sums[i*(p.dim+1) : (i+1)*(p.dim+1)]
	for k := range dst {
		if p.good[i] {
			dst[k] = float64(s[k]) / float64(s[p.dim])
		}
	}
	return p.good[i]
}
