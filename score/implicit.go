package score

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// mostISM is the largest dimension for which ISM's trace is unrolled.
const mostISM = 8

// ISM is implicit score matching (Hyvärinen 2005),
//
//	ω(t)(½‖s‖² + tr ∂s/∂x),   ω = σ²,
//
// which asks for no target: in expectation it is ½ω‖s + z/σ‖² less a constant,
// ½ωd/σ². The trace is exact, the sum of d derivatives along the axes, so that a
// step costs d + 1 times that of DSM; Fit refuses d > 8 with an error wrapping
// ErrRange, where SSMVR is the choice.
type ISM struct {
	// Weighted takes ω = 2wσ⁴/α² with the weight w of Settings, so that the
	// loss is, but for the constant, that of DSM.
	Weighted bool
}

// Loss returns the loss of each row.
func (o ISM) Loss(_ *nn.Build, f Fields, d Batch) *ad.Expr {
	s := f.Score(d.Xt)
	loss := half(s)
	for i := range s.Cols() {
		axis := make([]float64, s.Cols())
		axis[i] = 1
		loss = ad.Add(loss, ad.Slice(ad.JVP(s, d.Xt, ad.Row(axis)), i, i+1))
	}
	return ad.Mul(omega(o.Weighted, d), loss)
}

func (ISM) suits(d int, _ *Settings) error {
	if d > mostISM {
		return fmt.Errorf("score: Fit: Settings.Objective: is ISM, whose exact trace is for at most %d columns; the model has %d, take SSMVR: %w", mostISM, d, ErrRange)
	}
	return nil
}

// omega returns ω of the losses in their score form.
func omega(weighted bool, d Batch) *ad.Expr {
	variance := ad.Square(d.Sigma)
	if !weighted {
		return variance
	}
	return ad.Scale(2, ad.Mul(ad.Mul(d.Weight, variance), ad.Square(ad.Div(d.Sigma, d.Alpha))))
}

// half returns ½‖s‖² of each row.
func half(s *ad.Expr) *ad.Expr { return ad.Scale(0.5, ad.SumCols(ad.Square(s))) }

// dot returns the scalar product of each row.
func dot(a, b *ad.Expr) *ad.Expr { return ad.SumCols(ad.Mul(a, b)) }
