package sde

import (
	"fmt"
	"iter"
	"math"

	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// Perturb draws the rows x_t = αx₀ + σz of the perturbation kernel into dst,
// which may be x0. The times t hold one common time or one a row. The noise is
// that of the address at, whose Purpose is set to noise.Perturb.
//
// The error wraps ErrRange when a time is not finite or below 0, or there is no
// process or noise, and dst is then as it was; the process should have passed
// Validate. It panics when the shapes do not match.
func Perturb(dst, x0 *mat.Dense, p SDE, t []float64, z noise.Source, at noise.Draw) error {
	rows, cols := alike("Perturb", "dst", dst, "x0", x0)
	someTimes("Perturb", t, rows)
	if err := simulable(p, "t", t, z); err != nil {
		return err
	}
	at.Purpose = noise.Perturb
	draw := mat.NewDense(rows, cols, nil)
	z.Normal(draw, at)
	for i := range rows {
		alpha, sigma := p.Kernel(t[min(i, len(t)-1)])
		x, out := x0.RawRowView(i), dst.RawRowView(i)
		for j, z := range draw.RawRowView(i) {
			out[j] = alpha*x[j] + sigma*z
		}
	}
	return nil
}

// simulable checks what a process is simulated with.
func simulable(p SDE, name string, times []float64, z noise.Source) error {
	if err := set(p); err != nil {
		return err
	}
	if missing(z) {
		return fmt.Errorf("sde: the noise source is nil, want one such as noise.White: %w", ErrRange)
	}
	for k, t := range times {
		if !(t >= 0 && t <= math.MaxFloat64) {
			return fmt.Errorf("sde: %s[%d]: is %v, want a finite time >= 0: %w", name, k, t, ErrRange)
		}
	}
	return nil
}

// Simulate runs the noising process over the increasing times, from data x₀ in
// x. It yields each time with the rows at that time, kept in x: the first is
// drawn from the perturbation kernel, each other from the exact transition
// kernel, so that the joint distribution of the path does not depend on how fine the
// times are. Step k of the noise leads to times[k], from the address at with
// its Step, T, U and Purpose set; a run may be stopped early.
//
// The error wraps ErrRange when times are not finite, not increasing, or below
// 0, or there is no process or noise; the process should have passed Validate.
func Simulate(x *mat.Dense, p SDE, times []float64, z noise.Source, at noise.Draw) (iter.Seq2[float64, *mat.Dense], error) {
	if err := simulable(p, "times", times, z); err != nil {
		return nil, err
	}
	for k, t := range times {
		if k > 0 && t <= times[k-1] {
			return nil, fmt.Errorf("sde: times[%d] = %v is not above times[%d] = %v: %w", k, t, k-1, times[k-1], ErrRange)
		}
	}
	return func(yield func(float64, *mat.Dense) bool) {
		draw := mat.NewDense(x.RawMatrix().Rows, x.RawMatrix().Cols, nil)
		for k, t := range times {
			a, sigma := p.Kernel(t)
			if k > 0 {
				var q float64
				a, q = Transition(p, times[k-1], t)
				sigma = math.Sqrt(max(q, 0)) // times so close that q is rounding
			}
			at.Purpose, at.Step, at.T, at.U = noise.Perturb, k, times[max(k-1, 0)], t
			z.Normal(draw, at)
			combine(x, a, x, sigma, draw)
			if !yield(t, x) {
				return
			}
		}
	}, nil
}
