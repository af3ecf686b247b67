package score

import (
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
// The program runs in float32, in which exponents are off by about 2⁻²⁴‖y‖²/σ².
// A row for which that is too much, because σ is very small for where y lies,
// has no mean here: whoever asks takes the clean row, whose expectation given y
// is the same.
type posterior struct {
	dim     int
	width   int // d + 2 + groups
	program *ad.Program[float32]
	weights ad.Weights[float32]
	theta   []float32 // the two matrices of the references
	rows    []float32 // width numbers a row
	sums    []float32 // d+1 numbers a row: Σ w_j r_j and Σ w_j
	good    []bool    // rows whose exponents are exact enough
	in, out [][]float32
}

func newPosterior(dim, references, rows, groups int) *posterior {
	width := dim + 2 + groups
	exponents, averaged := width*references, references*(dim+1)
	x := ad.Input("rows", width)
	w := ad.Exp(ad.ReLU(ad.MatMul(x, ad.Param("exponents", width, references, 0))))
	sums := ad.MatMul(w, ad.Param("averaged", references, dim+1, exponents))
	p := &posterior{
		dim: dim, width: width, program: ad.Compile[float32]([]*ad.Expr{sums}, []*ad.Expr{x}), theta: make([]float32, exponents+averaged),
		rows: make([]float32, rows*width), sums: make([]float32, rows*(dim+1)), good: make([]bool, rows),
	}
	p.in, p.out = [][]float32{p.rows}, [][]float32{p.sums}
	return p
}

// load sets the references and, when there are groups, the group of each.
func (p *posterior) load(refs *mat.Dense, group []int) {
	n, d := refs.Dims()
	averaged := p.theta[p.width*n:]
	clear(p.theta[(d+2)*n : p.width*n])
	for j, g := range group {
		p.theta[(d+2+g)*n+j] = 1
	}
	for j := range n {
		square := 0.0
		for k, r := range refs.RawRowView(j) {
			square += r * r
			p.theta[k*n+j] = float32(r)
			averaged[j*(d+1)+k] = float32(r)
		}
		p.theta[d*n+j], p.theta[(d+1)*n+j] = float32(square), 1
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

// within makes row i, which has been set with this shift, average over the
// references of a group: it lowers the exponents of all others to 0.
func (p *posterior) within(i, group int, shift float64) {
	if !p.good[i] {
		return
	}
	row := p.rows[i*p.width : (i+1)*p.width]
	row[p.dim+1] -= float32(floor + shift)
	row[p.dim+2+group] = float32(floor + shift)
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
