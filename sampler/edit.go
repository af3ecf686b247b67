package sampler

import (
	"fmt"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// NoiseTo noises data to time t: every row x₀ of x becomes a draw of
//
//	x_t = α(t) x₀ + σ(t) z
//
// of the exact kernel. Continue on a grid that starts at t (see StartAt) then
// leads back to data: rows that resemble x₀ the more, the less noise t stands
// for, and the model's own draws of it at the end of the span. This is SDEdit
// (Meng et al. 2022), t its strength: sde.TimeAt(p, −log ς) is the time at which
// details smaller than ς are forgotten.
//
// Of the settings it uses Noise, Seed and FirstRow; z is the noise from which
// Sample with these settings would start. The rows of x are in the data's
// coordinates before and after, their known cells the known values throughout, see
// sde.Problem.Observed, and those left out NaN. An error wraps ErrUnset or ErrRange and leaves
// x as it was.
func NoiseTo(x *mat.Dense, p sde.Problem, t float64, s *Settings) error {
	r, err := newRunOf("Settings", x, p, NoPredictor{}, s)
	if err != nil {
		return err
	}
	t, ok := sde.InSpan(p.SDE, t)
	if !ok {
		start, end := p.Span()
		return fmt.Errorf("sampler: t: is %g, want a time in the span [%g, %g]: %w", t, start, end, ErrRange)
	}
	alpha, sigma := p.Kernel(t)
	n, d := x.Dims()
	y, z := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	r.Frame.ToModel(y, x)
	r.Noise.Normal(z, noise.Draw{Row: r.FirstRow, Purpose: noise.Prior, T: t, U: t})
	combine(y, alpha, y, sigma, z)
	r.Frame.ToData(x, y)
	r.show(x)
	return nil
}
