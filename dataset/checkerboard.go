package dataset

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// boardSide is the number of cells along one side of the board: the interval
// [−2, 2] in unit cells.
const boardSide = 4

// Checkerboard is the uniform distribution on the eight unit cells of [−2, 2]²
// whose integer corners ⌊x₁⌋ + ⌊x₂⌋ have an even sum. Its entropy is log 8 =
// 2.0794 nats. The density jumps at the edges, which makes it the hardest toy
// for a score model.
type Checkerboard struct {
	rng *rand.Rand
}

// NewCheckerboard returns the checkerboard distribution. The source may be nil
// when Rand is not used.
func NewCheckerboard(src rand.Source) *Checkerboard {
	c := &Checkerboard{}
	if src != nil {
		c.rng = rand.New(src)
	}
	return c
}

// Dim returns 2.
func (c *Checkerboard) Dim() int { return 2 }

// Rand draws x. A nil x is allocated. It panics when c has no source.
func (c *Checkerboard) Rand(x []float64) []float64 {
	x = planar(x, c.rng)
	i := c.rng.IntN(boardSide)
	j := 2*c.rng.IntN(boardSide/2) + i%2
	x[0] = float64(i-boardSide/2) + c.rng.Float64()
	x[1] = float64(j-boardSide/2) + c.rng.Float64()
	return x
}

// LogProb returns −log 8 inside the cells and −Inf outside, NaN of a NaN.
func (c *Checkerboard) LogProb(x []float64) float64 {
	wantLen("x", x, 2)
	if hasNaN(x) {
		return math.NaN()
	}
	i, j := math.Floor(x[0]), math.Floor(x[1])
	inside := max(math.Abs(i+0.5), math.Abs(j+0.5)) < boardSide/2
	if !inside || math.Mod(i+j, 2) != 0 {
		return math.Inf(-1)
	}
	return -math.Log(boardSide * boardSide / 2)
}

// ScoreInput returns zero, the gradient of log p wherever it exists, in dst
// when it is not nil, and NaN of a NaN.
func (c *Checkerboard) ScoreInput(dst, x []float64) []float64 {
	dst = reuse(dst, x, 2)
	clear(dst)
	if hasNaN(x) {
		fill(dst, math.NaN())
	}
	return dst
}

// Diffuse returns the distribution of αx₀ + σz. Its density is a sum over the
// cells of products of uniform distributions convolved with a Gaussian: the
// differences of normal distribution functions are taken in a scaled form, so
// that log p_t, the score and the denoiser stay accurate far outside the board.
// It panics unless σ > 0 and α ≥ 0, both finite.
func (c *Checkerboard) Diffuse(alpha, sigma float64) Diffused {
	wantKernel(alpha, sigma, sigma > 0 && alpha >= 0, "alpha ≥ 0, sigma > 0")
	return &diffusedBoard{alpha: alpha, sigma: sigma}
}

// diffusedBoard is the distribution of αx₀ + σz for x₀ on the checkerboard.
// Given a cell the coordinates of x₀ are independent, and (αx₀ − x)/σ is a
// standard normal v truncated to the cell: log p_t, the score E[v]/σ and its
// Jacobian (Cov v − I)/σ² are the cells' moments of v mixed by their
// probabilities.
type diffusedBoard struct {
	alpha, sigma float64
}

// boardMoments holds the distributions of one coordinate of v on each interval
// of the side.
type boardMoments [boardSide]truncated

func (p *diffusedBoard) along(x float64) (m boardMoments) {
	width := p.alpha / p.sigma
	for i := range m {
		m[i] = truncate((p.alpha*float64(i-boardSide/2)-x)/p.sigma, width)
	}
	return m
}

// posterior returns the moments of both coordinates, the probabilities of the
// cells, zero for the cells that are not part of the board, and log p_t(x).
func (p *diffusedBoard) posterior(x []float64) (a, b boardMoments, prob [boardSide][boardSide]float64, logp float64) {
	wantLen("x", x, 2)
	a, b = p.along(x[0]), p.along(x[1])
	top := math.Inf(-1)
	for i := range a {
		for j := i % 2; j < boardSide; j += 2 {
			top = max(top, a[i].logMass+b[j].logMass)
		}
	}
	var sum float64
	for i := range a {
		for j := i % 2; j < boardSide; j += 2 {
			prob[i][j] = math.Exp(a[i].logMass + b[j].logMass - top)
			sum += prob[i][j]
		}
	}
	for i := range prob {
		for j := range prob[i] {
			prob[i][j] /= sum
		}
	}
	// The masses are averages over cells of unit size in x₀.
	logp = top + math.Log(sum/(boardSide*boardSide/2)) - 2*math.Log(p.sigma)
	return a, b, prob, logp
}

// LogProb implements Diffused.
func (p *diffusedBoard) LogProb(x []float64) float64 {
	_, _, _, logp := p.posterior(x)
	return logp
}

// ScoreInput implements Diffused.
func (p *diffusedBoard) ScoreInput(dst, x []float64) []float64 {
	dst = reuse(dst, x, 2)
	a, b, prob, _ := p.posterior(x)
	mean := mixMeans(&a, &b, &prob)
	dst[0], dst[1] = mean[0]/p.sigma, mean[1]/p.sigma
	return dst
}

// mixMeans returns E[v].
func mixMeans(a, b *boardMoments, prob *[boardSide][boardSide]float64) (mean [2]float64) {
	for i := range a {
		for j := range b {
			mean[0] += prob[i][j] * a[i].mean
			mean[1] += prob[i][j] * b[j].mean
		}
	}
	return mean
}

// ScoreJacobian implements Diffused.
func (p *diffusedBoard) ScoreJacobian(dst *mat.Dense, x []float64) {
	square(dst, 2)
	a, b, prob, _ := p.posterior(x)
	mean := mixMeans(&a, &b, &prob)
	var aa, ab, bb float64
	for i := range a {
		for j := range b {
			u, v := a[i].mean-mean[0], b[j].mean-mean[1]
			aa += prob[i][j] * (u*u + a[i].variance)
			ab += prob[i][j] * u * v
			bb += prob[i][j] * (v*v + b[j].variance)
		}
	}
	scale := 1 / (p.sigma * p.sigma)
	dst.Set(0, 0, (aa-1)*scale)
	dst.Set(0, 1, ab*scale)
	dst.Set(1, 0, ab*scale)
	dst.Set(1, 1, (bb-1)*scale)
}

// Denoise implements Diffused. A cell's mean is its edge plus the mean position
// inside it, which keeps its digits when α/σ is small.
func (p *diffusedBoard) Denoise(dst, x []float64) []float64 {
	dst = reuse(dst, x, 2)
	a, b, prob, _ := p.posterior(x)
	clear(dst)
	for i := range a {
		for j := range b {
			dst[0] += prob[i][j] * (float64(i-boardSide/2) + a[i].position)
			dst[1] += prob[i][j] * (float64(j-boardSide/2) + b[j].position)
		}
	}
	return dst
}

var _ Diffusible = (*Checkerboard)(nil)
