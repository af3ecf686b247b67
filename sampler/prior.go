package sampler

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// Prior is the distribution of the starting points, in model coordinates: the
// Gaussian with the mean and the variances that data with mean m and variance
// v per coordinate have at the grid's first time,
//
//	N(α m, α² v + σ²).
//
// The zero value means m = 0 and v = 1, which standardised data have; it is
// N(0, I) for the VP process. Variances of 0 give N(0, σ²), the usual choice of
// VE and EDM code. Other starting points are drawn by the caller and handed to
// Continue. How far it is from p_t, sde.Prior.KL says.
type Prior = sde.Prior

func checkPrior(p Prior, settings string, d int) error {
	if p.Mean != nil && len(p.Mean) != d || p.Variance != nil && len(p.Variance) != d {
		panic(panicDims)
	}
	for j, m := range p.Mean {
		if math.IsNaN(m) || math.IsInf(m, 0) {
			return fmt.Errorf("sampler: %s.Prior.Mean[%d] = %g, expected a finite number: %w", settings, j, m, ErrRange)
		}
	}
	for j, v := range p.Variance {
		if !(v >= 0) || math.IsInf(v, 1) {
			return fmt.Errorf("sampler: %s.Prior.Variance[%d] = %g, expected a finite number ≥ 0: %w", settings, j, v, ErrRange)
		}
	}
	return nil
}

// drawPrior fills the state of a Step with starting points.
func (r *run) drawPrior(s *Step) {
	t := r.Grid[0]
	alpha, sigma := r.Kernel(t)
	r.Noise.Normal(s.X, noise.Draw{Row: s.Row0, Purpose: noise.Prior, T: t, U: t})
	n, _ := s.X.Dims()
	for i := range n {
		row := s.X.RawRowView(i)
		for j, z := range row {
			mean, variance := priorAt(r.Prior, j, alpha, sigma)
			row[j] = mean + math.Sqrt(variance)*z
		}
	}
}

// priorAt returns the mean and the variance of coordinate j under the kernel α, σ.
func priorAt(p Prior, j int, alpha, sigma float64) (mean, variance float64) {
	m, v := 0.0, 1.0
	if p.Mean != nil {
		m = p.Mean[j]
	}
	if p.Variance != nil {
		v = p.Variance[j]
	}
	return alpha * m, alpha*alpha*v + sigma*sigma
}

// priorLogProb returns log π(y).
func priorLogProb(p Prior, y []float64, alpha, sigma float64) float64 {
	sum := 0.0
	for j, v := range y {
		mean, variance := priorAt(p, j, alpha, sigma)
		sum -= 0.5 * (math.Log(2*math.Pi*variance) + (v-mean)*(v-mean)/variance)
	}
	return sum
}

// frame is the map y = (x − shift)/scale into model coordinates.
type frame struct{ shift, scale []float64 }

// data sets x to the data's coordinates of the state y.
func (f frame) data(x, y *mat.Dense) {
	n, d := x.Dims()
	if rows, cols := y.Dims(); rows != n || cols != d {
		panic(panicDims)
	}
	for i := range n {
		row, state := x.RawRowView(i), y.RawRowView(i)
		for j, v := range state {
			row[j] = f.shift[j] + f.scale[j]*v
		}
	}
}

// model sets y to the model's coordinates of the data x.
func (f frame) model(y, x *mat.Dense) {
	n, _ := y.Dims()
	for i := range n {
		row, state := x.RawRowView(i), y.RawRowView(i)
		for j, v := range row {
			state[j] = (v - f.shift[j]) / f.scale[j]
		}
	}
}

// volume returns the log of how much larger volumes are in the data's coordinates.
func (f frame) volume() float64 {
	sum := 0.0
	for _, scale := range f.scale {
		sum += math.Log(math.Abs(scale))
	}
	return sum
}

// frameOf returns the frame of a scorer, the identity when it has none.
func frameOf(s sde.Scorer, d int) (frame, error) {
	var shift, scale []float64
	if framed, ok := s.(sde.Framed); ok {
		shift, scale = framed.Frame()
	}
	if shift == nil && scale == nil {
		f := frame{make([]float64, d), make([]float64, d)}
		for j := range f.scale {
			f.scale[j] = 1
		}
		return f, nil
	}
	if len(shift) != d || len(scale) != d {
		panic(panicDims)
	}
	for j := range scale {
		if math.IsNaN(shift[j]-shift[j]) || math.IsNaN(scale[j]-scale[j]) || scale[j] == 0 {
			return frame{}, fmt.Errorf("sampler: the score's frame has shift %g and scale %g in coordinate %d, expected finite numbers and a scale other than 0: %w", shift[j], scale[j], j, ErrRange)
		}
	}
	return frame{shift, scale}, nil
}
