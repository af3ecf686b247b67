package score

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// ControlVariate is DSM less what has expectation 0 and nearly all of its
// variance where σ is small (Wang et al. 2020; Song & Kingma 2021),
//
//	w σ²/α² (‖z + σs(x_t)‖² − 2σ zᵀs(αx₀) − (‖z‖² − d)) = w σ²/α² (‖ε̂‖² − 2zᵀ(ε̂ − ε̂₀) + d),
//
// ε̂₀ = ε̂(αx₀, t), for a second evaluation of the network. Antithetic pairs, the
// default, cancel the middle term by themselves and for nothing: it is for runs
// with Settings.Independent. z has to be the noise of the row, so that Fit
// refuses it, with an error wrapping ErrRange, unless Settings.References is
// None, or none by default.
type ControlVariate struct{}

// Loss returns the loss of each row.
func (ControlVariate) Loss(_ *nn.Build, f Fields, d Batch) *ad.Expr {
	noise, near := f.Noise(d.Xt), f.Noise(ad.Mul(d.Alpha, d.X0))
	norm := ad.SumCols(ad.Square(noise))
	loss := ad.Sub(norm, ad.Scale(2, dot(d.Z, ad.Sub(noise, near))))
	return ad.Mul(ad.Mul(d.Weight, ad.Square(ad.Div(d.Sigma, d.Alpha))), ad.Shift(loss, float64(d.Z.Cols())))
}

func (ControlVariate) suits(_ int, s *Settings) error {
	if s.Pool.Rows > 0 {
		return fmt.Errorf("score: Fit: Settings.Pool.Rows: is %d, want 0, and References None, the plain target, with ControlVariate; None takes away a Pool that is there by default: %w", s.Pool.Rows, ErrRange)
	}
	if s.References > 0 {
		return fmt.Errorf("score: Fit: Settings.References: is %d, want None, the plain target, with ControlVariate: %w", s.References, ErrRange)
	}
	return nil
}
