package noise

import (
	"errors"

	"gonum.org/v1/gonum/mat"
)

var _ Source = Antithetic{}

// Antithetic pairs the rows of a run: row 2i is the Source's, row 2i+1 its
// negative (Hammersley & Morton 1956). Odd moments of a linear quantity
// cancel exactly in the mean over a pair.
type Antithetic struct{ Source }

// Validate returns an error when there is no Source.
func (a Antithetic) Validate() error {
	if a.Source == nil {
		return errors.New("Antithetic.Source is nil, want a Source such as White")
	}
	return nil
}

// Normal implements Source. It does not allocate when at.Row is even.
func (a Antithetic) Normal(dst *mat.Dense, at Draw) {
	a.Source.Normal(dst, at)
	rows, cols := dst.Dims()
	if at.Row&1 == 1 { // the first row's partner is not in dst
		first := dst.Slice(0, 1, 0, cols).(*mat.Dense)
		at.Row--
		a.Source.Normal(first, at)
		first.Scale(-1, first)
		at.Row++
	}
	for i := 1 + at.Row&1; i < rows; i += 2 {
		even, odd := dst.RawRowView(i-1), dst.RawRowView(i)
		for j, z := range even {
			odd[j] = -z
		}
	}
}
